"""What one question reads of the index: rows as values, counted, and bounded in number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

from ...blobstore.ref import Ref
from ...schema.folding import ClaimSet
from ..claims import ReadsRows, claims_about, deletes_of, trusted_signers
from ..files import FileFacts, facts_in
from ..keys import BLOB, CHILD, DIRECTORY, EDGE, FILE, HAS, NODE, PARENT, REFERS, TEXT, WHOLE, Row
from ..linking import links_of
from ..nodes import Link, Node, read_node, split_links
from .errors import TooMuchToRead

MOST_ROWS = 5_000_000
"""How many rows one question may read, unless it is told otherwise."""


CHECK_ROWS = 256
"""Rows between two looks whether the question is still asked."""

_KEPT_BLOBS = 1000
"""Blobs that are known for a while: who asks what one is often asks who signed it."""


class IndexReader:
    """Reads for one question, in one thread. Everything raises `TooMuchToRead` past `most` rows.

    `trusted` are the fingerprints of the keys whose claims count.
    """

    def __init__(
        self,
        table: ReadsRows,
        *,
        trusted: frozenset[str],
        most: int = MOST_ROWS,
        check: Callable[[], None] | None = None,
    ) -> None:
        """`check` is called now and then, and ends the reading by what it raises."""
        self._table = table
        self._fingerprints = trusted
        self._most = most
        self._check = check
        self._blob = lru_cache(_KEPT_BLOBS)(self._read_blob)
        self.rows_read = 0

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        self.count()
        return self._table.get(key)

    def scan(self, start: bytes, end: bytes, *, backwards: bool = False) -> Iterator[Row]:
        """Rows with `start <= key < end`, ascending, or descending if `backwards`."""
        for row in self._table.scan(start, end, backwards=backwards):
            self.count()
            yield row

    @cached_property
    def trusted(self) -> frozenset[Ref]:
        """The refs of the public key blobs whose claims count."""
        return trusted_signers(self, self._fingerprints)

    def kind(self, ref: Ref) -> str | None:
        """The `camliType` of a schema blob; None for what is not here or is none."""
        held = self._blob(ref)
        return None if held is None else str(held[0])

    def signer(self, ref: Ref) -> Ref | None:
        """Who signed a permanode or claim; None for what is neither."""
        held = self._blob(ref)
        signer = None if held is None else held[1]
        return None if signer is None else Ref(signer)

    def refs_of_key(self, signer: Ref) -> frozenset[Ref]:
        """All public key blobs of a key, if its claims count; else this one."""
        for fingerprint in self._fingerprints:
            refs = trusted_signers(self, frozenset((fingerprint,)))
            if signer in refs:
                return refs
        return frozenset((signer,))

    def is_deleted(self, permanode: Ref) -> bool | None:
        """Whether a permanode is deleted; None if it is none, or not here."""
        value = self.get(NODE.key_of(permanode))
        return None if value is None else read_node(permanode, value)[0].is_deleted

    def node(self, permanode: Ref) -> Node | None:
        """A permanode with all its attributes, but without its links; None if it is not here."""
        value = self.get(NODE.key_of(permanode))
        if value is None:
            return None
        node, is_whole = read_node(permanode, value)
        if not is_whole:
            folded = self.claims_about(permanode).fold(permanode)
            node = replace(node, attributes=split_links(folded.attributes)[0])
        return node

    def links(self, parent: Ref, *attribute: str) -> Iterator[tuple[Link, int]]:
        """What a permanode has as members and under paths, or under one such attribute."""
        return links_of(self, parent, *attribute)

    def parents(self, child: Ref) -> Iterator[tuple[Ref, str]]:
        """The permanodes that have this as a member or under a path, and by which attribute."""
        for key, _ in self.scan(*EDGE.below(child)):
            _, parent, attribute = EDGE.parts_of(key)
            yield Ref(parent), attribute

    def links_between(self, parent: Ref, child: Ref) -> Iterator[str]:
        """The attributes under which a permanode has another as a member or by path."""
        for key, _ in self.scan(*EDGE.below(child, parent)):
            yield EDGE.parts_of(key)[2]

    def file(self, ref: Ref) -> FileFacts | None:
        """What is known of a file; None if it is no file, or is not read yet."""
        value = self.get(FILE.key_of(ref))
        return None if value is None else facts_in(value)

    def directory(self, ref: Ref) -> tuple[str, int] | None:
        """The name of a folder, and how many members it has; None if it is no folder."""
        value = self.get(DIRECTORY.key_of(ref))
        if value is None:
            return None
        name, members = DIRECTORY.value_of(value)
        return name, members

    def children(self, directory: Ref) -> Iterator[Ref]:
        """The members of a folder, by ref."""
        for key, _ in self.scan(*CHILD.below(directory)):
            yield Ref(CHILD.parts_of(key)[1])

    def folders(self, member: Ref) -> Iterator[Ref]:
        """The folders that have this as a member."""
        for key, _ in self.scan(*PARENT.below(member)):
            yield Ref(PARENT.parts_of(key)[1])

    def has_word(self, file: Ref, word: str) -> bool:
        """Whether a word is in the name or text of a file."""
        return self.get(TEXT.key_of(word, file)) is not None

    def having(self, attribute: str, value: Ref) -> Iterator[Ref]:
        """The permanodes whose attribute has this ref now; not for what is for links."""
        for key, _ in self.scan(*HAS.below(attribute, value)):
            yield Ref(HAS.parts_of(key)[3])

    def claimants(self, value: Ref) -> Iterator[Ref]:
        """The permanodes of which any claim ever said this ref, each once."""
        found = set()
        for key, _ in self.scan(*REFERS.below(value)):
            held = self._blob(Ref(REFERS.parts_of(key)[1]))
            if held is None:
                continue
            kind, _, about = held
            if kind == "claim" and about is not None and about not in found:
                found.add(about)
                yield Ref(about)

    def claims_about(self, ref: Ref) -> ClaimSet:
        """The claims that name a permanode; the deletes of it, or of the claim `ref`; and so on."""
        return claims_about(self, ref, self.trusted)

    def counts(self, claim: Ref) -> bool:
        """Whether a claim is not deleted."""
        deletes = ClaimSet(tuple(deletes_of(self, (claim,))), self.trusted)
        return claim not in deletes.deleted

    def files(self, whole: Ref) -> Iterator[Ref]:
        """The files that have these contents."""
        for key, _ in self.scan(*WHOLE.below(whole)):
            yield Ref(WHOLE.parts_of(key)[1])

    def _read_blob(self, ref: Ref) -> list[Any] | None:
        value = self.get(BLOB.key_of(ref))
        return None if value is None else BLOB.value_of(value)

    def count(self) -> None:
        """Count one row that was read."""
        self.rows_read += 1
        if self.rows_read > self._most:
            raise TooMuchToRead(self._most)
        if self._check is not None and not self.rows_read % CHECK_ROWS:
            self._check()
