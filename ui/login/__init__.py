"""Signing in with a browser, and out again."""
