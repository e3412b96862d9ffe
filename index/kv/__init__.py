"""Sorted key-value tables: one interface, several engines."""
