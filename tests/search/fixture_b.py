"""What was put into Perkeep's server before the pairs of `test_captured_b.py` were captured."""

from __future__ import annotations

from .fixture_a import LAND
from .pictures import picture
from .world import World

PARIS = (48.8584, 2.2945)
NEW_YORK = (40.7, -74.0)
SYDNEY = (-33.85, 151.21)

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n%%EOF\n"


def fill_b(world: World) -> None:
    """Files, folders and permanodes of every kind that Perkeep's importers and tools make."""
    _files(world)
    _contents(world)
    _containers(world)
    _imported(world)
    _histories(world)


def _files(world: World) -> None:
    world.file("land.jpg", LAND, modified="2020-01-01")
    port = picture(300, 400, taken="2016:01:02 03:04:05", place=NEW_YORK)
    world.file("port.jpg", port, modified="2020-01-02")
    world.file("pano.png", picture(600, 200, kind="PNG"), modified="2018-03-01")
    world.file("square.gif", picture(128, 128, kind="GIF"))
    world.file("rot.jpg", picture(400, 200, orientation=6), modified="2018-03-02")
    world.file("note.txt", b"a note\n", modified="2017-01-01")
    world.file("UPPER.TXT", b"A NOTE\n", modified="2017-01-02")
    world.file("doc.pdf", PDF, modified="2017-01-03")
    for name in ("one.txt", "two.txt", "three.txt"):
        world.file(name, name.encode(), modified="2017-02-01")
    world.file("inner.jpg", LAND, modified="2020-01-03")
    world.folder("b/", ["inner.jpg", "three.txt"], called="b")
    world.folder("a/", ["two.txt", "b/"], called="a")
    world.folder("tree/", ["one.txt", "a/"], called="tree")


def _contents(world: World) -> None:
    world.thing(
        "land",
        "2026-05-01",
        camliContent="@land.jpg",
        tag=["photo", "paris"],
        title="Eiffel Tower",
    )
    world.thing("port", "2026-05-02", camliContent="@port.jpg", tag=["photo"])
    world.thing("pano", "2026-05-03", camliContent="@pano.png", tag=["photo"])
    world.thing("square", "2026-05-04", camliContent="@square.gif", tag=["icon"])
    world.thing("rot", "2026-05-05", camliContent="@rot.jpg", tag=["photo"])
    world.thing("note", "2026-05-06", camliContent="@note.txt", tag=["doc"])
    world.thing("upper", "2026-05-07", camliContent="@UPPER.TXT", tag=["doc"])
    world.thing("pdf", "2026-05-08", camliContent="@doc.pdf", tag=["doc"])
    world.thing("tree", "2026-05-09", camliContent="@tree/")


def _containers(world: World) -> None:
    world.thing("set", "2026-05-10", title="My Set", camliMember=["@land", "@port"])
    world.thing("sub", "2026-05-11", camliNodeType="directory")
    world.set("sub", "camliPath:note.txt", "@note", "2026-05-11")
    world.thing("root", "2026-05-12", camliRoot="home")
    world.set("root", "camliPath:subdir", "@sub", "2026-05-12")
    world.thing("hidden", "2026-05-13", tag=["doc"], camliDefVis="hide")


def _imported(world: World) -> None:
    latitude, longitude = map(str, SYDNEY)
    world.thing(
        "venue",
        "2026-05-14",
        camliNodeType="foursquare.com:venue",
        title="Opera House",
        latitude=latitude,
        longitude=longitude,
    )
    world.thing(
        "person",
        "2026-05-15",
        camliNodeType="foursquare.com:person",
        givenName="Alice",
        familyName="Smith",
    )
    world.thing(
        "checkin",
        "2026-05-16",
        camliNodeType="foursquare.com:checkin",
        startDate="2014-04-05T00:00:00Z",
        foursquareVenuePermanode="@venue",
        **{"with": "@person"},
    )
    world.thing("tweet", "2026-05-17", camliNodeType="twitter.com:tweet", content="short")
    world.thing("like", "2026-05-18", camliNodeType="twitter.com:like")


def _histories(world: World) -> None:
    world.thing("nums", "2026-11-09T07:00:00", n=["5", "-7"], f="2.5")
    world.set("nums", "blank", "", "2026-11-09T07:30:00")
    world.permanode("tl")
    world.set("tl", "title", "A", "2026-01-01")
    world.set("tl", "title", "B", "2026-02-01")
    world.remove("tl", "title", "", "2026-03-01")
    world.set("tl", "title", "C", "2026-04-01")
    world.add("tl", "tag", "x", "2026-04-02")
    world.add("tl", "tag", "y", "2026-04-03")
    world.add("tl", "tag", "x", "2026-04-04")
    world.remove("tl", "tag", "y", "2026-04-05")
    world.permanode("emptied")
    world.add("emptied", "tag", "gone", "2026-04-06")
    world.remove("emptied", "tag", "gone", "2026-04-07")
    world.thing("deleted", "2026-04-08", tag=["doc"], title="Gone")
    world.delete("deleted", "2026-04-09", name="the delete")
    world.permanode("delcl")
    world.set("delcl", "title", "first", "2026-07-01")
    world.set("delcl", "title", "second", "2026-07-02", name="second claim")
    world.delete("second claim", "2026-07-03", name="its delete")
    world.permanode("bare")
