"""Holdfast: a content-addressed store for the things a person keeps for life."""
