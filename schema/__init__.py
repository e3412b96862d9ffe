"""Blobs that mean something: files, directories, and the exact JSON that describes them."""
