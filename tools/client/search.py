"""Questions asked of a store: what they are, and how a server is asked them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias
from urllib.parse import urlencode

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import Ref
from ...index.query.constraints import Constraint, FileConstraint, PermanodeConstraint
from ...index.query.request import DescribeRequest, SearchQuery
from ...index.query.scalars import LocationConstraint
from ...index.query.trees import nodes
from ...index.query.writing import to_json
from ...schema.timestamps import Timestamp, format_ns
from .answers import read_answer
from .errors import BadAnswer, CannotAnswer, SearchRefused, ServerFailed
from .transport import Transport

Document: TypeAlias = Mapping[str, object]
"""An answer, as the JSON of Perkeep's search has it."""

_REFS_AT_ONCE = 50
"""Refs that stand in one URL."""

_JSON = "application/json"

# Perkeep says where in its text only: the position is in bytes, and -1 at the end.
_PLACE = re.compile(
    r'Invalid SearchQuery: Error parsing search expression "(?:[^"\\]|\\.)*": (?P<problem>.*)'
    r' at position (?P<position>-?\d+), token: "(?:[^"\\]|\\.)*"',
    re.DOTALL,
)


class AnswersQuestions(Protocol):
    """Tells what is stored. `SearchService` is one, and every server can be.

    Raises `BadQuery`, or `SearchRefused` where a server says so, for a question that makes no
    sense; `TooMuchToRead`; and `CannotAnswer` for what a server does not know how to tell.
    """

    def query(self, query: SearchQuery, *, explain: bool = False) -> Document:
        """A page of what a query finds: `{"blobs": [{"blob": REF}] | None, "continue": TOKEN}`.

        With `describe` in the query `description` has what it asks for.
        """

    def describe(self, request: DescribeRequest) -> Document:
        """What blobs are, and what is around them: `{"meta": {REF: {...}}}`."""

    def recent(self, *, limit: int = 0, before: Timestamp | None = None) -> Document:
        """The permanodes that changed last: `{"recent": [...] | None, "meta": {...}}`."""

    def files(self, wholes: Sequence[Ref]) -> Document:
        """The files with certain contents: `{"files": {REF: [FILE] | None}}`."""

    def why(self, ref: Ref, *, limit: int = 100) -> Document:
        """What keeps a blob. Beyond Perkeep's search."""

    def duplicates(self, *, limit: int = 50, after: str = "") -> Document:
        """Contents that more than one file has, the largest first. Beyond Perkeep's search."""

    def largest(self, *, kind: str = "file", limit: int = 50, after: str = "") -> Document:
        """The largest files, or folders (`directory`). Beyond Perkeep's search."""


