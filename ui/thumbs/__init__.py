"""Thumbnails: small pictures of what is stored, drawn by other processes, kept beside the store."""
