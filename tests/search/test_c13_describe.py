"""Descriptions: of each kind of thing, how deep, and by which rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.blob import Part
from holdfast.schema.build import bytes_text
from holdfast.schema.claims import Delete, Share
from holdfast.schema.directories import write_special, write_symlink
from holdfast.schema.facts import FileFacts

from .fixture_a import LAND
from .fixture_b import fill_b
from .world import World, a_world

SOUND = "id3v24.mp3"


def fill(world: World) -> None:
    """What the second captured world has not."""
    from .world import RING

    world.put(b"just bytes", "raw")
    world.put(bytes_text([Part(10, world["raw"])]), "bytes")
    made: list[Blob] = []
    write_symlink(FileFacts(name=b"link"), b"target", made.append)
    write_special(FileFacts(name=b"fifo"), "fifo", made.append)
    world.put(made[0].data, "symlink")
    world.put(made[1].data, "fifo")
    media = RING.parents[1] / "index" / "media"
    world.file("sound.mp3", (media / SOUND).read_bytes(), modified="2019-05-01")
    world.file("plain file", b"")
    world.share("land", "2026-06-01", name="share")
    world.permanode("story")
    world.add("story", "tag", "a", "2026-06-02")
    world.add("story", "tag", "b", "2026-06-03")
    world.add("story", "tag", "a", "2026-06-04")
    world.add("story", "empty", "", "2026-06-05")
    world.set("story", "title", "x", "2026-06-06")
    world.set("story", "title", "", "2026-06-07")
    world.add("story", "gone", "1", "2026-06-08")
    world.remove("story", "gone", "1", "2026-06-09")
    world.add("story", "cleared", "1", "2026-06-10")
    world.remove("story", "cleared", "", "2026-06-11")
    world.set("story", "undone", "1", "2026-06-12", name="undone claim")
    world.says(Delete(world["undone claim"]), "2026-06-13")
    world.thing("naming", "2026-06-14")
    world.set("naming", f"ref-{world['note']}", "x", "2026-06-14")
    world.set("naming", "text", f"see {world['upper']}, and {world['pdf']}.", "2026-06-14")
    world.set("naming", "no", f"x{world['land']} sha999-abc {world['land'][:-1]}", "2026-06-14")
    world.thing("stranger", "2026-06-15", startDate="1890-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("describe"), fill_b, fill) as made:
        yield made


def described(world: World, name: str, **more: Any) -> dict[str, Any]:
    meta = world.describe({"blobref": f"@{name}", **more})
    found: dict[str, Any] = meta[name]
    return found


def size_of(world: World, name: str) -> int:
    return len(world.blobs[world[name]])


def test_a_permanode(world: World) -> None:
    found = described(world, "land")
    # Both were added at one moment.
    found["permanode"]["attr"]["tag"].sort()
    assert found == {
        "blobRef": "land",
        "camliType": "permanode",
        "size": size_of(world, "land"),
        "permanode": {
            "attr": {
                "camliContent": ["land.jpg"],
                "tag": ["paris", "photo"],
                "title": ["Eiffel Tower"],
            },
            "modtime": "2026-05-01T00:00:00Z",
        },
        "location": pytest.approx({"latitude": 48.8584, "longitude": 2.2945}),
    }


def test_the_location_of_a_venue_is_that_of_its_visits(world: World) -> None:
    assert described(world, "checkin")["location"] == {"latitude": -33.85, "longitude": 151.21}
    assert described(world, "venue")["location"] == {"latitude": -33.85, "longitude": 151.21}
    assert "location" not in described(world, "tweet")


def test_an_image(world: World) -> None:
    assert described(world, "rot.jpg") == {
        "blobRef": "rot.jpg",
        "camliType": "file",
        "size": size_of(world, "rot.jpg"),
        "file": {
            "fileName": "rot.jpg",
            "size": described(world, "rot.jpg")["file"]["size"],
            "mimeType": "image/jpeg",
            "time": "2018-03-02T00:00:00Z",
            "wholeRef": described(world, "rot.jpg")["file"]["wholeRef"],
        },
        "image": {"width": 200, "height": 400},
    }


def test_an_image_with_a_place_and_two_times(world: World) -> None:
    found = described(world, "land.jpg")
    assert found["file"] == {
        "fileName": "land.jpg",
        "size": len(LAND),
        "mimeType": "image/jpeg",
        "time": "2015-06-07T08:20:30Z",
        "modTime": "2020-01-01T00:00:00Z",
        "wholeRef": Ref.of(LAND),
    }
    assert found["location"] == pytest.approx({"latitude": 48.8584, "longitude": 2.2945})


def test_a_text_file(world: World) -> None:
    assert described(world, "note.txt")["file"] == {
        "fileName": "note.txt",
        "size": 7,
        "mimeType": "text/plain",
        "time": "2017-01-01T00:00:00Z",
        "wholeRef": Ref.of(b"a note\n"),
    }
    assert "image" not in described(world, "note.txt")


def test_a_file_without_times_or_contents(world: World) -> None:
    assert described(world, "plain file")["file"] == {
        "fileName": "plain file",
        "size": 0,
        "wholeRef": Ref.of(b""),
    }


def test_a_sound(world: World) -> None:
    tags = described(world, "sound.mp3")["mediaTags"]
    assert tags["title"]
    assert all(isinstance(value, str) and value for value in tags.values())
    assert described(world, "sound.mp3")["file"]["mimeType"] == "audio/mpeg"


def test_a_folder(world: World) -> None:
    found = described(world, "a/")
    children = found.pop("dirChildren")
    assert sorted(children) == ["b/", "two.txt"]
    assert found == {
        "blobRef": "a/",
        "camliType": "directory",
        "size": size_of(world, "a/"),
        "dir": {"fileName": "a", "size": 2, "wholeRef": None},
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("share", "claim"),
        ("second claim", "claim"),
        ("its delete", "claim"),
        ("bytes", "bytes"),
        ("symlink", "symlink"),
        ("fifo", "fifo"),
    ],
)
def test_what_is_a_schema_blob_and_no_more(world: World, name: str, kind: str) -> None:
    expected = {"blobRef": name, "camliType": kind, "size": size_of(world, name)}
    assert described(world, name) == expected


def test_what_is_no_schema_blob(world: World) -> None:
    assert described(world, "raw") == {"blobRef": "raw", "size": 10}


def test_what_is_not_there_is_left_out(world: World) -> None:
    nowhere = "sha224-" + "0" * 56
    assert world.describe({"blobref": nowhere}) == {}
    assert set(world.describe({"blobrefs": [nowhere, "@bare"]})) == {"bare"}


def test_nothing_is_described_if_nothing_is_asked_for(world: World) -> None:
    assert world.describe({}) == {}


def test_both_ways_to_ask_count(world: World) -> None:
    found = world.describe({"blobref": "@bare", "blobrefs": ["@raw", "@bare", "@note.txt"]})
    assert set(found) == {"bare", "raw", "note.txt"}


def test_what_is_unknown_in_a_request_is_ignored(world: World) -> None:
    assert set(world.describe({"blobref": "@bare", "thumbnailSize": 100, "x": 1})) == {"bare"}


def test_attributes_are_what_is_said_once(world: World) -> None:
    found = described(world, "story")["permanode"]
    assert found["attr"] == {"tag": ["a", "b"], "gone": []}
    assert found["modtime"] == "2026-06-11T00:00:00Z"


def test_a_deleted_permanode_is_described_as_if_it_were_not(world: World) -> None:
    found = described(world, "deleted")["permanode"]
    assert found.pop("deleted") is True  # ours alone
    assert found == {"attr": {"tag": ["doc"], "title": ["Gone"]}, "modtime": "2026-04-08T00:00:00Z"}


def test_a_permanode_of_which_nothing_is_said(world: World) -> None:
    assert described(world, "bare")["permanode"] == {
        "attr": {},
        "modtime": "0001-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("at", "attributes", "changed"),
    [
        ("2025-12-31T00:00:00Z", {}, "0001-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", {"title": ["A"]}, "2026-01-01T00:00:00Z"),
        ("2026-02-15T00:00:00Z", {"title": ["B"]}, "2026-02-01T00:00:00Z"),
        ("2026-03-01T00:00:00Z", {}, "2026-03-01T00:00:00Z"),
        ("2026-04-03T12:00:00Z", {"title": ["C"], "tag": ["x", "y"]}, "2026-04-03T00:00:00Z"),
        # The second `x` changed nothing.
        ("2026-04-04T12:00:00Z", {"title": ["C"], "tag": ["x", "y"]}, "2026-04-03T00:00:00Z"),
        ("2026-04-05T00:00:00Z", {"title": ["C"], "tag": ["x"]}, "2026-04-05T00:00:00Z"),
    ],
)
def test_a_permanode_at_a_time(
    world: World, at: str, attributes: dict[str, list[str]], changed: str
) -> None:
    expected = {"attr": attributes, "modtime": changed}
    assert described(world, "tl", at=at)["permanode"] == expected
    by_url = world.in_names(world.get("describe", blobref="@tl", at=at)["meta"])
    assert by_url["tl"]["permanode"] == expected


SET = {"set"}
MEMBERS = {"land", "port"}
PICTURES = {"land.jpg", "port.jpg"}


@pytest.mark.parametrize(
    ("name", "depth", "found"),
    [
        ("set", 0, SET),
        ("set", 1, SET),
        ("set", 2, SET | MEMBERS),
        ("set", 3, SET | MEMBERS | PICTURES),
        ("set", 9, SET | MEMBERS | PICTURES),
        ("root", 1, {"root"}),
        ("root", 2, {"root", "sub"}),
        ("root", 3, {"root", "sub", "note"}),
        ("root", 4, {"root", "sub", "note", "note.txt"}),
        ("note.txt", 5, {"note.txt"}),
        ("second claim", 5, {"second claim"}),
        ("share", 5, {"share"}),
        ("deleted", 5, {"deleted"}),
        # Refs in names of attributes count, and such as stand between other words.
        ("naming", 2, {"naming", "note", "upper", "pdf"}),
    ],
)
def test_depth_follows_refs_in_attributes(
    world: World, name: str, depth: int, found: set[str]
) -> None:
    assert set(world.describe({"blobref": f"@{name}", "depth": depth})) == found
    by_url = world.get("describe", blobref=f"@{name}", depth=str(depth))
    assert set(world.in_names(by_url["meta"])) == found


def test_a_folder_is_not_described_to_its_bottom(world: World) -> None:
    """Perkeep goes through the whole tree, whatever the depth."""
    for depth, found in [
        (1, {"tree/", "one.txt", "a/"}),
        (2, {"tree/", "one.txt", "a/", "two.txt", "b/"}),
        (3, {"tree/", "one.txt", "a/", "two.txt", "b/", "three.txt", "inner.jpg"}),
    ]:
        meta = world.describe({"blobref": "@tree/", "depth": depth})
        assert {"tree/"} <= set(meta) <= {*found}
        assert sorted(meta["tree/"]["dirChildren"]) == ["a/", "one.txt"]


def test_of_a_folder_some_members_may_be_left_out(world: World) -> None:
    for most, count in ((1, 1), (2, 2), (50, 2), (0, 2), (-5, 2), (1001, 2)):
        meta = world.describe({"blobref": "@tree/", "maxDirChildren": most, "depth": 1})
        assert len(meta["tree/"]["dirChildren"]) == count
        assert meta["tree/"]["dir"]["size"] == 2
    by_url = world.get("describe", blobref="@tree/", maxdirchildren="1")["meta"]
    once = by_url[world["tree/"]]["dirChildren"]
    again = world.get("describe", blobref="@tree/", maxdirchildren="1")["meta"]
    assert len(once) == 1
    assert again[world["tree/"]]["dirChildren"] == once


@pytest.mark.parametrize(
    ("name", "rules", "found"),
    [
        ("set", [{"attrs": ["camliMember"]}], SET | MEMBERS),
        (
            "set",
            [{"attrs": ["camliMember"], "rules": [{"attrs": ["camliContent"]}]}],
            SET | MEMBERS | PICTURES,
        ),
        # Nested, a rule is for what its outer rule leads to, and no other.
        ("set", [{"attrs": ["title"], "rules": [{"attrs": ["camliMember"]}]}], SET),
        # Side by side, rules are for everything that is described.
        (
            "set",
            [{"attrs": ["camliMember"]}, {"attrs": ["camliContent"]}],
            SET | MEMBERS | PICTURES,
        ),
        ("set", [{"attrs": ["*"]}], SET | MEMBERS | PICTURES),
        ("set", [{"attrs": ["camli*"]}], SET | MEMBERS | PICTURES),
        ("set", [{"attrs": ["CamliMember"]}], SET),
        ("root", [{"attrs": ["camliPath:*"]}], {"root", "sub", "note"}),
        ("root", [{"attrs": ["camliPath:subdir"]}], {"root", "sub"}),
        ("root", [{"attrs": ["camliPath"]}], {"root"}),
        ("root", [{"attrs": ["camliPath:*"], "ifResultRoot": True}], {"root", "sub"}),
        ("set", [{"attrs": ["*"], "ifResultRoot": True}], SET | MEMBERS),
        (
            "checkin",
            [
                {
                    "ifCamliNodeType": "foursquare.com:checkin",
                    "attrs": ["foursquareVenuePermanode"],
                }
            ],
            {"checkin", "venue"},
        ),
        (
            "checkin",
            [{"ifCamliNodeType": "foursquare.com:venue", "attrs": ["*"]}],
            {"checkin"},
        ),
        (
            "checkin",
            [{"attrs": ["with", "foursquareVenuePermanode"]}],
            {"checkin", "venue", "person"},
        ),
        ("set", [], SET),
        ("set", [{}], SET),
        ("tree", [{"attrs": ["nosuch", "camliContent"], "ifResultRoot": False}], None),
    ],
)
def test_rules_lead_on(
    world: World, name: str, rules: list[dict[str, Any]], found: set[str] | None
) -> None:
    meta = set(world.describe({"blobref": f"@{name}", "depth": 1, "rules": rules}))
    if found is None:
        assert meta >= {"tree", "tree/"}
    else:
        assert meta == found


def test_rules_hold_for_all_results_of_a_search(world: World) -> None:
    describe = {"depth": 1, "rules": [{"attrs": ["camliContent"], "ifResultRoot": True}]}
    found = world.query({"expression": "tag:doc", "describe": describe})
    meta = set(world.in_names(found["description"]["meta"]))
    assert meta == {"pdf", "upper", "note", "doc.pdf", "UPPER.TXT", "note.txt"}


def test_rules_and_depth_work_together(world: World) -> None:
    rules = [{"attrs": ["camliContent"]}]
    meta = set(world.describe({"blobref": "@set", "depth": 2, "rules": rules}))
    assert meta == SET | MEMBERS | PICTURES


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"blobref": "x"}', "x"),
        (b'{"blobrefs": "x"}', "array"),
        (b'{"depth": "1"}', "integer"),
        (b'{"at": "spring"}', "spring"),
        (b"", "JSON"),
        (b"{", "JSON"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(world: World, body: bytes, said: str) -> None:
    answer = world.ask("POST", "describe", body=body)
    assert answer.status == 400
    assert said in answer.json["error"]


def test_a_bad_depth_is_refused_and_a_bad_time_is_not(world: World) -> None:
    land = world["land"]
    answer = world.ask("GET", "describe", params={"blobref": land, "depth": "deep"})
    assert answer.status == 400
    assert answer.json["error"] == 'Invalid parameter "depth"'
    assert set(world.get("describe", blobref="@land", at="spring")["meta"]) == {land}


def test_several_can_be_asked_for_by_url(world: World) -> None:
    params = [("blobref", world["land"]), ("blobref", world["raw"])]
    query = "&".join(f"{name}={value}" for name, value in params)
    answer = world.ask("GET", "describe", params=query)
    assert set(world.in_names(answer.json["meta"])) == {"land", "raw"}
    json.dumps(answer.json)


def test_what_is_described_belongs_to_the_owner_alone(world: World) -> None:
    from .world import STRANGER_KEY

    world.put(STRANGER_KEY.public.blob)
    world.set("stranger", "title", "theirs", "2026-07-01", key=STRANGER_KEY)
    assert described(world, "stranger")["permanode"] == {
        "attr": {"startDate": ["1890-01-01T00:00:00Z"]},
        "modtime": "2026-06-15T00:00:00Z",
    }


def test_a_share_of_a_search_is_a_leaf(world: World) -> None:
    ref = world.says(Share(search={"expression": "tag:photo"}), "2026-07-02")
    assert set(world.describe({"blobref": ref, "depth": 3})) == {ref}
