"""Permanodes as they are now: their times, what finds them, and that rows follow every change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Ref
from holdfast.index.keys import EDGE, HAS, MEMBER, MODIFIED, NODE, TIME, RowKind, date_text
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.nodes import MAX_ATTRIBUTES, read_node
from holdfast.index.opening import Index
from holdfast.schema.claims import AddAttribute, DelAttribute, Delete, SetAttribute, Statement
from holdfast.schema.timestamps import Timestamp, parse_time

from .conftest import NOW, OWNER, STRANGER, TRUSTED, Speaker, indexed, key_blob, rows_in

FILE = Ref.of(b"a file")


class Place:
    """A store, its rows, and its owner speaking in it."""

    def __init__(self) -> None:
        self.hub = Hub(MemoryStorage())
        self.table = MemoryTable()
        self.index = Index(self.table, self.hub, trusted=TRUSTED)
        assert self.index.wait(10)
        self.owner = Speaker()
        self.hub.receive([key_blob(OWNER)])

    def permanode(self, name: bytes = b"node") -> Ref:
        ref = self.owner.permanode(name)
        self.hub.receive([self.owner.made[-1]])
        return ref

    def says(self, *statements: Statement, at: int | None = None) -> Ref:
        refs = [self.owner.says(statement, at=at) for statement in statements]
        self.hub.receive(self.owner.made[-len(refs) :])
        return refs[-1]

    def rows(self, kind: RowKind) -> list[list[str]]:
        return [kind.parts_of(key) for key, _ in self.table.scan(*kind.below())]

    def time(self, permanode: Ref) -> Timestamp | None:
        value = self.table.get(NODE.key_of(permanode))
        assert value is not None
        return read_node(permanode, value)[0].time


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.index.close()


def test_a_permanode_of_which_nothing_is_said_is_in_no_list(place: Place) -> None:
    node = place.permanode()
    assert place.rows(NODE) == [[node]]
    assert [place.rows(kind) for kind in (TIME, MODIFIED, HAS)] == [[], [], []]


def test_claims_about_what_is_not_there_make_a_node_when_it_comes(place: Place) -> None:
    node = place.owner.permanode(b"late")
    (late,) = place.owner.made
    place.says(SetAttribute(node, "title", "early"))
    assert place.rows(NODE) == place.rows(HAS) == []
    place.hub.receive([late])
    assert place.rows(HAS) == [["title", "early", date_text(Timestamp(NOW + 1)), node]]


def test_what_something_has_no_longer_does_not_find_it(place: Place) -> None:
    node = place.permanode()
    place.says(SetAttribute(node, "title", "one"), AddAttribute(node, "tag", "a"))
    place.says(SetAttribute(node, "title", "two"), DelAttribute(node, "tag", "a"))
    assert [row[:2] for row in place.rows(HAS)] == [["title", "two"]]


def test_a_deleted_permanode_is_in_no_list_until_undeleted(place: Place) -> None:
    node = place.permanode()
    place.says(SetAttribute(node, "title", "one"))
    before = place.rows(HAS)
    delete = place.says(Delete(node))
    assert [place.rows(kind) for kind in (TIME, MODIFIED, HAS)] == [[], [], []]
    place.says(Delete(delete))
    assert place.rows(HAS) == before


def test_a_deleted_claim_finds_nothing(place: Place) -> None:
    node = place.permanode()
    place.says(SetAttribute(node, "title", "one"))
    place.says(Delete(place.says(SetAttribute(node, "title", "two"))))
    assert [row[:2] for row in place.rows(HAS)] == [["title", "one"]]


def test_a_strangers_claims_make_no_rows_of_nodes(place: Place) -> None:
    node = place.permanode()
    place.says(SetAttribute(node, "title", "mine"))
    before = [place.rows(kind) for kind in (TIME, MODIFIED, HAS)]
    stranger = Speaker(STRANGER, at=NOW * 2)
    stranger.says(SetAttribute(node, "title", "theirs"))
    stranger.says(Delete(node))
    place.hub.receive([key_blob(STRANGER), *stranger.made])
    assert [place.rows(kind) for kind in (TIME, MODIFIED, HAS)] == before


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, None),
        ({"dateModified": "2003-01-01T00:00:00Z"}, "2003-01-01T00:00:00Z"),
        (
            {"dateModified": "2003-01-01T00:00:00Z", "datePublished": "2004-01-01T00:00:00Z"},
            "2004-01-01T00:00:00Z",
        ),
        (
            {"datePublished": "2004-01-01T00:00:00Z", "dateCreated": "1901-01-01T00:00:00Z"},
            "1901-01-01T00:00:00Z",
        ),
        (
            {"dateCreated": "1901-01-01T00:00:00Z", "startDate": "2031-01-01T00:00:00.5Z"},
            "2031-01-01T00:00:00.5Z",
        ),
        (
            {"startDate": "2031-01-01T00:00:00Z", "paymentDueDate": "2001-01-01T01:00:00+01:00"},
            "2001-01-01T00:00:00Z",
        ),
        ({"paymentDueDate": "soon", "startDate": "2001-02-03T00:00:00Z"}, "2001-02-03T00:00:00Z"),
    ],
)
def test_the_time_of_a_permanode_is_the_first_that_is_known(
    attributes: dict[str, str], expected: str | None, place: Place
) -> None:
    node = place.permanode()
    place.says(SetAttribute(node, "title", "one"))
    modified = place.owner.at
    for name, value in attributes.items():
        place.says(SetAttribute(node, name, value))
        modified = place.owner.at
    wanted = Timestamp(modified) if expected is None else parse_time(expected)
    assert place.time(node) == wanted
    assert place.rows(TIME) == [[date_text(wanted), node]]
    assert place.rows(MODIFIED) == [[date_text(Timestamp(modified)), node]]


def test_without_other_times_it_is_when_the_content_was_set(place: Place) -> None:
    node = place.permanode()
    place.says(SetAttribute(node, "camliContent", FILE))
    dated = place.owner.at
    place.says(AddAttribute(node, "camliContent", FILE), SetAttribute(node, "title", "later"))
    assert place.time(node) == Timestamp(dated)
    place.says(DelAttribute(node, "camliContent", "something else"))
    assert place.time(node) == Timestamp(place.owner.at)


def test_members_are_listed_by_their_own_times_whoever_came_first(place: Place) -> None:
    album, photo, other = (place.permanode(name) for name in (b"album", b"photo", b"other"))
    place.says(AddAttribute(album, "camliMember", photo), SetAttribute(album, "camliPath:x", other))
    assert place.rows(EDGE) == sorted(
        [[photo, album, "camliMember"], [other, album, "camliPath:x"]]
    )
    assert place.rows(MEMBER) == []
    place.says(SetAttribute(photo, "dateCreated", "2001-01-01T00:00:00Z"))
    old = date_text(parse_time("2001-01-01T00:00:00Z"))
    assert place.rows(MEMBER) == [[album, old, photo]]
    place.says(SetAttribute(photo, "dateCreated", "2002-01-01T00:00:00Z"))
    new = date_text(parse_time("2002-01-01T00:00:00Z"))
    assert place.rows(MEMBER) == [[album, new, photo]]
    deleted = place.says(Delete(photo))
    assert place.rows(MEMBER) == []
    place.says(Delete(deleted))
    assert place.rows(MEMBER) == [[album, new, photo]]
    place.says(Delete(album))
    assert place.rows(MEMBER) == place.rows(EDGE) == []


def test_a_permanode_may_be_its_own_member(place: Place) -> None:
    node = place.permanode()
    place.says(AddAttribute(node, "camliMember", node))
    place.says(SetAttribute(node, "dateCreated", "2001-01-01T00:00:00Z"))
    place.says(SetAttribute(node, "dateCreated", "2002-01-01T00:00:00Z"))
    new = date_text(parse_time("2002-01-01T00:00:00Z"))
    assert place.rows(MEMBER) == [[node, new, node]]


def test_more_attributes_than_a_row_holds_are_found_and_let_go_all_the_same(place: Place) -> None:
    node = place.permanode()
    tags = [f"tag {number} " + "x" * 100 for number in range(MAX_ATTRIBUTES // 50)]
    place.says(*(AddAttribute(node, "tag", tag) for tag in tags))
    value = place.table.get(NODE.key_of(node))
    assert value is not None
    assert len(value) < 200
    assert {row[1] for row in place.rows(HAS)} == set(tags)
    place.says(SetAttribute(node, "tag", "one"))
    assert [row[1] for row in place.rows(HAS)] == ["one"]


def test_rows_are_those_of_the_same_blobs_in_one_go(place: Place) -> None:
    nodes = [place.permanode(bytes([65 + number])) for number in range(4)]
    for number in range(40):
        node, other = nodes[number % 4], nodes[(number * 7) % 4]
        place.says(
            (
                AddAttribute(node, "camliMember", other),
                SetAttribute(node, "title", str(number)),
                DelAttribute(node, "camliMember", other),
                Delete(other) if number % 8 == 3 else SetAttribute(node, "camliPath:p", other),
            )[number % 4]
        )
    again = MemoryTable()
    index = Index(again, Hub(place.hub.storage), trusted=TRUSTED)
    assert index.settle(10)
    index.close()
    assert rows_in(place.table) == rows_in(again)


NODES = [(f"n{number}").encode() for number in range(3)]
NODE_REFS = [Speaker().permanode(name) for name in NODES]
attributes = st.sampled_from(["camliMember", "camliMember", "camliPath:a", "camliPath:b", "title"])
values = st.sampled_from([*NODE_REFS, *NODE_REFS, FILE, "", "no ref"])
changes = st.sampled_from([AddAttribute, AddAttribute, SetAttribute, DelAttribute])
said = st.lists(
    st.one_of(
        st.builds(
            lambda kind, *rest: kind(*rest),
            changes,
            st.sampled_from(NODE_REFS),
            attributes,
            values,
        ),
        st.builds(Delete, st.sampled_from(NODE_REFS)),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(said, st.lists(st.integers(-40, 3), max_size=25), st.data())
def test_claims_one_by_one_give_the_rows_of_all_at_once(
    statements: list[Statement], steps: list[int], data: st.DataObject
) -> None:
    """Most are later than all before, some much earlier; some deletes are undone."""
    place = Place()
    for name in NODES:
        place.permanode(name)
    for number, statement in enumerate(statements):
        step = steps[number] if number < len(steps) else 1
        ref = place.says(statement, at=place.owner.at + 1 + step)
        if isinstance(statement, Delete) and data.draw(st.booleans()):
            place.says(Delete(ref))
    place.index.close()
    again = indexed([[key_blob(OWNER), *place.owner.made]])
    assert rows_in(place.table) == again
