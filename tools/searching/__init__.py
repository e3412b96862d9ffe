"""Searching at the command line: questions asked, and answers as people and programs read them."""
