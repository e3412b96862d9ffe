"""OpenPGP: as much of it as signed schema blobs need, from bytes to values and back."""
