"""A desk: what one question is answered with, apart from the question itself."""

from __future__ import annotations

from dataclasses import dataclass

from ...blobstore.storage import Storage
from ..query.expression import constraint_of
from ..query.request import SearchQuery
from .reader import IndexReader
from .saved import resolve
from .searching import Search


@dataclass(frozen=True, slots=True)
class Desk:
    """Rows and blobs for one question, in one thread; see `IndexReader` for its bounds."""

    reader: IndexReader
    storage: Storage
    now_ns: int

    def search(self, query: SearchQuery) -> Search:
        """A search that can be run; names in it are looked up. Raises `BadQuery`."""
        constraint = resolve(constraint_of(query), self.reader, self.storage)
        return Search(query, constraint, self.reader, self.storage, now_ns=self.now_ns)
