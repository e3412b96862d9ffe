"""Why a blob is kept: the ways up from it, for a person who wonders."""

from __future__ import annotations

import random
from typing import Any

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.search.whys import Whys
from holdfast.schema.blob import parse_schema
from holdfast.schema.claims import AddAttribute, DelAttribute, SetAttribute, Share
from holdfast.schema.directories import write_static_set

from ..conftest import NOW, OWNER, STRANGER, Speaker, key_blob
from .conftest import Library


def why(library: Library, ref: Ref, **asked: Any) -> Any:
    return Whys(library.reader, library.storage).why(ref, **asked)


def ways(document: Any) -> list[list[str]]:
    """The paths as a person would read them."""
    return [[step.get("name", step["type"]) for step in path] for path in document["paths"]]


def chunks_of(library: Library, file: Ref) -> list[Ref]:
    """The blobs of a file's bytes, whatever is in between."""
    found: list[Ref] = []
    for part in parse_schema(*next(library.storage.fetch([file]))).parts:
        found += [part.blob_ref] if part.blob_ref else chunks_of(library, part.bytes_ref)
    return found


def test_a_chunk_is_kept_for_the_album_its_photo_is_in(library: Library) -> None:
    photo = library.file("IMG_1.jpg", b"pixels")
    (chunk,) = chunks_of(library, photo)
    folder = library.folder("2015", [photo])
    node = library.permanode("node", title="Holidays", camliContent=folder)
    album = library.permanode("album", title="Travels", camliMember=[node])
    document = why(library, chunk)
    assert document["is"] == {"type": "data"}
    assert ways(document) == [["data", "IMG_1.jpg", "2015", "Holidays", "Travels"]]
    (path,) = document["paths"]
    assert [step["ref"] for step in path] == [chunk, photo, folder, node, album]
    hows = [step.get("how") for step in path]
    assert hows == [None, "part", "entry", "camliContent", "camliMember"]
    assert "truncated" not in document


def test_each_reason_names_both_ends_and_the_claims_that_say_so(library: Library) -> None:
    file = library.file("a.txt", b"a")
    node = library.permanode("node", title="Note", camliContent=file)
    claim = library.owner.made[-1].ref
    document = why(library, file)
    assert document == {
        "ref": file,
        "is": {"type": "file", "name": "a.txt"},
        "because": [
            {
                "to": file,
                "from": node,
                "type": "permanode",
                "name": "Note",
                "how": "camliContent",
                "current": True,
                "claims": [claim],
            }
        ],
        "paths": [
            [
                {"ref": file, "type": "file", "name": "a.txt"},
                {
                    "ref": node,
                    "type": "permanode",
                    "name": "Note",
                    "how": "camliContent",
                    "current": True,
                },
            ]
        ],
    }


def test_the_inside_of_a_large_file_is_told_but_not_walked_through(library: Library) -> None:
    file = library.file("film", random.Random(3).randbytes(3_000_000))
    parts = parse_schema(*next(library.storage.fetch([file]))).parts
    inner = next(part.bytes_ref for part in parts if part.bytes_ref)
    document = why(library, chunks_of(library, inner)[0])
    assert {reason["type"] for reason in document["because"]} == {"bytes", "file"}
    assert ways(document) == [["data", "film"]]


def test_a_list_that_is_no_inside_of_a_folder_is_a_step_of_its_own(library: Library) -> None:
    file = library.file("a.txt", b"a")
    made: list[Blob] = []
    listed = write_static_set([file], made.append)
    library.hub.receive(made)
    library.permanode("node", title="Mine", camliContent=listed)
    assert ways(why(library, file)) == [["a.txt", "static-set", "Mine"]]


def test_a_blob_may_be_kept_for_several_reasons(library: Library) -> None:
    file = library.file("a.txt", b"a")
    library.folder("one", [file])
    library.folder("two", [file])
    library.permanode("path", title="Path", camliPath_x=file)
    share = library.says(Share(target=file))
    document = why(library, file)
    assert sorted(ways(document)) == [
        ["a.txt", "Path"],
        ["a.txt", "claim"],
        ["a.txt", "one"],
        ["a.txt", "two"],
    ]
    assert {reason["how"] for reason in document["because"]} == {"entry", "camliPath:x", "share"}
    (shared,) = (reason for reason in document["because"] if reason["how"] == "share")
    assert (shared["from"], shared["current"]) == (share, True)
    library.delete(share)
    (shared,) = (r for r in why(library, file)["because"] if r["how"] == "share")
    assert shared["current"] is False


