"""Requests: a search or a describe as it is asked for, with the rules for what is left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...blobstore.ref import Ref
from ...schema.timestamps import Timestamp
from .constraints import Constraint, finds_only_permanodes
from .pages import Place, Sort

DEFAULT_LIMIT = 200
DEFAULT_CHILDREN = 50
MOST_CHILDREN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeRule:
    """Which attributes of a described permanode lead to blobs that are described too.

    A name in `attrs` that ends in `*` stands for all that begin so. `rules` are for what this
    one leads to.
    """

    if_result_root: bool = False
    if_camli_node_type: str = ""
    attrs: tuple[str, ...] = ()
    rules: tuple[DescribeRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeRequest:
    """Which blobs to describe, and how far around them."""

    blobref: Ref | None = None
    blobrefs: tuple[Ref, ...] = ()
    depth: int = 0
    max_dir_children: int = 0
    at: Timestamp | None = None
    rules: tuple[DescribeRule, ...] = ()

    @property
    def roots(self) -> tuple[Ref, ...]:
        """All blobs asked for, each once, in the order given."""
        first = () if self.blobref is None else (self.blobref,)
        return tuple(dict.fromkeys((*first, *self.blobrefs)))

    @property
    def levels(self) -> int:
        """How deep to go; 1 is the roots alone."""
        return max(self.depth, 1)

    @property
    def most_children(self) -> int:
        """How many children of a directory to describe."""
        if 0 < self.max_dir_children <= MOST_CHILDREN:
            return self.max_dir_children
        return DEFAULT_CHILDREN


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A search: an expression or a constraint, never both; with neither, the empty expression.

    `after` is where the page before ended, `around` what the page is to be centred on; at most
    one of them is set.
    """

    expression: str = ""
    constraint: Constraint | None = None
    limit: int = 0
    sort: Sort | None = None
    around: Ref | None = None
    after: Place | None = field(default=None, metadata={"key": "continue"})
    describe: DescribeRequest | None = None

    @property
    def most(self) -> int | None:
        """How many to give at most; None for all there are."""
        return None if self.limit < 0 else self.limit or DEFAULT_LIMIT

    def sort_of(self, constraint: Constraint) -> Sort:
        """The sort asked for, or the one that is meant: for permanodes, what is newest first."""
        if self.sort is not None:
            return self.sort
        return Sort.CREATED_DESC if finds_only_permanodes(constraint) else Sort.BLOBREF
