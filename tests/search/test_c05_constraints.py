"""Every field of a constraint, and what is wrong with constraints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .fixture_a import LAND
from .fixture_b import PDF
from .world import RING, World, a_world

PHOTOS = "land port pano rot"
FILES = (
    "land.jpg port.jpg pano.png square.gif rot.jpg note.txt UPPER.TXT doc.pdf"
    " one.txt two.txt three.txt inner.jpg"
)
IMAGES = "land.jpg port.jpg pano.png square.gif rot.jpg inner.jpg"
FOLDERS = "a/ b/ tree/"


def tagged(tag: str) -> dict[str, Any]:
    return {"permanode": {"attr": "tag", "value": tag}}


def both(a: Any, b: Any) -> dict[str, Any]:
    return {"logical": {"op": "and", "a": a, "b": b}}


def blobs_of(world: World, kind: str) -> set[str]:
    """The refs of all blobs that say they are of a kind."""
    said = f'"camliType": "{kind}"'.encode()
    return {
        ref
        for ref, data in world.blobs.items()
        if data.startswith(b'{"camliVersion"') and said in data
    }


def refs_that_fit(world: World, constraint: Any) -> set[str]:
    found = world.query({"constraint": constraint, "limit": -1, "sort": "blobref"})["blobs"] or []
    assert [one["blob"] for one in found] == sorted(one["blob"] for one in found)
    return {one["blob"] for one in found}


def test_an_empty_constraint_finds_nothing(b: World) -> None:
    assert b.fits({}) == set()
    assert b.fits(both(tagged("photo"), {})) == set()


def test_anything_finds_every_blob_but_what_is_deleted(b: World) -> None:
    assert refs_that_fit(b, {"anything": True}) == {*b.blobs} - {b["deleted"]}


@pytest.mark.parametrize("kind", ["file", "directory", "static-set", "claim"])
def test_blobs_are_found_by_their_type(b: World, kind: str) -> None:
    found = refs_that_fit(b, {"camliType": kind})
    deleted = {b["second claim"]}
    assert found | deleted == blobs_of(b, kind) | deleted
    assert found


def test_permanodes_are_found_by_their_type(b: World) -> None:
    found = refs_that_fit(b, {"camliType": "permanode"})
    assert found | {b["bare"]} == blobs_of(b, "permanode") - {b["deleted"]}


def test_no_blob_has_a_type_that_is_unknown(b: World) -> None:
    assert b.fits({"camliType": "nosuch"}) == set()


def test_schema_blobs_of_any_type_are_found(b: World) -> None:
    found = refs_that_fit(b, {"anyCamliType": True})
    everything = {ref for ref, data in b.blobs.items() if data.startswith(b'{"camliVersion"')}
    unsure = {b["bare"], b["second claim"]}
    assert found | unsure == (everything | unsure) - {b["deleted"]}


def test_blobs_are_found_by_the_beginning_of_their_ref(b: World) -> None:
    ref = b["land.jpg"]
    assert b.fits({"blobRefPrefix": ref}) == {"land.jpg"}
    for digits in (1, 2, 7, 20, 55):
        prefix = ref[: len("sha224-") + digits]
        expected = {one for one in b.blobs if one.startswith(prefix)} - {b["deleted"]}
        assert refs_that_fit(b, {"blobRefPrefix": prefix}) == expected
    for prefix in ("sha224-", "sha224", "s", ref.upper(), f"{ref}0", "sha1-a"):
        assert b.fits({"blobRefPrefix": prefix}) == set()


def test_a_deleted_permanode_is_not_found_by_its_ref_either(b: World) -> None:
    assert b.fits({"blobRefPrefix": "@deleted"}) == set()


@pytest.mark.parametrize(
    "bounds",
    [
        {"min": 300},
        {"max": 300},
        {"min": 100, "max": 600},
        {"min": 7, "max": 7},
        {"equals": 7},
        {"zeroMin": True, "max": 10},
        {"zeroMax": True},
        {},
    ],
)
def test_blobs_are_found_by_their_size(b: World, bounds: dict[str, Any]) -> None:
    low = bounds.get("equals", bounds.get("min", 0))
    high = bounds.get("equals", 0 if bounds.get("zeroMax") else bounds.get("max", 1 << 60))
    expected = {ref for ref, data in b.blobs.items() if low <= len(data) <= high}
    assert refs_that_fit(b, {"blobSize": bounds}) == expected - {b["deleted"]}


def test_a_size_may_stand_beside_other_tests(b: World) -> None:
    size = len(b.blobs[b["note.txt"]])
    assert "note.txt" in b.fits({"camliType": "file", "blobSize": {"equals": size}})
    assert "note.txt" not in b.fits({"camliType": "file", "blobSize": {"min": size + 1}})
    assert "note" in b.fits({**tagged("doc"), "blobSize": {"min": 1}})
    assert b.fits({**tagged("doc"), "blobSize": {"max": 1}}) == set()


@pytest.mark.parametrize(
    ("logical", "found"),
    [
        ({"op": "and", "a": tagged("photo"), "b": tagged("paris")}, "land"),
        ({"op": "or", "a": tagged("icon"), "b": tagged("paris")}, "land square"),
        ({"op": "xor", "a": tagged("photo"), "b": tagged("paris")}, "port pano rot"),
        ({"op": "and", "a": {"file": {}}, "b": {"blobRefPrefix": "@note.txt"}}, "note.txt"),
        ({"op": "or", "a": {"dir": {}}, "b": tagged("icon")}, f"{FOLDERS} square"),
        (
            {"op": "xor", "a": {"file": {}}, "b": {"file": {"isImage": True}}},
            "note.txt UPPER.TXT doc.pdf one.txt two.txt three.txt",
        ),
        (
            {
                "op": "and",
                "a": {"file": {}},
                "b": {"logical": {"op": "not", "a": {"file": {"isImage": True}}}},
            },
            "note.txt UPPER.TXT doc.pdf one.txt two.txt three.txt",
        ),
    ],
)
def test_constraints_are_joined(b: World, logical: dict[str, Any], found: str) -> None:
    assert b.fits({"logical": logical}) == set(found.split())


def test_not_is_about_every_blob(b: World) -> None:
    found = refs_that_fit(b, {"logical": {"op": "not", "a": {"anyCamliType": True}}})
    raw = {ref for ref, data in b.blobs.items() if not data.startswith(b'{"camliVersion"')}
    assert found == raw


def test_what_stands_beside_a_logical_must_hold_too(b: World) -> None:
    logical = {"op": "or", "a": tagged("icon"), "b": {"camliType": "directory"}}
    assert b.fits({"logical": logical}) == {*FOLDERS.split(), "square"}
    assert b.fits({"logical": logical, "camliType": "directory"}) == set(FOLDERS.split())
    assert b.fits({"logical": logical, "camliType": "file"}) == set()


def test_all_fields_of_a_constraint_must_hold(b: World) -> None:
    file = {"file": {"isImage": True}}
    assert b.fits({**file, "blobRefPrefix": "@land.jpg"}) == {"land.jpg"}
    assert b.fits({**file, "blobRefPrefix": "@note.txt"}) == set()
    assert b.fits({**file, "camliType": "directory"}) == set()
    assert b.fits({**file, **tagged("photo")}) == set()
    assert b.fits({**tagged("photo"), "anything": True, "anyCamliType": True}) == set(
        PHOTOS.split()
    )


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ({}, FILES),
        ({"isImage": True}, IMAGES),
        ({"isImage": False}, FILES),
        ({"fileSize": {"equals": 7}}, "note.txt UPPER.TXT one.txt two.txt"),
        ({"fileSize": {"min": 7, "max": 9}}, "note.txt UPPER.TXT one.txt two.txt three.txt"),
        ({"fileSize": {"min": len(PDF), "max": len(PDF)}}, "doc.pdf"),
        ({"fileSize": {"zeroMax": True}}, ""),
        ({"fileName": {"equals": "note.txt"}}, "note.txt"),
        ({"fileName": {"equals": "NOTE.txt"}}, ""),
        ({"fileName": {"equals": "NOTE.txt", "caseInsensitive": True}}, "note.txt"),
        ({"fileName": {"hasSuffix": ".txt"}}, "note.txt one.txt two.txt three.txt"),
        ({"fileName": {"hasPrefix": "t"}}, "two.txt three.txt"),
        ({"fileName": {"contains": "n"}}, "land.jpg pano.png note.txt one.txt inner.jpg"),
        ({"fileName": {"regexp": "^t.*t$"}}, "two.txt three.txt"),
        ({"fileName": {}}, FILES),
        ({"fileName": {"empty": True}}, ""),
        ({"mimeType": {"equals": "image/gif"}}, "square.gif"),
        ({"mimeType": {"hasPrefix": "image/"}}, IMAGES),
        ({"mimeType": {"equals": "text/plain"}}, "note.txt UPPER.TXT one.txt two.txt three.txt"),
        ({"mimeType": {"equals": "application/pdf"}}, "doc.pdf"),
        ({"mimeType": {"equals": "IMAGE/GIF"}}, ""),
        ({"time": {"before": "2016-01-01T00:00:00Z"}}, "land.jpg inner.jpg"),
        ({"time": {"after": "2018-03-02T00:00:00Z"}}, "rot.jpg"),
        (
            {"time": {"after": "2015-06-07T08:20:30Z", "before": "2015-06-07T08:20:31Z"}},
            "land.jpg inner.jpg",
        ),
        # Known by one time alone, a file was not modified.
        ({"modTime": {"after": "2000-01-01T00:00:00Z"}}, "land.jpg inner.jpg port.jpg"),
        ({"modTime": {"before": "2020-01-02T00:00:00Z"}}, "land.jpg"),
        ({"modTime": {"after": "2020-01-03T00:00:00Z"}}, "inner.jpg"),
        ({"width": {"min": 400}}, "land.jpg inner.jpg pano.png"),
        ({"width": {"min": 200, "max": 300}}, "port.jpg rot.jpg"),
        ({"width": {"equals": 128}}, "square.gif"),
        ({"height": {"min": 400}}, "port.jpg rot.jpg"),
        ({"height": {"max": 128}}, "square.gif"),
        ({"widthHeightRation": {"min": 2.5}}, "pano.png"),
        ({"widthHeightRation": {"max": 0.5}}, "rot.jpg"),
        ({"widthHeightRation": {"min": 1, "max": 1}}, "square.gif"),
        ({"location": {"any": True}}, "land.jpg port.jpg inner.jpg"),
        ({"location": {"north": 49, "west": 2, "east": 3, "south": 48}}, "land.jpg inner.jpg"),
        ({"exif": {}}, FILES),
        ({"exif": {}, "isImage": True, "height": {"equals": 300}}, "land.jpg inner.jpg"),
        ({"text": "note"}, "note.txt UPPER.TXT"),
        ({"text": "a note"}, "note.txt UPPER.TXT"),
        ({"text": "three"}, "three.txt"),
        ({"text": "nosuch"}, ""),
    ],
)
def test_files_are_found_by_what_they_are(b: World, file: dict[str, Any], found: str) -> None:
    assert b.fits({"file": file}) == set(found.split())


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Sound that says of itself what it is, and a picture."""

    def fill(world: World) -> None:
        media = RING.parents[1] / "index" / "media"
        for name in ("id3v1.mp3", "id3v23.mp3", "id3v24.mp3", "sound.ogg", "sound.opus"):
            world.file(name, (media / name).read_bytes())
        world.file("land.jpg", LAND)

    with a_world(tmp_path_factory.mktemp("sounds"), fill) as made:
        yield made


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ({"tag": "artist", "string": {"equals": "Ann"}}, "id3v1.mp3 sound.ogg"),
        ({"tag": "artist", "string": {"hasPrefix": "Ann "}}, "id3v24.mp3"),
        (
            {"tag": "title", "string": {"equals": "GRÖßE", "caseInsensitive": True}},
            "id3v1.mp3 id3v23.mp3 id3v24.mp3 sound.ogg sound.opus",
        ),
        ({"tag": "genre", "string": {"contains": "Jazz"}}, "sound.opus"),
        ({"tag": "album", "string": {"empty": True}}, "sound.opus land.jpg"),
        ({"tag": "nosuch", "string": {"equals": "x"}}, ""),
        (
            {"tag": "track", "int": {"min": 5, "max": 8}},
            "id3v1.mp3 id3v23.mp3 id3v24.mp3 sound.ogg",
        ),
        ({"tag": "track", "int": {"min": 8}}, ""),
        ({"tag": "year", "int": {"max": 1990}}, ""),
        ({"tag": "disc", "int": {"equals": 2}}, "id3v23.mp3 id3v24.mp3"),
        ({"tag": "durationms", "int": {"min": 2000}}, "sound.ogg sound.opus"),
        ({"tag": "title", "int": {"zeroMin": True}}, ""),
        ({"tag": "year", "int": {"min": 1990}, "string": {"hasPrefix": "20"}}, ""),
        (
            {"tag": "year", "int": {"min": 1990}, "string": {"hasSuffix": "9"}},
            "id3v1.mp3 id3v23.mp3 id3v24.mp3 sound.ogg",
        ),
    ],
)
def test_sounds_are_found_by_their_tags(sounds: World, tag: dict[str, Any], found: str) -> None:
    assert sounds.fits({"file": {"mediaTag": tag}}) == set(found.split())


