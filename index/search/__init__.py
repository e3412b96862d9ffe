"""Answers: what is found, described and listed, from rows."""
