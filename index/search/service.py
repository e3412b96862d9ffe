"""All questions about a store, answered as documents that are ready to be written as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import copy
from typing import TypeAlias, TypeVar

from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ...blobstore.table import Table
from ...schema.timestamps import Timestamp
from ..query.constraints import (
    Constraint,
    DirConstraint,
    FileConstraint,
    PermanodeConstraint,
)
from ..query.expression import constraint_of
from ..query.request import DescribeRequest, SearchQuery
from ..query.scalars import LocationConstraint
from ..query.trees import nodes
from .describing import Describer
from .desk import Desk
from .errors import IndexBehind
from .largest import DEFAULT_LIMIT, duplicates, largest
from .lookups import Lookups
from .reader import IndexReader
from .saved import resolve
from .searching import Explanation, Search
from .whys import Whys

SETTLE_SECONDS = 2.0
"""How long a question about files waits for those to be read that have just come."""

BRIEF_SECONDS = 0.2
"""How long others do, in which files may still matter to the order."""

Document: TypeAlias = dict[str, object]

T = TypeVar("T")


class SearchService:
    """Answers questions. Safe for many threads; every call may wait for a disk.

    What was claimed, and acknowledged before a question is asked, is in the answer; what files and
    folders consist of, as far as it could be read within `SETTLE_SECONDS`, or `BRIEF_SECONDS`. An
    answer is not of one moment: what moves in a list while that is walked may be missing. Raises
    `BadQuery` for what makes no sense, `TooMuchToRead`, `IndexBehind` while the index is catching
    up, and what reading rows raises.
    """

    def __init__(
        self,
        table: Table,
        storage: Storage,
        *,
        trusted: frozenset[str],
        is_complete: Callable[[], bool],
        settle: Callable[[float], bool],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`trusted` are the fingerprints of the keys whose claims count; `settle` waits so many
        seconds at most for files to be read."""
        self._table = table
        self._storage = storage
        self._trusted = trusted
        self._is_complete = is_complete
        self._settle = settle
        self._now_ns = now_ns
        self._check: Callable[[], None] | None = None

    def for_one(self, check: Callable[[], None], *, waits: bool = True) -> SearchService:
        """The same for one asker. `check` is called now and then while a question is answered, in
        the thread that does, and ends that by what it raises.

        Without `waits`, files that have just come and are not read yet are not waited for.
        """
        service = copy(self)
        service._check = check
        if not waits:
            service._settle = lambda _seconds: True
        return service

    def reader(self) -> IndexReader:
        """What reads rows, for one question that none of these answers. Raises `IndexBehind`."""
        return self._reader()

    def query(self, query: SearchQuery, *, explain: bool = False) -> Document:
        """What a search finds: `blobs`, `description`, `LocationArea`; `continue` if it goes on.

        With `explain`, how it was found besides.
        """
        reader = self._reader()
        constraint = self._constraint(query, reader)
        is_about_contents = query.describe is not None or _is_about_contents(constraint)
        self._settle(SETTLE_SECONDS if is_about_contents else BRIEF_SECONDS)
        found = self._search(query, constraint, reader).page()
        described = None
        if query.describe is not None:
            described = Describer(reader, self._storage).describe(query.describe, roots=found.refs)
        document: Document = {
            "blobs": [{"blob": ref} for ref in found.refs] or None,
            "description": described,
            "LocationArea": None if found.area is None else found.area.document(),
        }
        if found.next is not None:
            document["continue"] = found.next.token
        if explain:
            document["explain"] = _explained(found.explanation)
        return self._complete(document)

    def answer(self, question: Callable[[Desk], T], *, seconds: float = BRIEF_SECONDS) -> T:
        """What a question of somebody else's comes to; `seconds` is how long it waits for files."""
        desk = Desk(self._reader(), self._storage, self._now_ns())
        self._settle(seconds)
        answer = question(desk)
        if not self._is_complete():
            raise IndexBehind
        return answer

    def fits(self, query: SearchQuery, *refs: Ref) -> bool:
        """Whether any of these is among the results of a search, on whatever page."""
        reader = self._reader()
        return self._search(query, self._constraint(query, reader), reader).fits(refs)

    def describe(self, request: DescribeRequest) -> Document:
        """What blobs are: `{"meta": {...}}`."""
        self._settle(SETTLE_SECONDS)
        return self._complete(Describer(self._reader(), self._storage).describe(request))

    def recent(self, *, limit: int = 0, before: Timestamp | None = None) -> Document:
        """The permanodes that changed last."""
        self._settle(SETTLE_SECONDS)
        return self._complete(self._lookups().recent(limit=limit, before=before))

    def permanode_attr(
        self,
        *,
        attribute: str,
        value: str = "",
        signer: Ref | None = None,
        limit: int = 0,
        at: Timestamp | None = None,
        is_fuzzy: bool = False,
    ) -> Document:
        """The permanodes to which a value was ever given."""
        self._settle(SETTLE_SECONDS)
        return self._complete(
            self._lookups().permanode_attr(
                attribute=attribute,
                value=value,
                signer=signer,
                limit=limit,
                at=at,
                is_fuzzy=is_fuzzy,
            )
        )

    def signer_attr_value(self, *, signer: Ref | None, attribute: str, value: str) -> Document:
        """The permanode to which a value was given last."""
        self._settle(SETTLE_SECONDS)
        return self._complete(
            self._lookups().signer_attr_value(signer=signer, attribute=attribute, value=value)
        )

    def signer_paths(self, *, signer: Ref | None, target: Ref) -> Document:
        """Under which names, in which permanodes, a blob is."""
        self._settle(SETTLE_SECONDS)
        return self._complete(self._lookups().signer_paths(signer=signer, target=target))

    def claims(self, permanode: Ref, *, attribute: str = "") -> Document:
        """The claims about a permanode that count."""
        return self._complete(self._lookups().claims(permanode, attribute=attribute))

    def edges_to(self, ref: Ref) -> Document:
        """The permanodes that have a blob as a member."""
        return self._complete(self._lookups().edges_to(ref))

    def files(self, wholes: Sequence[Ref]) -> Document:
        """The files that have certain contents."""
        self._settle(SETTLE_SECONDS)
        return self._complete(self._lookups().files(wholes))

    def why(self, ref: Ref, *, limit: int = 100) -> Document:
        """Why a blob is kept."""
        self._settle(SETTLE_SECONDS)
        return self._complete(Whys(self._reader(), self._storage).why(ref, limit=limit))

    def duplicates(self, *, limit: int = DEFAULT_LIMIT, after: str = "") -> Document:
        """The contents that several files have."""
        self._settle(SETTLE_SECONDS)
        return self._complete(duplicates(self._reader(), limit=limit, after=after))

    def largest(
        self, *, kind: str = "file", limit: int = DEFAULT_LIMIT, after: str = ""
    ) -> Document:
        """The largest files, or folders."""
        self._settle(SETTLE_SECONDS)
        return self._complete(largest(self._reader(), kind=kind, limit=limit, after=after))

    def _reader(self) -> IndexReader:
        if not self._is_complete():
            raise IndexBehind
        return IndexReader(self._table, trusted=self._trusted, check=self._check)

    def _lookups(self) -> Lookups:
        return Lookups(self._reader(), self._storage)

    def _complete(self, document: Document) -> Document:
        """A document, unless the index was begun again while it was made."""
        if not self._is_complete():
            raise IndexBehind
        return document

    def _constraint(self, query: SearchQuery, reader: IndexReader) -> Constraint:
        return resolve(constraint_of(query), reader, self._storage)

    def _search(self, query: SearchQuery, constraint: Constraint, reader: IndexReader) -> Search:
        return Search(query, constraint, reader, self._storage, now_ns=self._now_ns())


def _is_about_contents(constraint: Constraint) -> bool:
    """Whether files that are not read yet might fit."""
    return any(
        isinstance(node, FileConstraint | DirConstraint | LocationConstraint)
        or (isinstance(node, PermanodeConstraint) and bool(node.text or node.time))
        or (isinstance(node, Constraint) and bool(node.camli_type or node.any_camli_type))
        for node, _ in nodes(constraint)
    )


def _explained(explanation: Explanation) -> Document:
    return {
        "sources": explanation.sources,
        "done": explanation.done,
        "order": explanation.order,
        "rowsRead": explanation.rows_read,
        "tested": explanation.tested,
        "milliseconds": round(explanation.seconds * 1000, 3),
    }
