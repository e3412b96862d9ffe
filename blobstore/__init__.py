"""Blobs and where they live: refs, storages, the gate, and the protocol that speaks of them."""
