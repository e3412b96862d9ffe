"""Getting: from blobs in a store to files on a disk, and never outside of the target."""
