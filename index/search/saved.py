"""Names in what is asked for, of places and of saved searches, replaced by what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...blobstore.errors import BlobNotFound, CorruptBlob
from ...blobstore.ref import Ref
from ...blobstore.storage import CanFetch, fetch_one
from ..keys import HAS
from ..nodes import VALUE_LENGTH, Node
from ..query.constraints import Constraint, FileConstraint, PermanodeConstraint, both, either
from ..query.errors import BadQuery
from ..query.expression import parse_saved
from ..query.reading import MAX_QUERY_SIZE
from ..query.scalars import LocationConstraint
from ..query.trees import MAX_DEPTH, MAX_OBJECTS, is_too_large, rewritten
from .errors import BadSavedSearch, UnknownSearch
from .gazetteer import find_place
from .reader import IndexReader

ATTRIBUTE = "camliNamedSearch"
"""What names a permanode whose content, a blob of text, is a saved search."""

MOST_NESTED = 20
"""How many saved searches may be named by each other, one after the other."""

_TOO_LARGE = (
    f"with all that is named in it, it has more than {MAX_OBJECTS} objects or {MAX_DEPTH} levels"
)

FindPlace = Callable[[str], Sequence[LocationConstraint]]
"""Gives the boxes of a place. Raises `UnknownPlace`."""


def resolve(
    constraint: Constraint,
    reader: IndexReader,
    blobs: CanFetch,
    *,
    find_place: FindPlace = find_place,
) -> Constraint:
    """The constraint without names, whatever the saved searches in it name in turn.

    Raises `UnknownPlace`, `UnknownSearch`, `BadSavedSearch` for one that cannot be read or leads
    back to itself, `BadQuery` for what becomes too large, and `TooMuchToRead`.
    """
    try:
        return _Names(reader, blobs, find_place).resolved(constraint)
    except RecursionError:  # searches that are deep, one in the other
        raise BadQuery(_TOO_LARGE) from None


class _Names:
    """Looks up the names in one query."""

    def __init__(self, reader: IndexReader, blobs: CanFetch, find_place: FindPlace) -> None:
        self._reader = reader
        self._blobs = blobs
        self._find_place = find_place
        self._found: dict[str, Constraint] = {}
        self._open: list[str] = []

    def resolved(self, constraint: Constraint) -> Constraint:
        """The constraint without names."""
        result = rewritten(constraint, self._without_names)
        # What names a search twice that names another twice is soon very large.
        if result is not constraint and is_too_large(result):
            raise BadQuery(_TOO_LARGE)
        return result

    def _without_names(self, constraint: Constraint) -> Constraint:
        if constraint.named:
            saved = self._search(constraint.named)
            constraint = _both(replace(constraint, named=""), saved)
        permanode, file = constraint.permanode, constraint.file
        if permanode is not None and permanode.location is not None and permanode.location.place:
            place, at = permanode.location.place, permanode.at
            there = self._in(
                place, lambda box: Constraint(permanode=PermanodeConstraint(at=at, location=box))
            )
            rest = replace(permanode, location=_without_place(permanode.location))
            kept = None if rest == PermanodeConstraint(at=at) else rest
            constraint = _both(replace(constraint, permanode=kept), there)
        if file is not None and file.location is not None and file.location.place:
            there = self._in(
                file.location.place, lambda box: Constraint(file=FileConstraint(location=box))
            )
            left = replace(file, location=_without_place(file.location))
            kept_file = None if left == FileConstraint() else left
            constraint = _both(replace(constraint, file=kept_file), there)
        return constraint

    def _in(self, place: str, there: Callable[[LocationConstraint], Constraint]) -> Constraint:
        return _any_of([there(box) for box in self._find_place(place)])

    def _search(self, name: str) -> Constraint:
        """What a saved search finds."""
        if name in self._open:
            raise BadSavedSearch(name, "it names itself, or leads back to itself; save it anew")
        if len(self._open) >= MOST_NESTED:
            raise BadSavedSearch(
                name, f"more than {MOST_NESTED} searches name each other; save shorter ones"
            )
        if name not in self._found:
            self._open.append(name)
            self._found[name] = self.resolved(self._read(name))
            self._open.pop()
        return self._found[name]

    def _read(self, name: str) -> Constraint:
        """What is saved under a name."""
        node = find_saved(self._reader, name)
        if node is None:
            raise UnknownSearch(name)
        try:
            text = b"" if node.content is None else fetch_one(self._blobs, node.content)
        except (BlobNotFound, CorruptBlob) as error:
            raise BadSavedSearch(name, f"{error}; save it again") from error
        if len(text) > MAX_QUERY_SIZE:
            raise BadSavedSearch(name, f"it has more than {MAX_QUERY_SIZE} bytes; shorten it")
        try:
            return parse_saved(text.decode("utf-8", "replace").strip())
        except BadQuery as error:
            raise BadSavedSearch(name, error.why) from error


def find_saved(reader: IndexReader, name: str) -> Node | None:
    """The newest permanode of a saved search of that name."""
    start, end = HAS.below(ATTRIBUTE, name[:VALUE_LENGTH])
    for key, _ in reader.scan(start, end, backwards=True):
        node = reader.node(Ref(HAS.parts_of(key)[3]))
        if node is not None and name in node.values(ATTRIBUTE):
            return node
    return None


def _without_place(location: LocationConstraint) -> LocationConstraint | None:
    rest = replace(location, place="")
    return None if rest == LocationConstraint() else rest


def _both(a: Constraint, b: Constraint) -> Constraint:
    """What fits `a`, if anything is asked for there, and `b`."""
    return b if a == Constraint() else both(a, b)


def _any_of(sides: Sequence[Constraint]) -> Constraint:
    """What fits one of some constraints, as a tree that is not deep."""
    if len(sides) == 1:
        return sides[0]
    middle = len(sides) // 2
    return either(_any_of(sides[:middle]), _any_of(sides[middle:]))