def test_files_are_found_by_all_their_contents(b: World) -> None:
    whole = b.describe({"blobref": "@land.jpg"})["land.jpg"]["file"]["wholeRef"]
    assert b.fits({"file": {"wholeRef": whole}}) == {"land.jpg", "inner.jpg"}
    assert b.fits({"file": {"wholeRef": b["land.jpg"]}}) == set()


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        ({"claim": {}}, "ClaimConstraint"),
        ({"claim": {"signedBy": "x"}}, "ClaimConstraint"),
        ({"logical": {"op": "and"}}, "In LogicalConstraint, need to set A"),
        ({"logical": {}}, "In LogicalConstraint, need to set A"),
        (
            {"logical": {"op": "and", "a": {"anything": True}}},
            "In LogicalConstraint, need both A and B set",
        ),
        (
            {"logical": {"op": "nand", "a": {"anything": True}, "b": {"anything": True}}},
            'In LogicalConstraint, unknown operation "nand"',
        ),
        (
            {"logical": {"op": "AND", "a": {"anything": True}, "b": {"anything": True}}},
            'In LogicalConstraint, unknown operation "AND"',
        ),
        ({"blobSize": {"min": 5, "max": 4}}, "in IntConstraint, min is greater than max"),
        ({"blobSize": {"min": 5, "zeroMin": True}}, "can't set both ZeroMin and Min"),
        ({"blobSize": {"max": 5, "zeroMax": True}}, "can't set both ZeroMax and Max"),
        (
            {"permanode": {"attr": "n", "numValue": {"zeroMin": True}}},
            "NumValue with ZeroMin makes no sense; matches everything",
        ),
        (
            {"permanode": {"attr": "n", "value": "1", "numValue": {"zeroMax": True}}},
            "NumValue with ZeroMax makes no sense in conjunction with a value-matching constraint",
        ),
        (
            {"permanode": {"attr": "n", "numValue": {"min": -1}}},
            "NumValue with negative Min or Max makes no sense",
        ),
        (
            {"permanode": {"attr": "n", "numValue": {"min": 2, "max": 1}}},
            "min is greater than max",
        ),
        (
            {"permanode": {"attr": "n", "valueMatchesInt": {"min": 2, "max": 1}}},
            "min is greater than max",
        ),
        (
            {"permanode": {"relation": {"relation": "ancestor", "any": {"anything": True}}}},
            'only RelationConstraint.Relation of "parent" or "child" is currently supported',
        ),
        (
            {"permanode": {"relation": {"relation": "progeny", "any": {"anything": True}}}},
            'only RelationConstraint.Relation of "parent" or "child" is currently supported',
        ),
        (
            {"permanode": {"relation": {"any": {"anything": True}}}},
            'only RelationConstraint.Relation of "parent" or "child" is currently supported',
        ),
        (
            {"permanode": {"relation": {"relation": "parent"}}},
            "exactly one of RelationConstraint Any or All must be defined",
        ),
        (
            {
                "permanode": {
                    "relation": {
                        "relation": "parent",
                        "any": {"anything": True},
                        "all": {"anything": True},
                    }
                }
            },
            "exactly one of RelationConstraint Any or All must be defined",
        ),
        (
            {"dir": {"contains": {"file": {}}, "recursiveContains": {"file": {}}}},
            "Contains and RecursiveContains in a DirConstraint are mutually exclusive",
        ),
        (
            {"dir": {"contains": {"permanode": {}}}},
            "[Recursive]Contains constraint should have a *FileConstraint, or a *DirConstraint, or",
        ),
        ({"dir": {"recursiveContains": {"camliType": "file"}}}, "[Recursive]Contains constraint"),
        ({"file": {"fileName": {"regexp": "("}}}, "regexp"),
        ({"file": {"wholeRef": "nothing"}}, "nothing"),
        ({"permanode": {"at": ""}}, "RFC 3339"),
        ({"permanode": {"at": "2016"}}, "2016"),
        ({"permanode": {"time": {"before": "yesterday"}}}, "yesterday"),
        ({"permanode": {"time": {"inLast": "5m"}}}, "integer"),
        ({"permanode": {"attr": 7}}, "string"),
        ({"anything": "yes"}, "true or false"),
        ({"blobSize": {"min": 1 << 63}}, "64 bits"),
        ({"nosuch": 1}, 'unknown field "nosuch"'),
    ],
)
def test_what_makes_no_sense_is_refused(b: World, constraint: dict[str, Any], said: str) -> None:
    assert said in b.refusal({"constraint": constraint})


def test_what_makes_no_sense_is_refused_wherever_it_stands(b: World) -> None:
    """Perkeep looks at the outermost alone, and finds nothing, or fails while it searches."""
    wrong = {"permanode": {"attr": "tag"}}
    for constraint in (
        {"logical": {"op": "not", "a": wrong}},
        {"permanode": {"attr": "camliContent", "valueInSet": wrong}},
        {"permanode": {"relation": {"relation": "child", "any": wrong}}},
        {"permanode": {"relation": {"relation": "child", "all": wrong}}},
        {"file": {"parentDir": {"contains": wrong}}},
        {"dir": {"parentDir": {"contains": wrong}}},
    ):
        b.refusal({"constraint": constraint})


def test_an_integer_may_be_negative_and_null_is_nothing(b: World) -> None:
    negative = {"permanode": {"attr": "n", "valueMatchesInt": {"max": -1}}}
    assert b.fits(negative) == {"nums"}
    absent = {"anything": None, "camliType": None, "permanode": {"attr": "tag", "value": "icon"}}
    assert b.fits(json.loads(json.dumps(absent))) == {"square"}
