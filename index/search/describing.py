"""Describing: what blobs are, and what is around them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from ...blobstore.errors import TableDamaged
from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ..attributes import Attributes
from ..query.request import DEFAULT_CHILDREN, DescribeRequest
from .entries import Entries, Entry
from .errors import TooMuchToRead
from .reader import IndexReader
from .rules import Followed

MOST_BLOBS = 10_000
"""How many blobs one answer describes."""

MOST_AROUND = 2000
"""How many blobs are described because others, that were found, lead to them."""

MOST_LINKS = 100
"""Members and paths that are told of each of those others."""

_REFS = re.compile(r"\b(?:sha1-[0-9a-f]{40}|sha224-[0-9a-f]{56}|sha256-[0-9a-f]{64})\b", re.ASCII)

_log = logging.getLogger(__name__)


class Describer:
    """Describes for one question, in one thread."""

    def __init__(self, reader: IndexReader, storage: Storage) -> None:
        self._reader = reader
        self._storage = storage

    def describe(
        self, request: DescribeRequest, *, roots: Sequence[Ref] | None = None
    ) -> dict[str, object]:
        """What is asked for, as `{"meta": {...}}`; `roots` take the place of the request's refs.

        Blobs that are not here are left out. Where what one is cannot be read, its entry has
        `error`, and says nothing else. Where there is more than one answer holds it has
        `"truncated": true`: what is farthest from the roots is missing.
        """
        roots = request.roots if roots is None else roots
        entries = Entries(self._reader, at=request.at, most_children=request.most_children)
        description = _Description(entries)
        description.go_down(roots, request.levels)
        description.follow(request, roots)
        return self._written(description)

    def around(self, refs: Iterable[Ref]) -> dict[str, object]:
        """Blobs and what they lead to, as many answers have it besides.

        Each has an equal share of `MOST_AROUND`, so that one album among many notes is no reason
        to describe all that is in it; and of an album with more than `MOST_LINKS` members only so
        many are told. The rest is as with `describe`.
        """
        roots = list(refs)
        entries = Entries(
            self._reader, at=None, most_children=DEFAULT_CHILDREN, most_links=MOST_LINKS
        )
        description = _Description(entries)
        description.go_down(roots, 2, most_leads=MOST_AROUND // max(len(roots), 1))
        return self._written(description)

    def _written(self, description: _Description) -> dict[str, object]:
        sizes = dict(self._storage.stat(description.entries))
        meta = {}
        for ref, entry in sorted(description.entries.items()):
            if ref in sizes:
                kind = {"camliType": entry.kind} if entry.kind else {}
                meta[ref] = {"blobRef": ref, **kind, "size": sizes[ref], **entry.said}
        document: dict[str, object] = {"meta": meta}
        if description.is_cut or description.is_short:
            document["truncated"] = True
        return document


class _Description:
    """Entries that lead to more of them."""

    def __init__(self, entries: Entries) -> None:
        self._make = entries.of
        self.entries: dict[Ref, Entry] = {}
        self.is_cut = False
        """Whether there is no room for more."""
        self.is_short = False
        """Whether a blob leads to more than was taken."""

    def go_down(self, roots: Iterable[Ref], levels: int, *, most_leads: int = MOST_BLOBS) -> None:
        """Describe blobs and what they lead to, so many levels in all."""
        level = list(dict.fromkeys(roots))
        while level and levels:
            levels -= 1
            below: dict[Ref, None] = {}
            for ref in level:
                if (entry := self._entry(ref)) is None:
                    return
                if levels and len(below) <= MOST_BLOBS:
                    leads = dict.fromkeys(_leads_of(entry))
                    self.is_short = self.is_short or len(leads) > most_leads
                    below.update(dict.fromkeys(islice(leads, most_leads)))
            level = [ref for ref in below if ref not in self.entries]

    def follow(self, request: DescribeRequest, roots: Iterable[Ref]) -> None:
        """Describe what the rules of a request lead to."""
        if not Followed(request.rules, self.entries, roots=roots).all(self._attributes):
            self.is_cut = True

    def _attributes(self, ref: Ref) -> Attributes | None:
        entry = self._entry(ref)
        return None if entry is None else entry.attributes

    def _entry(self, ref: Ref) -> Entry | None:
        """The entry of a blob; None if there is no room for it."""
        found = self.entries.get(ref)
        if found is None and not self.is_cut:
            if len(self.entries) >= MOST_BLOBS:
                self.is_cut = True
                return None
            try:
                found = self._make(ref)
            except TooMuchToRead:
                self.is_cut = True
                return None
            except TableDamaged as error:  # the others can be described all the same
                _log.error("describing %s: %s", ref, error)
                found = Entry(None, {"error": "it cannot be read now; the log says why"})
            self.entries[ref] = found
        return found


def _leads_of(entry: Entry) -> Iterator[Ref]:
    """What is named anywhere in the attributes of a permanode, and the members of a folder."""
    for name, values in entry.attributes.items():
        for text in (name, *values):
            if "-" in text:
                yield from map(Ref, _REFS.findall(text))
    yield from entry.children
