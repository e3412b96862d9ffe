"""The answers of servers, as far as they are JSON."""

from __future__ import annotations

import json

from .errors import BadAnswer


def read_answer(said: bytes, *, server: str) -> dict[str, object]:
    """The JSON object that `server` said. Raises `BadAnswer`."""
    try:
        document = json.loads(said)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BadAnswer(server, "the answer is no JSON object")
    return document