class PerkeepAnswers:
    """Asks a server that knows Perkeep's search and nothing more."""

    def __init__(self, transport: Transport, root: str, name: str) -> None:
        """`root` is the path of its search."""
        self._transport = transport
        self._root = root
        self._name = name

    def query(self, query: SearchQuery, *, explain: bool = False) -> Document:
        if explain:
            raise CannotAnswer(self._name, "how it finds things")
        self._demand_known(query.constraint)
        return self._query(query)

    def describe(self, request: DescribeRequest) -> Document:
        return self._ask("describe", request)

    def recent(self, *, limit: int = 0, before: Timestamp | None = None) -> Document:
        asked = {"n": str(limit)} if limit else {}
        if before is not None:
            asked["before"] = format_ns(before.ns)
        return self._get("recent", asked)

    def files(self, wholes: Sequence[Ref]) -> Document:
        found: dict[str, object] = {}
        for start in range(0, len(wholes), _REFS_AT_ONCE):
            asked = [("wholedigest", str(ref)) for ref in wholes[start : start + _REFS_AT_ONCE]]
            document = self._get("files", asked)
            files = document.get("files")
            if not isinstance(files, dict):
                # Not an error by its status: so it is in the reference.
                raise BadAnswer(self._name, str(document.get("error") or "it lists no files"))
            found |= files
        return {"files": found}

    def why(self, ref: Ref, *, limit: int = 100) -> Document:
        del ref, limit
        raise CannotAnswer(self._name, "why things are kept")

    def duplicates(self, *, limit: int = 50, after: str = "") -> Document:
        del limit, after
        raise CannotAnswer(self._name, "what is stored more than once")

    def largest(self, *, kind: str = "file", limit: int = 50, after: str = "") -> Document:
        del kind, limit, after
        raise CannotAnswer(self._name, "what is largest")

    def _query(self, query: SearchQuery, parameters: str = "") -> Document:
        return self._ask("query" + parameters, query)

    def _ask(self, call: str, asked: SearchQuery | DescribeRequest) -> Document:
        body = json.dumps(to_json(asked)).encode()
        try:
            said = self._transport.post(self._path(call), body, _JSON)
        except ServerFailed as error:
            expression = asked.expression if isinstance(asked, SearchQuery) else ""
            raise _refusal(error, expression) from None
        return self._read(said)

    def _get(self, call: str, asked: Mapping[str, str] | Sequence[tuple[str, str]]) -> Document:
        path = self._path(call) + (f"?{urlencode(asked)}" if asked else "")
        try:
            said = self._transport.get(path)
        except ServerFailed as error:
            raise _refusal(error, "") from None
        return self._read(said)

    def _read(self, said: bytes) -> Document:
        document = read_answer(said, server=self._name)
        if "errorType" in document:
            # What is not among a server's calls is no error by its status: so it is in Perkeep.
            raise BadAnswer(self._name, str(document.get("error")))
        return document

    def _path(self, call: str) -> str:
        return f"{self._root}/camli/search/{call}"

    def _demand_known(self, constraint: Constraint | None) -> None:
        """Raise for what Perkeep would leave out, which would find too much."""
        for node, _ in () if constraint is None else nodes(constraint):
            match node:
                case PermanodeConstraint(text=words) | FileConstraint(text=words) if words:
                    raise CannotAnswer(self._name, "what has certain words")
                case LocationConstraint(place=place) if place:
                    raise CannotAnswer(self._name, "where places are")
                case Constraint(named=name) if name:
                    raise CannotAnswer(self._name, "what a saved search finds within a constraint")


class HoldfastAnswers(PerkeepAnswers):
    """Asks a Holdfast server."""

    def query(self, query: SearchQuery, *, explain: bool = False) -> Document:
        return self._query(query, "?explain=1" if explain else "")

    def why(self, ref: Ref, *, limit: int = 100) -> Document:
        return self._get("why", {"blobref": ref, "limit": str(limit)})

    def duplicates(self, *, limit: int = 50, after: str = "") -> Document:
        return self._get("duplicates", {"limit": str(limit), "after": after})

    def largest(self, *, kind: str = "file", limit: int = 50, after: str = "") -> Document:
        return self._get("largest", {"kind": kind, "limit": str(limit), "after": after})


def _refusal(error: ServerFailed, expression: str) -> HoldfastError:
    """What a server means that answers with an error: the question's fault, or its own."""
    try:
        document = json.loads(error.body)
    except (ValueError, RecursionError):
        return error
    said = document.get("error") if isinstance(document, dict) else None
    if not isinstance(said, str):
        return error
    # Perkeep answers 500 to mistakes too, and says whose they are in words only.
    if error.status != 400 and not said.startswith("Invalid SearchQuery: "):
        return error
    match = _PLACE.match(said)
    if match is None:
        return SearchRefused(said)
    start = document.get("start")
    if not isinstance(start, int):
        start = _characters(expression, int(match["position"]))
    start = min(max(start, 0), len(expression))
    return SearchRefused(said, expression=expression, problem=match["problem"], start=start)


def _characters(expression: str, position: int) -> int:
    """Where in a text a position in bytes of it is, which are counted from its first letter."""
    if position < 0:
        return len(expression)
    trimmed = expression.lstrip()
    before = trimmed.encode("utf-8", "replace")[:position]
    return len(expression) - len(trimmed) + len(before.decode("utf-8", "ignore"))
