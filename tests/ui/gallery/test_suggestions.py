"""Suggestions: how what is typed into the search box may go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.index.query.expression import parse_expression
from holdfast.index.query.spelling import atom, can_be_said, typed_at

from ...search.world import World, a_world
from .conftest import Gallery

ODD_TAGS = ("two words", "a:b", "(c)", '"quoted"', "back\\slash", "line\nbreak", "~tilde", "\u3000")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    def fill(world: World) -> None:
        world.file("Report.pdf", b"%PDF-1.4\n", modified="2019-05-05")
        world.thing("photo", "2021-01-01", title="Beach at dawn", tag=["beach", "Berlin"])
        world.thing("other", "2021-01-01", title="Beach house", tag=["beach", "bee"])
        world.thing("paper", "2021-01-01", camliContent="@Report.pdf", author="Ann Smith")
        world.thing("set", "2021-01-01", title="Beaches", camliMember=["@photo"])
        world.put(b"tag:beach", "text")
        world.thing("saved", "2021-01-01", camliNamedSearch="best ones", camliContent="@text")
        world.thing("odd", "2021-01-01", tag=list(ODD_TAGS))
        world.thing("long", "2021-01-01", tag="z" * 200)

    with a_world(tmp_path_factory.mktemp("suggestions"), fill) as world:
        yield Gallery(world)


def suggested(gallery: Gallery, text: str, cursor: int | None = None) -> list[Any]:
    more = {} if cursor is None else {"cursor": cursor}
    found: list[Any] = gallery.get("suggest", text=text, **more)["suggestions"]
    return found


def texts(gallery: Gallery, text: str, cursor: int | None = None) -> list[str]:
    return [one["text"] for one in suggested(gallery, text, cursor)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("tag:be", ["tag:beach", "tag:Berlin", "tag:bee"]),
        ("tag:BE", ["tag:beach", "tag:Berlin", "tag:bee"]),
        ("tag:ber", ["tag:Berlin"]),
        ("-tag:ber", ["-tag:Berlin"]),
        ("is:image or (tag:ber", ["is:image or (tag:Berlin"]),
        ('tag:"two', ['tag:"two words"']),
        ("title:beach", ['title:"Beach at dawn"', 'title:"Beach house"', "title:Beaches"]),
        ("childrenof:beac", ["childrenof:{set}"]),
        ("ref:beaches", ["ref:{set}"]),
        ("named:b", ['named:"best ones"']),
        ("is:im", ["is:image"]),
        ("is:p", ["is:portrait", "is:pano", "is:post"]),
        ("attr:aut", ["attr:author:"]),
        ("attr:author:a", ['attr:author:"Ann Smith"']),
        ("format:p", ["format:png", "format:pdf"]),
        ("format:app", ["format:application/pdf"]),
        ("filename:rep", ["filename:Report.pdf"]),
        ("text:bea", ["text:beach", "text:beaches"]),
        ('text:"house bea', ['text:"house beach"', 'text:"house beaches"']),
        ("before:20", ["before:2021", "before:2020", "before:2019"]),
        ("date:2020-1", ["date:2020-10", "date:2020-11", "date:2020-12"]),
        ("tag:nothing", []),
        ("tag:beach", []),
        ("", []),
        ("   ", []),
        ("raw:{", []),
        ("nonsense:x", []),
    ],
)
def test_what_is_begun_is_finished(gallery: Gallery, typed: str, expected: list[str]) -> None:
    wanted = [text.format(set=gallery.world["set"]) for text in expected]
    assert texts(gallery, typed) == wanted


def test_a_bare_word_may_mean_several_things(gallery: Gallery) -> None:
    found = suggested(gallery, "be")
    kinds = {one["kind"] for one in found}
    assert kinds == {"predicate", "tag", "title", "saved"}
    said = [one["text"] for one in found]
    assert said[0] == "before:"
    assert {"tag:beach", 'named:"best ones"', 'title:"Beach house"', "text:be"} <= set(said)
    assert "tag:" in texts(gallery, "t")


def test_what_most_things_have_comes_first_and_is_counted(gallery: Gallery) -> None:
    found = [(one["label"], one["count"], one["more"]) for one in suggested(gallery, "tag:be")]
    assert found == [("beach", 2, False), ("Berlin", 1, False), ("bee", 1, False)]


def test_only_the_atom_at_the_cursor_is_replaced(gallery: Gallery) -> None:
    (one,) = suggested(gallery, "tag:ber is:image", 7)
    assert (one["text"], one["cursor"]) == ("tag:Berlin is:image", len("tag:Berlin"))
    assert texts(gallery, "is:image tag:ber tag:x", 16) == ["is:image tag:Berlin tag:x"]
    assert texts(gallery, "tag:berxyz", 7) == ["tag:Berlin"]
    assert texts(gallery, "tag:ber is:image", 8) == []


def test_cursors_count_as_scripts_do(gallery: Gallery) -> None:
    text = "tag:\U0001f600 tag:ber"
    (one,) = suggested(gallery, text, len(text) + 1)
    assert one["text"] == "tag:\U0001f600 tag:Berlin"
    assert one["cursor"] == len("tag:\U0001f600 tag:Berlin") + 1
    for cursor in (-5, 0, 5, 10_000):
        suggested(gallery, text, cursor)


def test_every_value_that_is_suggested_finds_what_has_it(gallery: Gallery) -> None:
    found = texts(gallery, "tag:")
    assert len(found) == len(ODD_TAGS) + 3
    for text in found:
        assert gallery.get("items", q=text)["items"], text


def test_what_keys_do_not_hold_whole_is_not_suggested(gallery: Gallery) -> None:
    assert texts(gallery, "tag:zzz") == []


VALUES = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(ODD_TAGS)


@given(values=st.lists(VALUES, min_size=1, max_size=3))
def test_atoms_are_read_back_as_they_were_meant(values: list[str]) -> None:
    written = [atom("tag", value) for value in values]
    for value, text in zip(values, written, strict=True):
        said = parse_expression(text)
        assert said.logical is not None
        assert said.logical.b is not None
        permanode = said.logical.b.permanode
        assert permanode is not None
        assert permanode.value == value
    expression = " ".join(written)
    typed = typed_at(expression, len(expression))
    assert expression[typed.start : typed.end] == written[-1]


@given(text=st.text(st.sampled_from('tag:"\\ ()-ab')), cursor=st.integers(-1, 12))
def test_whatever_is_typed_has_an_atom_around_the_cursor(text: str, cursor: int) -> None:
    cursor = min(max(cursor, 0), len(text))
    typed = typed_at(text, cursor)
    assert 0 <= typed.start <= cursor <= typed.end <= len(text)


def test_halves_of_characters_cannot_be_said() -> None:
    assert not can_be_said("\ud800")
    assert can_be_said("\U0001f600")
