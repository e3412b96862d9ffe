"""Shares: what strangers get who know a share's ref, as programs and as people with a browser."""
