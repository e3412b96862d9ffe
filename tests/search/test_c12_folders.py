"""Folders, what is in them, and files by the folders they are in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.blobstore.ref import Ref

from .world import World, a_world


def fill(world: World) -> None:
    """top/{mid/{low/{deep.txt, same.txt}, mid.txt}, other/{same.txt}, top.txt}, and more."""
    for name in ("deep.txt", "mid.txt", "top.txt"):
        world.file(name, name.encode(), modified="2019-01-01")
    world.file("same.txt", b"the same", modified="2019-01-02")
    world.file("copy.txt", b"the same", modified="2019-01-03")
    world.file("lone.txt", b"in no folder")
    world.folder("low/", ["deep.txt", "same.txt"], called="low")
    world.folder("mid/", ["mid.txt", "low/"], called="mid")
    world.folder("other/", ["same.txt"], called="other")
    world.folder("empty/", [], called="empty")
    world.folder("top/", ["top.txt", "mid/", "other/", "empty/"], called="top")
    world.folder("second/", ["copy.txt", "low/"], called="mid")
    world.thing("node", "2020-01-01", camliContent="@top/")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("folders"), fill) as made:
        yield made


ALL = "top/ mid/ low/ other/ empty/ second/"


def named(name: str) -> dict[str, Any]:
    return {"fileName": {"equals": name}}


def file(name: str) -> dict[str, Any]:
    return {"file": named(name)}


def either(a: Any, b: Any) -> dict[str, Any]:
    return {"logical": {"op": "or", "a": a, "b": b}}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ALL),
        (named("mid"), "mid/ second/"),
        (named("Mid"), ""),
        ({"fileName": {"hasPrefix": "m"}}, "mid/ second/"),
        ({"fileName": {"contains": "O", "caseInsensitive": True}}, "top/ low/ other/"),
        ({"blobRefPrefix": "@low/"}, "low/"),
        ({"blobRefPrefix": "@deep.txt"}, ""),
        ({"topFileCount": {"equals": 2}}, "low/ mid/ second/"),
        ({"topFileCount": {"min": 3}}, "top/"),
        ({"topFileCount": {"zeroMax": True}}, "empty/"),
        ({"topFileCount": {"max": 1}}, "other/ empty/"),
        ({"parentDir": {}}, "mid/ low/ other/ empty/"),
        ({"parentDir": named("top")}, "mid/ other/ empty/"),
        ({"parentDir": {"blobRefPrefix": "@top/"}}, "mid/ other/ empty/"),
        ({"parentDir": {"parentDir": named("top")}}, "low/"),
        ({"parentDir": named("mid"), **named("low")}, "low/"),
        ({"parentDir": named("low")}, ""),
        ({"contains": file("deep.txt")}, "low/"),
        ({"contains": file("same.txt")}, "low/ other/"),
        ({"contains": {"file": {}}}, "low/ mid/ other/ top/ second/"),
        ({"contains": {"dir": {}}}, "top/ mid/ second/"),
        ({"contains": {"dir": named("low")}}, "mid/ second/"),
        ({"contains": {"dir": {"contains": file("deep.txt")}}}, "mid/ second/"),
        ({"contains": {"blobRefPrefix": "@same.txt"}}, "low/ other/"),
        ({"contains": {"blobRefPrefix": "@low/"}}, "mid/ second/"),
        ({"contains": either(file("deep.txt"), file("top.txt"))}, "low/ top/"),
        (
            {"contains": {"logical": {"op": "and", "a": {"file": {}}, "b": file("same.txt")}}},
            "low/ other/",
        ),
        ({"contains": {"logical": {"op": "not", "a": {"file": {}}}}}, "top/ mid/ second/"),
        ({"recursiveContains": file("deep.txt")}, "low/ mid/ top/ second/"),
        ({"recursiveContains": file("same.txt")}, "low/ mid/ top/ other/ second/"),
        ({"recursiveContains": file("copy.txt")}, "second/"),
        ({"recursiveContains": file("lone.txt")}, ""),
        ({"recursiveContains": {"dir": named("low")}}, "mid/ second/ top/"),
        ({"recursiveContains": {"blobRefPrefix": "@low/"}}, "mid/ second/ top/"),
        ({"recursiveContains": either(file("copy.txt"), file("top.txt"))}, "second/ top/"),
        # Perkeep asks the name of the folders within, too, and finds nothing here.
        ({**named("top"), "recursiveContains": file("deep.txt")}, "top/"),
        ({"topFileCount": {"min": 3}, "recursiveContains": file("deep.txt")}, "top/"),
        ({**named("other"), "recursiveContains": file("deep.txt")}, ""),
    ],
)
def test_folders_are_found(world: World, asked: dict[str, Any], found: str) -> None:
    assert world.fits({"dir": asked}) == set(found.split())


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "deep.txt same.txt mid.txt top.txt copy.txt"),
        (named("low"), "deep.txt same.txt"),
        # In several folders, it is in any of them.
        (named("other"), "same.txt"),
        (named("mid"), "mid.txt copy.txt"),
        ({"blobRefPrefix": "@mid/"}, "mid.txt"),
        ({"blobRefPrefix": "@second/"}, "copy.txt"),
        ({"topFileCount": {"min": 2}}, "deep.txt same.txt mid.txt top.txt copy.txt"),
        ({"topFileCount": {"equals": 1}}, "same.txt"),
        ({"parentDir": named("mid")}, "deep.txt same.txt"),
        ({"parentDir": {"parentDir": named("top")}}, "deep.txt same.txt"),
        ({"contains": file("deep.txt")}, "deep.txt same.txt"),
        ({"recursiveContains": file("top.txt")}, "top.txt"),
        (named("nosuch"), ""),
    ],
)
def test_files_are_found_by_their_folder(world: World, asked: dict[str, Any], found: str) -> None:
    assert world.fits({"file": {"parentDir": asked}}) == set(found.split())


def test_files_in_a_folder_and_of_a_name(world: World) -> None:
    asked = {"parentDir": {"blobRefPrefix": "@low/"}, **named("same.txt")}
    assert world.fits({"file": asked}) == {"same.txt"}


def test_all_files_of_the_same_contents_are_found(world: World) -> None:
    whole = Ref.of(b"the same")
    assert world.fits({"file": {"wholeRef": whole}}) == {"same.txt", "copy.txt"}
    assert world.fits({"file": {"wholeRef": whole, "parentDir": named("mid")}}) == {"copy.txt"}
    assert world.fits({"file": {"wholeRef": Ref.of(b"other")}}) == set()


def test_a_folder_can_be_content(world: World) -> None:
    inner = {"dir": {"recursiveContains": file("deep.txt"), "topFileCount": {"min": 4}}}
    constraint = {"permanode": {"attr": "camliContent", "valueInSet": inner}}
    assert world.fits(constraint) == {"node"}
    empty = {"dir": {"topFileCount": {"zeroMax": True}}}
    assert world.fits({"permanode": {"attr": "camliContent", "valueInSet": empty}}) == set()


def test_folders_and_files_are_paged(world: World) -> None:
    query = {"constraint": either({"dir": {}}, {"file": {}}), "limit": 4}
    pages = list(world.pages(query))
    whole = world.found({**query, "limit": -1})
    assert [name for page in pages for name in page] == whole
    assert len(whole) == 12


def test_a_wide_folder_is_found_by_any_of_its_members(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    def wide(world: World) -> None:
        names = [f"f{number:03}" for number in range(300)]
        for name in names:
            world.file(name, name.encode())
        world.folder("wide/", names, called="wide")
        world.folder("above/", ["wide/"], called="above")

    with a_world(tmp_path_factory.mktemp("wide"), wide) as world:
        for name in ("f000", "f150", "f299"):
            assert world.fits({"dir": {"contains": file(name)}}) == {"wide/"}
            assert world.fits({"dir": {"recursiveContains": file(name)}}) == {"wide/", "above/"}
        assert world.fits({"dir": {"topFileCount": {"equals": 300}}}) == {"wide/"}
