"""Putting: from files on a disk to blobs in a store, as fast as the two allow."""
