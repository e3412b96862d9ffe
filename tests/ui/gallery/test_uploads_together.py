"""Many files at a time: which are here is told before they come, and small ones come together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from falcon.testing import ASGIConductor, Result

from holdfast.blobstore.errors import StoreFull
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.ui.gallery.api import Refused
from holdfast.ui.gallery.keyedturns import KeyedTurns
from holdfast.ui.gallery.uploadcalls import MOST_PIECE
from holdfast.ui.gallery.uploadtogether import (
    MOST_ASKED,
    MOST_SAID,
    MOST_TOGETHER,
    read_asked,
    split,
)

from ..served import OWNER, Site
from .test_uploads import DATA, MODIFIED, blobs, contents, file_of, folded, send, settle

FILES = {"one.txt": b"one", "empty": b"", "large.bin": DATA, "two.txt": b"two"}


def packed(files: Sequence[tuple[str, bytes]], **more: object) -> bytes:
    """A body: what is said of files, and their bytes."""
    said = [{"name": name, "size": len(data), "modified": MODIFIED, **more} for name, data in files]
    return json.dumps({"files": said}).encode() + b"\n" + b"".join(data for _, data in files)


def post(site: Site, body: bytes) -> Result:
    return site.ask("POST", "/ui/api/upload/together", body=body)


def together(site: Site, *files: tuple[str, bytes], **more: object) -> list[Any]:
    answer = post(site, packed(files, **more))
    assert answer.status_code == 200, answer.text
    told = answer.json["files"]
    assert isinstance(told, list)
    return told


def ask(site: Site, *files: dict[str, object]) -> list[Any]:
    body = json.dumps({"files": files}).encode()
    answer = site.ask("POST", "/ui/api/upload/known", body=body)
    assert answer.status_code == 200, answer.text
    told = answer.json["files"]
    assert isinstance(told, list)
    return told


def test_files_that_come_together_are_what_they_are_alone(site: Site) -> None:
    told = together(site, *FILES.items())
    assert [one["known"] for one in told] == [False] * 4
    for (name, data), one in zip(FILES.items(), told, strict=True):
        assert contents(site, one["content"]) == data
        assert file_of(site, one["content"]).name == name.encode()
        assert folded(site, one["ref"]).attributes == {"camliContent": (one["content"],)}
        assert one["whole"] == Ref.of(data)
        assert send(site, data, name=name) == {**one, "known": True}
    before = len(blobs(site))
    assert together(site, *FILES.items()) == [{**one, "known": True} for one in told]
    assert len(blobs(site)) == before


def test_of_those_that_are_the_same_one_is_new(site: Site) -> None:
    first, second, other = together(site, ("a", b"same"), ("b", b"same"), ("c", b"other"))
    assert second == {**first, "known": True}
    assert other["ref"] != first["ref"]


def test_a_store_that_names_blobs_otherwise_takes_them_too(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    site = new_site(key, hash_name="sha256")
    first, _ = together(site, ("a", b"same"), ("b", b"same"))
    assert first["content"].startswith("sha256-")
    assert first["whole"] == Ref.of(b"same")
    assert send(site, b"same", name="c") == {**first, "known": True}


def test_they_go_into_their_set_once(site: Site) -> None:
    album = site.permanode("album")
    told = together(site, ("a", b"a"), ("b", b"b"), ("c", b"a"), set=album)
    assert folded(site, album).value("camliMember") == told[0]["ref"]
    assert folded(site, album).attributes == {"camliMember": (told[0]["ref"], told[1]["ref"])}
    claims = len(folded(site, album).history)
    together(site, ("a", b"a"), ("b", b"b"), set=album)
    assert len(folded(site, album).history) == claims
    before = len(blobs(site))
    assert post(site, packed([("x", b"x")], set=Ref.of(b"not here"))).status_code == 404
    assert len(blobs(site)) == before


def test_what_was_deleted_comes_back_as_something_new(site: Site) -> None:
    first, other = together(site, ("a", b"a"), ("b", b"b"))
    site.delete(Ref(first["ref"]))
    settle(site)
    second, same = together(site, ("a", b"a"), ("b", b"b"))
    assert (second["known"], second["ref"] != first["ref"]) == (False, True)
    assert same == {**other, "known": True}


def test_a_file_that_has_changed_on_the_way_stops_all(site: Site) -> None:
    body = packed([("a", b"12345"), ("b", b"12345")])
    before = len(blobs(site))
    for wrong in (body[:-1], body + b"6"):
        answer = post(site, wrong)
        assert answer.status_code == 400
        assert "to have 10 bytes" in answer.json["error"]
    assert len(blobs(site)) == before


def test_there_is_an_end_to_how_much_comes_together(site: Site) -> None:
    assert post(site, bytes(MOST_PIECE + MOST_SAID + 1)).status_code == 413
    assert post(site, packed([("a", b"")] * (MOST_TOGETHER + 1))).status_code == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"{}\n", b"[]\n", b"x\n", b'{"files":[1]}\n', b'{"files":[{"size":1}]}\nx'],
)
def test_what_makes_no_sense_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        split(body)


def test_a_store_without_room_claims_nothing_and_takes_all_later(site: Site) -> None:
    failures = [1, 1]

    def fail(_blobs: Sequence[Blob]) -> None:
        if failures:
            failures.pop()
            raise StoreFull("the disk", "no space left on device")

    site.hub.add_hook(fail)
    body = packed(list(FILES.items()))
    assert [post(site, body).status_code for _ in range(2)] == [507, 507]
    told = together(site, *FILES.items())
    assert [one["known"] for one in told] == [False] * 4


def test_files_that_come_in_several_requests_at_one_time_become_one(site: Site) -> None:
    body = packed(list(FILES.items()))

    async def run() -> list[Result]:
        async with ASGIConductor(site.served) as conductor:
            path = "/ui/api/upload/together"
            posts = (conductor.simulate_post(path, body=body, headers=OWNER) for _ in range(4))
            return await asyncio.gather(*posts)

    told = [answer.json["files"] for answer in asyncio.run(run())]
    for at in range(len(FILES)):
        assert len({one[at]["ref"] for one in told}) == 1
        assert sorted(one[at]["known"] for one in told) == [False, True, True, True]


# What is here already


def test_what_is_here_is_told_by_size_and_then_by_contents(site: Site) -> None:
    done = send(site, DATA)
    settle(site)
    size = len(DATA)
    assert ask(site, {"size": size}, {"size": size + 1}, {"size": 0}) == [True, False, False]
    other = Ref.of(b"others")
    told = ask(site, {"size": size, "whole": Ref.of(DATA)}, {"size": size, "whole": other})
    assert told == [{**done, "known": True}, False]


def test_what_is_here_becomes_a_member_without_being_sent(site: Site) -> None:
    done = send(site, DATA)
    settle(site)
    album = site.permanode("album")
    about = {"size": len(DATA), "whole": Ref.of(DATA), "set": album}
    assert ask(site, about, about) == [{**done, "known": True}] * 2
    assert ask(site, about) == [{**done, "known": True}]
    assert folded(site, album).attributes == {"camliMember": (done["ref"],)}
    assert len(folded(site, album).history) == 1
    asked = json.dumps({"files": [{**about, "set": Ref.of(b"not here")}]}).encode()
    assert site.ask("POST", "/ui/api/upload/known", body=asked).status_code == 404


def test_what_is_deleted_or_has_no_permanode_is_not_here(site: Site) -> None:
    site.put_file(b"without a permanode")
    done = send(site, DATA)
    site.delete(Ref(done["ref"]))
    settle(site)
    told = ask(
        site,
        {"size": len(DATA), "whole": Ref.of(DATA)},
        {"size": 19, "whole": Ref.of(b"without a permanode")},
    )
    assert told == [False, False]


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": -1},
        {"size": "1"},
        {"size": 1, "whole": "x"},
        {"size": 1, "whole": "sha1-" + "0" * 40},
        {"size": 1, "set": 1},
    ],
)
def test_what_makes_no_sense_is_not_looked_for(wrong: dict[str, object]) -> None:
    with pytest.raises(Refused):
        read_asked({"files": [wrong]})


def test_there_is_an_end_to_what_is_asked_about() -> None:
    with pytest.raises(Refused):
        read_asked({"files": [{"size": 1}] * (MOST_ASKED + 1)})


# Whose turn it is


def test_turns_wait_for_those_about_the_same_and_for_nobody_else() -> None:
    async def several() -> None:
        turns, order = KeyedTurns[str](), []

        async def one(name: str, keys: str, until: asyncio.Event) -> None:
            async with turns.of(keys):
                order.append(name)
                await until.wait()

        first, second = asyncio.Event(), asyncio.Event()
        second.set()
        waiting = [
            asyncio.ensure_future(one("a", "xy", first)),
            asyncio.ensure_future(one("b", "yz", second)),
            asyncio.ensure_future(one("c", "z", second)),
        ]
        await waiting[2]
        assert order == ["a", "c"]
        first.set()
        await asyncio.gather(*waiting)
        assert order == ["a", "c", "b"]

    asyncio.run(several())


def test_who_is_cancelled_leaves_the_turn_to_others() -> None:
    async def several() -> None:
        turns = KeyedTurns[str]()

        async def for_ever() -> None:
            async with turns.of("x"):
                await asyncio.Event().wait()

        holding = asyncio.ensure_future(for_ever())
        await asyncio.sleep(0)
        holding.cancel()
        async with asyncio.timeout(5), turns.of("x"):
            assert holding.done()

    asyncio.run(several())
