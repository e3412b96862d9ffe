"""What was acknowledged before a question is asked is in the answer."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from holdfast.schema.claims import Delete

from .pictures import picture
from .world import STRANGER_KEY, a_world

PHOTO = picture(40, 30, taken="2015:06:07 10:20:30", place=(48.8584, 2.2945), make="Acme")
CONTENT = {"attr": "camliContent"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"constraint": {"camliType": "file"}}, ["photo.jpg"]),
        ({"constraint": {"camliType": "directory"}}, ["folder"]),
        ({"constraint": {"file": {}}}, ["photo.jpg"]),
        ({"constraint": {"dir": {}}}, ["folder"]),
        ({"constraint": {"dir": {"contains": {"file": {"isImage": True}}}}}, ["folder"]),
        ({"expression": "is:image"}, ["node"]),
        ({"expression": "filename:photo.jpg"}, ["node"]),
        ({"expression": "has:location"}, ["node"]),
        ({"expression": "text:photo"}, ["node"]),
        ({"expression": "before:2016"}, ["node"]),
        ({"expression": "attr:camera:Acme"}, ["node"]),
        ({"expression": "tag:x", "limit": 1}, ["other"]),
        ({"expression": "tag:x", "sort": "created", "limit": 1}, ["node"]),
        ({"expression": "", "sort": "map", "limit": 1}, ["node"]),
        (
            {"constraint": {"permanode": {**CONTENT, "valueInSet": {"camliType": "file"}}}},
            ["node"],
        ),
        (
            {"constraint": {"permanode": {**CONTENT, "valueInSet": {"anyCamliType": True}}}},
            ["node"],
        ),
    ],
)
def test_a_file_that_has_just_come_is_found(
    tmp_path_factory: pytest.TempPathFactory, query: dict[str, Any], found: list[str]
) -> None:
    with a_world(tmp_path_factory.mktemp("fresh")) as world:
        world.thing("other", "2019-01-01", tag=["x"])
        world.file("photo.jpg", PHOTO, modified="2018-01-01")
        world.folder("folder", ["photo.jpg"])
        world.thing("node", "2020-01-01", tag=["x"], camliContent="@photo.jpg")
        assert world.found(query) == found


def test_a_file_that_has_just_come_is_described(tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_world(tmp_path_factory.mktemp("fresh")) as world:
        world.file("photo.jpg", PHOTO)
        world.thing("node", "2020-01-01", camliContent="@photo.jpg")
        meta = world.describe({"blobref": "@node", "depth": 2})
        assert meta["photo.jpg"]["image"] == {"width": 40, "height": 30}
        assert meta["node"]["location"] == pytest.approx({"latitude": 48.8584, "longitude": 2.2945})


@pytest.mark.parametrize(
    "call",
    [
        {"call": "recent"},
        {"call": "permanodeattr", "attr": "tag", "value": "x"},
        {"call": "signerattrvalue", "attr": "tag", "value": "x", "signer": "KEY"},
        {"call": "signerpaths", "target": "@photo.jpg", "signer": "KEY"},
    ],
)
def test_other_calls_describe_it_too(
    tmp_path_factory: pytest.TempPathFactory, call: dict[str, str]
) -> None:
    with a_world(tmp_path_factory.mktemp("fresh")) as world:
        world.file("photo.jpg", PHOTO)
        world.thing("node", "2020-01-01", tag=["x"], camliContent="@photo.jpg")
        world.set("node", "camliPath:photo", "@photo.jpg", "2020-01-01")
        params = {name: value.replace("KEY", world.key) for name, value in call.items()}
        meta = world.in_names(world.get(params.pop("call"), **params)["meta"])
        assert meta["photo.jpg"]["camliType"] == "file"
        assert meta["photo.jpg"]["image"] == {"width": 40, "height": 30}


def test_what_was_claimed_last_counts_at_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_world(tmp_path_factory.mktemp("fresh")) as world:
        world.permanode("node")
        for number in range(50):
            world.set("node", "title", f"title {number}", f"2020-01-01T00:00:{number:02}")
            assert world.found(f'attr:title:"title {number}"') == ["node"]
            assert world.found(f'attr:title:"title {number - 1}"') == []


def test_searches_go_on_while_things_change(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever changes meanwhile, what does not is found each time, once and in its order."""
    still = [f"still{number}" for number in range(9)]
    with a_world(tmp_path_factory.mktemp("busy")) as world:
        for number, name in enumerate(still):
            world.thing(name, f"2020-01-0{number + 1}", tag=["still", "any"], title="still here")
        for number in range(5):
            world.thing(f"moving{number}", "2020-01-01", tag=["any"])
        world.settle()
        stop = threading.Event()

        def change() -> None:
            chance = random.Random(4)
            for number in count():
                if stop.is_set():
                    return
                name = f"moving{chance.randrange(5)}"
                at = f"2021-01-01T00:00:00.{number:09}"
                start = f"20{chance.randrange(10, 30)}-01-01T00:00:00Z"
                world.set(name, "startDate", start, at)
                world.add(name, "camliMember", f"@{chance.choice(still)}", at)
                world.says(Delete(world.delete(name, at)), at)
                world.delete(name, at, key=STRANGER_KEY)

        with ThreadPoolExecutor(1) as threads:
            changing = threads.submit(change)
            try:
                for number in range(150):
                    sort = ("-created", "created", "-mod", "mod", "blobref")[number % 5]
                    expected = world.by_ref(still) if sort == "blobref" else still
                    expected = expected[::-1] if sort.startswith("-") else expected
                    for expression in ("tag:any", "title:still", "tag:still", "-tag:nosuch"):
                        query = {"expression": expression, "sort": sort}
                        found = world.found(query)
                        assert [name for name in found if name in still] == expected
                    pages = world.pages({"expression": "tag:any", "sort": sort, "limit": 2})
                    held = [name for page in pages for name in page if name in still]
                    assert held == expected
            finally:
                stop.set()
            changing.result()
