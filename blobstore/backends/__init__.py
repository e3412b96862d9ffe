"""Places blobs live."""
