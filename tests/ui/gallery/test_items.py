"""Items: what a page of tiles says of each thing."""

from __future__ import annotations

import struct

import pytest

from ...search.pictures import picture
from ...search.world import World
from .conftest import Gallery

MARKUP = "</script><img src=x onerror=alert(1)>"


def wave(seconds: int) -> bytes:
    """Silence."""
    data = bytes(8000 * seconds)
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    body = b"WAVE" + head + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def test_a_picture_has_its_shape_as_shown_and_the_time_its_camera_showed(
    world: World, gallery: Gallery
) -> None:
    turned = picture(40, 20, orientation=6, taken="2015:06:07 10:20:30")
    world.file("photo.jpg", turned)
    world.thing("photo", "2020-01-01", camliContent="@photo.jpg", tag=["b", "a"])
    world.settle()
    item = gallery.item("photo")
    assert item == {
        "ref": world["photo"],
        "kind": "image",
        "title": "photo.jpg",
        "content": world["photo.jpg"],
        "name": "photo.jpg",
        "mime": "image/jpeg",
        "size": len(turned),
        "width": 20,
        "height": 40,
        "time": "2015-06-07T10:20:30Z",
        "seconds": None,
        "count": None,
        "cover": world["photo.jpg"],
        "tags": ["b", "a"],
    }


def test_a_sound_tells_how_long_it_plays(world: World, gallery: Gallery) -> None:
    world.file("sound.wav", wave(2), modified="2020-01-01")
    world.thing("sound", "2020-01-01", camliContent="@sound.wav", title="Silence")
    world.settle()
    item = gallery.item("sound")
    assert (item["kind"], item["title"], item["seconds"]) == ("audio", "Silence", 2)
    assert (item["name"], item["cover"]) == ("sound.wav", None)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("notes.txt", b"words", "document"),
        ("paper.pdf", b"%PDF-1.4\n", "document"),
        ("table.ods", b"\0\1\2", "document"),
        ("page.html", b"<!doctype html><p>x", "document"),
        ("archive.zip", b"PK\3\4\x14\0\0\0", "file"),
        ("thing.bin", b"\0\1\2\3", "file"),
        ("anim.gif", b"GIF89a\1\0\1\0", "image"),
    ],
)
def test_files_are_of_the_kinds_that_people_know(
    world: World, gallery: Gallery, name: str, data: bytes, kind: str
) -> None:
    world.file(name, data)
    world.thing("it", "2020-01-01", camliContent=f"@{name}")
    world.settle()
    assert gallery.item("it")["kind"] == kind


def test_text_from_anywhere_is_kept_as_text_and_cut(world: World, gallery: Gallery) -> None:
    world.thing("evil", "2020-01-01", title=MARKUP, tag=MARKUP)
    world.thing("long", "2020-01-01", title="x" * 900_000, tag="y" * 5000)
    world.thing("lines", "2020-01-01", title="  a\n\tb\u2028c ")
    evil, long, lines = map(gallery.item, ("evil", "long", "lines"))
    assert (evil["title"], evil["tags"]) == (MARKUP, [MARKUP])
    assert (len(long["title"]), len(long["tags"][0])) == (300, 100)
    assert lines["title"] == "a b c"
    raw = gallery.ask("items").body
    assert b"<" not in raw
    assert b">" not in raw


def test_file_names_that_are_no_text_are_shown_all_the_same(world: World, gallery: Gallery) -> None:
    world.file("odd", b"x", called="a\udcff\ud800b".encode("utf-8", "replace").decode())
    world.thing("it", "2020-01-01", camliContent="@odd")
    world.settle()
    assert gallery.item("it")["name"] == "a??b"


def test_a_set_is_counted_and_shown_by_its_newest_picture(world: World, gallery: Gallery) -> None:
    for number in range(3):
        name = f"p{number}"
        world.file(f"{name}.jpg", picture(10, 10 + number), modified=f"2020-01-0{number + 1}")
        world.thing(name, "2020-02-01", camliContent=f"@{name}.jpg")
    world.thing("note", "2020-03-01", title="newer, but no picture")
    members = [f"@{name}" for name in ("p0", "p1", "p2", "note")]
    world.thing("set", "2020-02-02", title="Set", camliMember=members)
    world.thing("chosen", "2020-02-02", camliMember=["@p0"], camliContentImage="@p1.jpg")
    world.settle()
    item = gallery.item("set")
    assert (item["kind"], item["count"], item["content"]) == ("set", 4, None)
    assert item["cover"] == world["p2.jpg"]
    assert gallery.item("chosen")["cover"] == world["p1.jpg"]


def test_a_title_alone_is_an_empty_set_and_nothing_at_all_something(
    world: World, gallery: Gallery
) -> None:
    world.thing("empty", "2020-01-01", title="To come")
    world.thing("note", "2020-01-01", title="Tweet", camliNodeType="twitter.com:tweet")
    world.thing("bare", "2020-01-01", tag="x")
    assert (gallery.item("empty")["kind"], gallery.item("empty")["count"]) == ("set", 0)
    assert (gallery.item("note")["kind"], gallery.item("note")["count"]) == ("other", None)
    assert gallery.item("bare")["kind"] == "other"


def test_a_folder_tells_what_is_in_it(world: World, gallery: Gallery) -> None:
    world.file("a.jpg", picture(8, 8))
    world.file("b.txt", b"words")
    world.folder("inner", ["b.txt"])
    world.folder("outer", ["a.jpg", "inner"])
    world.thing("kept", "2020-01-01", camliContent="@outer")
    world.settle()
    item = gallery.item("kept")
    assert (item["kind"], item["count"], item["name"]) == ("folder", 2, "outer")
    assert item["size"] == len(picture(8, 8)) + 5
    assert item["cover"] == world["a.jpg"]


def test_content_that_is_missing_or_no_file_is_no_trouble(world: World, gallery: Gallery) -> None:
    missing = "sha224-" + "5" * 56
    world.thing("missing", "2020-01-01", title="m", camliContent=missing)
    world.put(b"just data", "data")
    world.thing("raw", "2020-01-01", camliContent="@data")
    item = gallery.item("missing")
    assert (item["kind"], item["title"], item["count"]) == ("other", "m", None)
    assert gallery.item("raw")["kind"] == "other"
