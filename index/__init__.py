"""What the blobs say, in sorted rows: the key-value engines, the indexer, and search."""
