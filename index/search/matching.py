"""Matching: whether one blob fits a constraint, by what the index knows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ...schema.timestamps import Timestamp
from ..media.moments import Place
from ..nodes import Node, is_for_links, ref_in
from ..places import place_of
from ..query.constraints import (
    HIDDEN,
    Constraint,
    LogicalConstraint,
    Op,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
    demands,
)
from ..words import words_of
from .filetests import FileTests
from .reader import IndexReader
from .reftests import MOST_KEPT, RefTest, prefix_test, remembered
from .scalars import (
    Test,
    all_of,
    fits_float,
    fits_int,
    float_in,
    integer_in,
    location_test,
    string_test,
    time_test,
)

Values: TypeAlias = tuple[str, ...]

_MOST_MOMENTS = 256
"""Permanodes as of a moment that are remembered, with all that is in them then."""


class Matcher:
    """Tells which blobs fit, for one query, in one thread.

    What is deleted never fits, nor a permanode of which nothing is claimed where a `permanode`
    constraint is asked.
    """

    def __init__(self, reader: IndexReader, storage: Storage, *, now_ns: int) -> None:
        self._reader = reader
        self._storage = storage
        self._now_ns = now_ns
        self._files = FileTests(reader, self.test_of_any, now_ns=now_ns)
        self._nodes: dict[Ref, Node | None] = {}
        self._moments: dict[tuple[Ref, Timestamp], Mapping[str, Values]] = {}

    def test_of(self, constraint: Constraint) -> RefTest:
        """A function that tells whether a blob that is here fits."""
        inner = self._test_of(constraint)
        if needs_rows(constraint):
            return inner
        return lambda ref: not self._is_deleted(ref) and inner(ref)

    def test_of_any(self, constraint: Constraint) -> RefTest:
        """The same of refs that stand somewhere: what is not here does not fit."""
        fits = self.test_of(constraint)
        if needs_rows(constraint):
            return fits
        return lambda ref: fits(ref) and self._is_here(ref)

    def node(self, ref: Ref) -> Node | None:
        """A permanode, deleted or not; None for what is none, or of which nothing is claimed."""
        if ref not in self._nodes:
            if len(self._nodes) >= MOST_KEPT:
                self._nodes.clear()
            self._nodes[ref] = self._reader.node(ref)
        return self._nodes[ref]

    def place_of(self, ref: Ref) -> Place | None:
        """Where a permanode or a file is."""
        node = self.node(ref)
        if node is not None:
            return node.place
        facts = self._reader.file(ref)
        return None if facts is None else facts.place

    def _is_deleted(self, ref: Ref) -> bool:
        node = self.node(ref)
        return node is not None and node.is_deleted

    def _test_of(self, asked: Constraint) -> RefTest:
        tests: list[RefTest] = []
        if asked.any_camli_type:
            tests.append(lambda ref: self._reader.kind(ref) is not None)
        if asked.camli_type:
            tests.append(lambda ref: self._reader.kind(ref) == asked.camli_type)
        if asked.blob_ref_prefix:
            tests.append(prefix_test(asked.blob_ref_prefix))
        if asked.blob_size is not None:
            size = asked.blob_size
            tests.append(lambda ref: (held := self._size(ref)) is not None and fits_int(size, held))
        if asked.permanode is not None:
            tests.append(self._permanode(asked.permanode))
        if asked.file is not None:
            tests.append(self._files.file(asked.file))
        if asked.dir is not None:
            tests.append(self._files.directory(asked.dir))
        if asked.logical is not None:
            tests.append(self._logical(asked.logical))
        if not tests:
            return self._is_here if asked.anything else lambda _: False
        return all_of(tests)

    def _is_here(self, ref: Ref) -> bool:
        return self._reader.kind(ref) is not None or self._size(ref) is not None

    def _size(self, ref: Ref) -> int | None:
        return next((sized.size for sized in self._storage.stat((ref,))), None)

    def _logical(self, logical: LogicalConstraint) -> RefTest:
        a = self._test_of(logical.a)
        if logical.b is None:
            return lambda ref: not a(ref)
        b = self._test_of(logical.b)
        match logical.op:
            case Op.AND:
                return lambda ref: a(ref) and b(ref)
            case Op.OR:
                return lambda ref: a(ref) or b(ref)
        return lambda ref: a(ref) != b(ref)

    # Permanodes

    def _permanode(self, asked: PermanodeConstraint) -> RefTest:
        """Cheap tests come first."""
        tests: list[Callable[[Node], bool]] = []
        if asked.mod_time is not None:
            modified = time_test(asked.mod_time, self._now_ns)
            tests.append(lambda node: modified(node.modified))
        if asked.time is not None:
            time = time_test(asked.time, self._now_ns)
            tests.append(lambda node: time(node.time))
        if asked.skip_hidden:
            tests.append(lambda node: not self._is_hidden(node, asked.at))
        if asked.attr:
            tests.append(self._attribute(asked))
        if asked.location is not None:
            located = location_test(asked.location)
            tests.append(lambda node: located(self._place(node, asked.at)))
        if asked.text:
            words = frozenset(words_of(asked.text))
            tests.append(lambda node: self._has_words(node, words))
        if asked.relation is not None:
            related = self._relation(asked.relation, asked.at)
            tests.append(lambda node: related(node.permanode))

        def fits(ref: Ref) -> bool:
            node = self.node(ref)
            return node is not None and node.is_listed and all(test(node) for test in tests)

        return fits

    def _is_hidden(self, node: Node, at: Timestamp | None) -> bool:
        return any(self._values(node, name, at)[:1] == (value,) for name, value in HIDDEN)

    def _values(self, node: Node, attribute: str, at: Timestamp | None) -> Values:
        if at is not None:
            return self._at(node.permanode, at).get(attribute, ())
        if not is_for_links(attribute):
            return node.values(attribute)
        linked = (
            link.child
            for link, count in self._reader.links(node.permanode, attribute)
            for _ in range(count)
        )
        return (*node.values(attribute), *linked)

    def _at(self, permanode: Ref, at: Timestamp) -> Mapping[str, Values]:
        """The attributes of a permanode at a moment."""
        key = permanode, at
        if key not in self._moments:
            if len(self._moments) >= _MOST_MOMENTS:
                self._moments.clear()
            folded = self._reader.claims_about(permanode).fold(permanode, at=at)
            self._moments[key] = folded.attributes
        return self._moments[key]

    def _place(self, node: Node, at: Timestamp | None) -> Place | None:
        if at is None:
            return node.place
        return place_of(
            self._at(node.permanode, at),
            facts_of=self._reader.file,
            attributes_of=lambda venue: self._at(venue, at),
        )

    def _attribute(self, asked: PermanodeConstraint) -> Callable[[Node], bool]:
        test = self._value(asked) if asked.tests_value else None
        number = asked.num_value

        def fits(node: Node) -> bool:
            values = self._values(node, asked.attr, asked.at)
            if number is not None and not fits_int(number, len(values)):
                return False
            if test is None:
                return True
            if asked.value_all_match:
                return bool(values) and all(map(test, values))
            return any(map(test, values))

        return fits

    def _value(self, asked: PermanodeConstraint) -> Test[str]:
        """The test of one value: all that is asked must hold for the same."""
        tests: list[Test[str]] = []
        if asked.value:
            tests.append(lambda value: value == asked.value)
        if asked.value_matches is not None:
            tests.append(string_test(asked.value_matches))
        if (whole := asked.value_matches_int) is not None:
            tests.append(
                lambda value: (number := integer_in(value)) is not None and fits_int(whole, number)
            )
        if (decimal := asked.value_matches_float) is not None:
            tests.append(
                lambda value: (
                    (number := float_in(value)) is not None and fits_float(decimal, number)
                )
            )
        if asked.value_in_set is not None:
            fits = remembered(self.test_of_any(asked.value_in_set))
            tests.append(lambda value: (ref := ref_in(value)) is not None and fits(ref))
        return all_of(tests)

    def _has_words(self, node: Node, words: frozenset[str]) -> bool:
        left = set(words)
        for title in node.attributes.get("title", ()):
            left.difference_update(words_of(title))
        if node.content is None:
            return not left
        return all(self._reader.has_word(node.content, word) for word in left)

    def _relation(self, asked: RelationConstraint, at: Timestamp | None) -> RefTest:
        inner = asked.any or asked.all
        assert inner is not None
        one = ref_in(inner.blob_ref_prefix)
        by_link = not asked.edge_type or is_for_links(asked.edge_type)
        if asked.any is not None and one is not None and at is None and by_link:
            return self._relation_to(one, inner, asked)
        fits = remembered(self.test_of_any(inner))
        find = self._parents if asked.relation is Relation.PARENT else self._children

        def is_related(ref: Ref) -> bool:
            related = find(ref, asked.edge_type, at)
            if asked.any is not None:
                return any(map(fits, related))
            # What is not here says nothing against it.
            known = [other for other in related if self._is_here(other)]
            return bool(known) and all(map(fits, known))

        return is_related

    def _relation_to(self, one: Ref, inner: Constraint, asked: RelationConstraint) -> RefTest:
        """The test of a relation to one blob, which is in a row however many others there are."""
        fits = self.test_of_any(inner)
        is_below = asked.relation is Relation.PARENT

        def is_related(ref: Ref) -> bool:
            names = self._reader.links_between(*((one, ref) if is_below else (ref, one)))
            return any(_relates(asked.edge_type, name) for name in names) and fits(one)

        return is_related

    def _parents(self, ref: Ref, attribute: str, at: Timestamp | None) -> Iterator[Ref]:
        if at is not None:
            for parent in self._reader.claimants(ref):
                attributes = self._at(parent, at)
                if any(ref in attributes[name] for name in attributes if _relates(attribute, name)):
                    yield parent
        elif not attribute or is_for_links(attribute):
            for parent, name in self._reader.parents(ref):
                if _relates(attribute, name):
                    yield parent
        else:
            yield from self._reader.having(attribute, ref)

    def _children(self, ref: Ref, attribute: str, at: Timestamp | None) -> Iterator[Ref]:
        if at is None and (not attribute or is_for_links(attribute)):
            for link, _ in self._reader.links(ref, *filter(None, (attribute,))):
                yield link.child
            return
        node = self.node(ref)
        if node is None:
            return
        if at is None:
            values = node.values(attribute)
        else:
            attributes = self._at(ref, at)
            values = tuple(
                value
                for name in attributes
                if _relates(attribute, name)
                for value in attributes[name]
            )
        for value in values:
            if (child := ref_in(value)) is not None:
                yield child


def needs_rows(constraint: Constraint) -> bool:
    """Whether it can be seen that only listed permanodes, files and folders fit.

    So nothing does that is deleted, or not here, or a permanode of which nothing is claimed.
    """
    return demands(
        constraint,
        lambda one: any(of is not None for of in (one.permanode, one.file, one.dir)),
    )


def _relates(asked: str, name: str) -> bool:
    """Whether an attribute is one that relates as asked: by default, those that are for links."""
    return name == asked if asked else is_for_links(name)
