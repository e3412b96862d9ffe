"""Queries as a person gives them: an expression, or a file of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...index.query.errors import BadQuery
from ...index.query.pages import Sort
from ...index.query.reading import MAX_QUERY_SIZE, parse_constraint, parse_query
from ...index.query.request import SearchQuery
from ...index.query.writing import to_json
from ..claiming.attributes import as_text
from ..claiming.errors import BadUsage

_KEYS = {"expression", "constraint", "limit", "sort", "around", "continue", "describe"}


def read_query(words: Sequence[str], file: Path | None) -> SearchQuery:
    """The query that words, or a file, come to; `-` is standard input.

    Raises `BadUsage`, `NotText`, `BadQuery`, `OSError`.
    """
    if file is None:
        return SearchQuery(expression=as_text(" ".join(words), "the expression"))
    if words:
        raise BadUsage("give an expression, or --constraint, not both")
    text = read_text(file)
    if not is_query(text):
        return SearchQuery(constraint=parse_constraint(text))
    query = parse_query(text)
    if query.describe is not None:
        raise BadUsage("leave `describe` out of the query; `holdfast describe` is for that")
    return query


def read_constraint(words: Sequence[str], file: Path) -> str:
    """The JSON of the constraint in a file, to be saved. Raises as `read_query` does."""
    query = read_query(words, file)
    if query.constraint is None or query != SearchQuery(constraint=query.constraint):
        raise BadUsage("only a constraint, or an expression, can be saved as a search")
    return json.dumps(to_json(query.constraint), ensure_ascii=False)


def adjusted(query: SearchQuery, *, limit: int | None, sort: str | None) -> SearchQuery:
    """The query with what options say beside it; a `limit` of -1 is for all there is."""
    if limit is not None:
        query = replace(query, limit=limit)
    return query if sort is None else replace(query, sort=Sort(sort))


def read_text(file: Path) -> bytes:
    """The JSON in a file; `-` is standard input. Raises `BadQuery`, `OSError`."""
    if str(file) == "-":
        text = sys.stdin.buffer.read(MAX_QUERY_SIZE + 1)
    else:
        with file.open("rb") as opened:
            text = opened.read(MAX_QUERY_SIZE + 1)
    if len(text) > MAX_QUERY_SIZE:
        raise BadQuery(f"more than {MAX_QUERY_SIZE} bytes")
    return text


def is_query(text: bytes) -> bool:
    """Whether JSON is a whole query; else it is to be read as a constraint."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text.decode().lstrip())
    except (ValueError, RecursionError):
        return True
    return not isinstance(found, dict) or all(key.lower() in _KEYS for key in found)
