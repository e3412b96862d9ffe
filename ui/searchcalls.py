"""The calls of search: their names, parameters and bodies, and what each asks of the index."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import parse_qsl

from ..blobstore.errors import BadRef, Blame, HoldfastError
from ..blobstore.ref import Ref
from ..index.query.reading import parse_describe, parse_query
from ..index.query.request import DescribeRequest
from ..index.query.scalars import bound
from ..index.search.service import SearchService
from ..schema.errors import BadTimestamp
from ..schema.timestamps import Timestamp, parse_time

ROOT = "/my-search/"

TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
"""What the reference takes for true."""

Document: TypeAlias = dict[str, object]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


class BadParameter(HoldfastError):
    """A parameter that is missing, or means nothing. The words are the reference's."""

    blame = Blame.CALLER

    def __init__(self, name: str, *, is_missing: bool) -> None:
        self.name, self.is_missing = name, is_missing
        super().__init__(f'{"Missing" if is_missing else "Invalid"} parameter "{name}"')


class Parameters:
    """The parameters in a URL. Of several with one name the first counts, except for `refs`."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
            self._values.setdefault(name, []).append(value)

    def text(self, name: str) -> str:
        """The value of a parameter; empty if there is none."""
        return self._values.get(name, [""])[0]

    def needed(self, name: str) -> str:
        """The value of a parameter that must not be empty. Raises `BadParameter`."""
        return self._needed(name)[0]

    def ref(self, name: str) -> Ref:
        """One ref. Raises `BadParameter`."""
        return self.refs(name)[0]

    def refs(self, name: str) -> tuple[Ref, ...]:
        """All refs of one name; at least one. Raises `BadParameter`."""
        try:
            return tuple(Ref.parse(text) for text in self._needed(name))
        except BadRef:
            raise BadParameter(name, is_missing=False) from None

    def ref_if_any(self, name: str) -> Ref | None:
        """A ref; None for what is none, which clients send where they know none."""
        try:
            return Ref.parse(self.text(name))
        except BadRef:
            return None

    def number(self, name: str, default: int = 0) -> int:
        """An integer. Raises `BadParameter`."""
        text = self.text(name)
        if not text:
            return default
        if not _INTEGER.fullmatch(text):
            raise BadParameter(name, is_missing=False)
        return int(text)

    def number_if_any(self, name: str) -> int:
        """An integer; 0 for what is none."""
        text = self.text(name)
        return int(text) if _INTEGER.fullmatch(text) else 0

    def time_if_any(self, name: str) -> Timestamp | None:
        """A moment; None for what is none."""
        try:
            time = parse_time(self.text(name))
        except BadTimestamp:
            return None
        return None if time is None else bound(time.ns)

    def _needed(self, name: str) -> list[str]:
        values = self._values.get(name, [""])
        if not values[0]:
            raise BadParameter(name, is_missing=True)
        return values


def _query(search: SearchService, asked: Parameters, body: bytes) -> Document:
    return search.query(parse_query(body), explain=asked.text("explain") in TRUE)


def _describe(search: SearchService, _asked: Parameters, body: bytes) -> Document:
    return search.describe(parse_describe(body))


def _describe_by_url(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    return search.describe(
        DescribeRequest(
            blobrefs=asked.refs("blobref"),
            depth=asked.number("depth"),
            max_dir_children=asked.number("maxdirchildren"),
            at=asked.time_if_any("at"),
        )
    )


def _recent(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    return search.recent(limit=asked.number_if_any("n"), before=asked.time_if_any("before"))


def _permanode_attr(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    return search.permanode_attr(
        attribute=asked.text("attr"),
        value=asked.text("value"),
        signer=asked.ref_if_any("signer"),
        limit=asked.number("max"),
        is_fuzzy=asked.text("fuzzy").lower() in ("true", "t"),
        at=asked.time_if_any("at"),
    )


def _claims(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    return search.claims(asked.ref("permanode"), attribute=asked.text("attrFilter"))


def _files(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    # Clients of old take the status for the server's state, and read on only if it is 200.
    try:
        wholes = asked.refs("wholedigest")
    except BadParameter as error:
        text = f"{'Missing' if error.is_missing else 'Invalid'} 'wholedigest' param"
        return {"error": text, "errorType": "input", "files": None}
    return search.files(wholes)


def _signer_attr_value(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    return search.signer_attr_value(
        signer=asked.ref("signer"), attribute=asked.needed("attr"), value=asked.needed("value")
    )


def _signer_paths(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    return search.signer_paths(signer=asked.ref("signer"), target=asked.ref("target"))


def _edges_to(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    return search.edges_to(asked.ref("blobref"))


def _why(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    return search.why(asked.ref("blobref"), limit=asked.number("limit", 100))


def _duplicates(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    return search.duplicates(limit=asked.number("limit", 50), after=asked.text("after"))


def _largest(search: SearchService, asked: Parameters, _body: bytes) -> Document:
    kind = asked.text("kind") or "file"
    return search.largest(kind=kind, limit=asked.number("limit", 50), after=asked.text("after"))


Call: TypeAlias = Callable[[SearchService, Parameters, bytes], Document]
"""Answers a request, from the parameters in its URL and its body; raises what `SearchService`
does, and `BadParameter`. It may wait for a disk."""

CALLS: dict[tuple[str, str], Call] = {
    ("POST", "query"): _query,
    ("POST", "describe"): _describe,
    ("GET", "describe"): _describe_by_url,
    ("GET", "recent"): _recent,
    ("GET", "permanodeattr"): _permanode_attr,
    ("GET", "claims"): _claims,
    ("GET", "files"): _files,
    ("GET", "signerattrvalue"): _signer_attr_value,
    ("GET", "signerpaths"): _signer_paths,
    ("GET", "edgesto"): _edges_to,
    ("GET", "why"): _why,
    ("GET", "duplicates"): _duplicates,
    ("GET", "largest"): _largest,
}
"""By method and name."""