def test_what_was_so_once_is_a_reason_that_is_past(library: Library) -> None:
    old, new = library.file("old", b"old"), library.file("new", b"new")
    node = library.permanode("node", camliContent=old, camliMember=[old], camliPath_x=old)
    library.says(
        SetAttribute(node, "camliContent", new),
        DelAttribute(node, "camliMember", old),
        SetAttribute(node, "camliPath:x", new),
    )
    reasons = why(library, old)["because"]
    assert {reason["how"]: reason["current"] for reason in reasons} == {
        "camliContent": False,
        "camliMember": False,
        "camliPath:x": False,
    }
    assert all(reason["current"] for reason in why(library, new)["because"])


def test_what_a_deleted_permanode_holds_is_past_and_marked(library: Library) -> None:
    file = library.file("a", b"a")
    node = library.permanode("node", camliContent=file)
    library.delete(node)
    (reason,) = why(library, file)["because"]
    assert (reason["current"], reason["deleted"]) == (False, True)
    # A delete is no reason to keep what it deletes.
    assert why(library, node)["because"] == []


def test_what_a_stranger_says_is_told_as_what_does_not_count(library: Library) -> None:
    file = library.file("a", b"a")
    node = library.permanode("node", title="x")
    library.says(SetAttribute(node, "camliContent", file), by=Speaker(STRANGER, at=NOW * 2))
    (reason,) = why(library, file)["because"]
    assert (reason["from"], reason["current"]) == (node, False)


def test_a_claim_is_kept_for_what_it_is_about(library: Library) -> None:
    node = library.permanode("node")
    claim = library.says(SetAttribute(node, "title", "x"))
    (reason,) = why(library, claim)["because"]
    assert (reason["from"], reason["how"], reason["current"]) == (node, "claim", True)
    library.delete(claim)
    (reason,) = why(library, claim)["because"]
    assert reason["current"] is False


def test_several_claims_of_the_same_are_one_reason(library: Library) -> None:
    file = library.file("a", b"a")
    node = library.permanode("node")
    claims = [library.says(SetAttribute(node, "camliContent", file)) for _ in range(3)]
    (reason,) = why(library, file)["because"]
    assert sorted(reason["claims"]) == sorted(claims)


def test_nothing_holds_what_stands_alone(library: Library) -> None:
    alone, missing = library.put(b"alone"), Ref.of(b"missing")
    assert why(library, alone) == {
        "ref": alone,
        "is": {"type": "data"},
        "because": [],
        "paths": [[{"ref": alone, "type": "data"}]],
    }
    assert why(library, missing)["is"] == {"type": "missing"}
    library.permanode("signed")
    assert why(library, key_blob(OWNER).ref)["is"] == {"type": "key"}


def test_permanodes_that_hold_each_other_come_to_an_end(library: Library) -> None:
    one, two = library.permanode("one", title="one"), library.permanode("two", title="two")
    library.says(AddAttribute(one, "camliMember", two), AddAttribute(two, "camliMember", one))
    document = why(library, one)
    assert [(reason["from"], reason["to"]) for reason in document["because"]] == [
        (two, one),
        (one, two),
    ]
    assert ways(document) == [["one", "two"]]


def test_a_permanode_without_title_is_called_as_its_content(library: Library) -> None:
    folder = library.folder("2015", [])
    library.permanode("node", camliContent=folder)
    (reason,) = why(library, folder)["because"]
    assert reason["name"] == "2015"


@pytest.mark.parametrize("claims", [False, True])
def test_more_reasons_than_asked_for_are_cut_and_that_is_told(
    claims: bool, library: Library
) -> None:
    file = library.file("a", b"a")
    if claims:
        node = library.permanode("node")
        for at in range(5):
            library.says(SetAttribute(node, "camliContent", file), at=NOW + at)
    else:
        for number in range(5):
            library.folder(f"f{number}", [file])
    assert "truncated" not in why(library, file, limit=10)
    document = why(library, file, limit=4)
    assert document["truncated"] is True
    assert len(document["because"]) <= 4


def test_of_several_ways_to_one_end_the_shortest_is_shown(library: Library) -> None:
    file = library.file("a", b"a")
    folder = library.folder("folder", [file])
    node = library.permanode("node", title="node", camliContent=folder, camliMember=[file])
    document = why(library, file)
    assert ways(document) == [["a", "node"]]
    held = [(reason["to"], reason["from"]) for reason in document["because"]]
    assert (file, node) in held
    assert (folder, node) in held
    assert len(held) == 4


def test_a_circle_beside_another_end_is_shown_too(library: Library) -> None:
    file = library.file("a", b"a")
    one, two = (library.permanode(name, title=name) for name in ("one", "two"))
    library.says(AddAttribute(one, "camliMember", file))
    library.says(AddAttribute(one, "camliMember", two), AddAttribute(two, "camliMember", one))
    library.folder("folder", [file])
    assert sorted(ways(why(library, file))) == [["a", "folder"], ["a", "one", "two"]]
