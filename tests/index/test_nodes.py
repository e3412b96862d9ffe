"""Permanodes as they are now: their times, what finds them, and that rows follow every change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Ref
from holdfast.index.keys import EDGE, HAS, MEMBER, MODIFIED, NODE, TIME, date_text
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.nodes import MAX_ATTRIBUTES
from holdfast.index.opening import Index
from holdfast.schema.claims import AddAttribute, DelAttribute, Delete, SetAttribute
from holdfast.schema.timestamps import Timestamp, parse_time

from .conftest import NOW, STRANGER, TRUSTED, Speaker, key_blob, rows_in
from .stores import Store

FILE = Ref.of(b"a file")


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.index.close()


def test_a_permanode_of_which_nothing_is_said_is_in_no_list(store: Store) -> None:
    node = store.permanode()
    assert store.rows(NODE) == [[node]]
    assert [store.rows(kind) for kind in (TIME, MODIFIED, HAS)] == [[], [], []]


def test_claims_about_what_is_not_there_make_a_node_when_it_comes(store: Store) -> None:
    node = store.owner.permanode(b"late")
    (late,) = store.owner.made
    store.says(SetAttribute(node, "title", "early"))
    assert store.rows(NODE) == store.rows(HAS) == []
    store.hub.receive([late])
    assert store.rows(HAS) == [["title", "early", date_text(Timestamp(NOW + 1)), node]]


def test_what_something_has_no_longer_does_not_find_it(store: Store) -> None:
    node = store.permanode()
    store.says(SetAttribute(node, "title", "one"), AddAttribute(node, "tag", "a"))
    store.says(SetAttribute(node, "title", "two"), DelAttribute(node, "tag", "a"))
    assert [row[:2] for row in store.rows(HAS)] == [["title", "two"]]


def test_a_deleted_permanode_is_in_no_list_until_undeleted(store: Store) -> None:
    node = store.permanode()
    store.says(SetAttribute(node, "title", "one"))
    before = store.rows(HAS)
    delete = store.says(Delete(node))
    assert [store.rows(kind) for kind in (TIME, MODIFIED, HAS)] == [[], [], []]
    store.says(Delete(delete))
    assert store.rows(HAS) == before


def test_a_deleted_claim_finds_nothing(store: Store) -> None:
    node = store.permanode()
    store.says(SetAttribute(node, "title", "one"))
    store.says(Delete(store.says(SetAttribute(node, "title", "two"))))
    assert [row[:2] for row in store.rows(HAS)] == [["title", "one"]]


def test_a_strangers_claims_make_no_rows_of_nodes(store: Store) -> None:
    node = store.permanode()
    store.says(SetAttribute(node, "title", "mine"))
    before = [store.rows(kind) for kind in (TIME, MODIFIED, HAS)]
    stranger = Speaker(STRANGER, at=NOW * 2)
    stranger.says(SetAttribute(node, "title", "theirs"))
    stranger.says(Delete(node))
    store.hub.receive([key_blob(STRANGER), *stranger.made])
    assert [store.rows(kind) for kind in (TIME, MODIFIED, HAS)] == before


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
    attributes: dict[str, str], expected: str | None, store: Store
) -> None:
    node = store.permanode()
    store.says(SetAttribute(node, "title", "one"))
    modified = store.owner.at
    for name, value in attributes.items():
        store.says(SetAttribute(node, name, value))
        modified = store.owner.at
    wanted = Timestamp(modified) if expected is None else parse_time(expected)
    assert store.node(node).time == wanted
    assert store.rows(TIME) == [[date_text(wanted), node]]
    assert store.rows(MODIFIED) == [[date_text(Timestamp(modified)), node]]


def test_without_other_times_it_is_when_the_content_was_set(store: Store) -> None:
    node = store.permanode()
    store.says(SetAttribute(node, "camliContent", FILE))
    dated = store.owner.at
    store.says(AddAttribute(node, "camliContent", FILE), SetAttribute(node, "title", "later"))
    assert store.node(node).time == Timestamp(dated)
    store.says(DelAttribute(node, "camliContent", "something else"))
    assert store.node(node).time == Timestamp(store.owner.at)


def test_members_are_listed_by_their_own_times_whoever_came_first(store: Store) -> None:
    album, photo, other = (store.permanode(name) for name in (b"album", b"photo", b"other"))
    store.says(AddAttribute(album, "camliMember", photo), SetAttribute(album, "camliPath:x", other))
    assert store.rows(EDGE) == sorted(
        [[photo, album, "camliMember"], [other, album, "camliPath:x"]]
    )
    assert store.rows(MEMBER) == []
    store.says(SetAttribute(photo, "dateCreated", "2001-01-01T00:00:00Z"))
    old = date_text(parse_time("2001-01-01T00:00:00Z"))
    assert store.rows(MEMBER) == [[album, old, photo]]
    store.says(SetAttribute(photo, "dateCreated", "2002-01-01T00:00:00Z"))
    new = date_text(parse_time("2002-01-01T00:00:00Z"))
    assert store.rows(MEMBER) == [[album, new, photo]]
    deleted = store.says(Delete(photo))
    assert store.rows(MEMBER) == []
    store.says(Delete(deleted))
    assert store.rows(MEMBER) == [[album, new, photo]]
    store.says(Delete(album))
    assert store.rows(MEMBER) == store.rows(EDGE) == []


def test_a_permanode_may_be_its_own_member(store: Store) -> None:
    node = store.permanode()
    store.says(AddAttribute(node, "camliMember", node))
    store.says(SetAttribute(node, "dateCreated", "2001-01-01T00:00:00Z"))
    store.says(SetAttribute(node, "dateCreated", "2002-01-01T00:00:00Z"))
    new = date_text(parse_time("2002-01-01T00:00:00Z"))
    assert store.rows(MEMBER) == [[node, new, node]]


def test_more_attributes_than_a_row_holds_are_found_and_let_go_all_the_same(store: Store) -> None:
    node = store.permanode()
    tags = [f"tag {number} " + "x" * 100 for number in range(MAX_ATTRIBUTES // 50)]
    store.says(*(AddAttribute(node, "tag", tag) for tag in tags))
    value = store.table.get(NODE.key_of(node))
    assert value is not None
    assert len(value) < 200
    assert {row[1] for row in store.rows(HAS)} == set(tags)
    store.says(SetAttribute(node, "tag", "one"))
    assert [row[1] for row in store.rows(HAS)] == ["one"]


def test_rows_are_those_of_the_same_blobs_in_one_go(store: Store) -> None:
    nodes = [store.permanode(bytes([65 + number])) for number in range(4)]
    for number in range(40):
        node, other = nodes[number % 4], nodes[(number * 7) % 4]
        store.says(
            (
                AddAttribute(node, "camliMember", other),
                SetAttribute(node, "title", str(number)),
                DelAttribute(node, "camliMember", other),
                Delete(other) if number % 8 == 3 else SetAttribute(node, "camliPath:p", other),
            )[number % 4]
        )
    again = MemoryTable()
    index = Index(again, Hub(store.hub.storage), trusted=TRUSTED)
    assert index.settle(10)
    index.close()
    assert rows_in(store.table) == rows_in(again)
