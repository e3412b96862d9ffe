"""Standing queries over the websocket: told once, told again when the answer changes."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

import pytest
from falcon import errors
from falcon.testing import ASGIConductor

from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.query.reading import parse_query
from holdfast.schema.claims import AddAttribute, DelAttribute, Delete, SetAttribute
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file

from .served import NOW_NS, OWNER, Site
from .test_search import titled

PATH = "/my-search/camli/search/ws"
PATIENCE = 10.0
PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00"
    b"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


class Listener:
    """The other end of one websocket."""

    def __init__(self, site: Site, ws: Any) -> None:
        self.site = site
        self.ws = ws

    async def say(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self.ws.send_text(text)

    async def ask(self, tag: str, query: object) -> Any:
        """Subscribe; what the first answer says."""
        await self.say({"tag": tag, "query": query})
        return await self.hear(tag)

    async def hear(self, tag: str) -> Any:
        """What the next message says, which is about `tag`."""
        message = json.loads(await self.text())
        assert message.pop("tag") == tag
        return message

    async def text(self) -> str:
        text: str = await asyncio.wait_for(self.ws.receive_text(), PATIENCE)
        return text

    @property
    def runs(self) -> int:
        """How many times standing queries were run."""
        assert self.site.services.searches is not None
        return self.site.services.searches.standing_runs


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Listener]:
    """A websocket of the owner's that has heard the status."""
    async with (
        ASGIConductor(site.served) as client,
        client.simulate_ws(PATH, headers=OWNER) as ws,
    ):
        listener = Listener(site, ws)
        await listener.hear("_status")
        yield listener


def blobs(*refs: Ref) -> dict[str, object]:
    """What a search says that found these."""
    found = [{"blob": ref} for ref in refs] or None
    return {"result": {"blobs": found, "description": None, "LocationArea": None}}


def running(test: Callable[[Site], Coroutine[Any, Any, None]]) -> Callable[[Site], None]:
    """A test that is a coroutine."""

    def run(site: Site) -> None:
        asyncio.run(test(site))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@running
async def test_the_first_thing_heard_is_the_status(site: Site) -> None:
    async with (
        ASGIConductor(site.served) as client,
        client.simulate_ws("/my-search/ws", headers=OWNER) as ws,
    ):
        message = json.loads(await ws.receive_text())
    assert message["tag"] == "_status"
    assert message["status"]["holdfast"]["index"]["complete"] is True
    assert message["status"]["version"]


@running
async def test_an_answer_comes_at_once_and_on_one_line(site: Site) -> None:
    permanode = titled(site, "<x>")
    async with listening(site) as listener:
        await listener.say({"tag": "q1", "query": {"expression": "title:x", "describe": {}}})
        text = await listener.text()
    begins = '{"tag":"q1","result":{"blobs":[{"blob":"' + permanode + '"}],"description":{"meta":'
    assert text.startswith(begins)
    assert '"title":["\\u003cx\\u003e"]' in text
    assert text.endswith('"LocationArea":null}}')


@running
async def test_the_whole_answer_comes_again_when_it_changes(site: Site) -> None:
    first = titled(site, "x1")
    async with listening(site) as listener:
        query = {"expression": "title:x", "sort": "blobref"}
        assert await listener.ask("q", query) == blobs(first)
        second = titled(site, "x2")
        both = sorted([first, second])
        assert await listener.hear("q") == blobs(*both)
        site.claim(SetAttribute(first, "title", "y"), date_ns=NOW_NS + 1)
        assert await listener.hear("q") == blobs(second)
        site.delete(second)
        assert await listener.hear("q") == blobs()


@running
async def test_a_delete_undone_is_heard_of(site: Site) -> None:
    permanode = titled(site, "x")
    async with listening(site) as listener:
        assert await listener.ask("q", {"expression": "title:x"}) == blobs(permanode)
        gone = site.delete(permanode)
        assert await listener.hear("q") == blobs()
        site.delete(gone)
        assert await listener.hear("q") == blobs(permanode)


@running
async def test_a_thousand_changes_elsewhere_run_no_query(site: Site) -> None:
    permanode = titled(site, "x")
    others = [site.permanode(str(number)) for number in range(100)]
    async with listening(site) as listener:
        assert await listener.ask("q", {"expression": "title:x"}) == blobs(permanode)
        for number in range(1000):
            says = AddAttribute(others[number % 100], "tag", str(number))
            site.claim(says, date_ns=NOW_NS + number)
            if number % 20 == 0:
                await asyncio.sleep(0.01)
        assert listener.runs == 1
        # When this is heard of, all that came before has been looked at.
        site.claim(SetAttribute(permanode, "title", "y"), date_ns=NOW_NS + 1)
        assert await listener.hear("q") == blobs()
        assert listener.runs == 2


@running
async def test_many_changes_at_once_are_looked_at_together(site: Site) -> None:
    async with listening(site) as listener:
        assert await listener.ask("q", {"expression": "title:x", "sort": "blobref"}) == blobs()
        refs = []
        for number in range(100):
            refs.append(titled(site, f"x{number}"))
            await asyncio.sleep(0)
        while await listener.hear("q") != blobs(*sorted(refs)):
            pass
        assert listener.runs <= 30


@running
async def test_a_change_that_leaves_the_answer_as_it_is_is_not_heard_of(site: Site) -> None:
    permanode = titled(site, "x")
    async with listening(site) as listener:
        assert await listener.ask("q", {"expression": "title:x"}) == blobs(permanode)
        site.claim(AddAttribute(permanode, "tag", "news"))
        while listener.runs < 2:
            await asyncio.sleep(0.01)
        another = titled(site, "x2")
        found = await listener.hear("q")
        assert {one["blob"] for one in found["result"]["blobs"]} == {permanode, another}


@running
async def test_what_is_described_is_part_of_the_answer(site: Site) -> None:
    parent, child = titled(site, "x"), titled(site, "child")
    site.claim(AddAttribute(parent, "camliMember", child), date_ns=NOW_NS + 1)
    async with listening(site) as listener:
        rules = {"rules": [{"attrs": ["camliMember"]}]}
        first = await listener.ask("q", {"expression": "title:x", "describe": rules})
        meta = first["result"]["description"]["meta"]
        assert meta[child]["permanode"]["attr"]["title"] == ["child"]
        site.claim(SetAttribute(child, "title", "grown"), date_ns=NOW_NS + 2)
        meta = (await listener.hear("q"))["result"]["description"]["meta"]
        assert meta[child]["permanode"]["attr"]["title"] == ["grown"]


@running
async def test_what_is_only_mentioned_may_come_later(site: Site) -> None:
    parent = titled(site, "x")
    found: list[Blob] = []
    file = write_file(FileFacts(name=b"dot.gif"), PIXEL, found.append)
    site.claim(SetAttribute(parent, "camliContent", file), date_ns=NOW_NS + 1)
    async with listening(site) as listener:
        rules = {"rules": [{"attrs": ["camliContent"]}]}
        first = await listener.ask("q", {"expression": "title:x", "describe": rules})
        assert list(first["result"]["description"]["meta"]) == [parent]
        for blob in found:
            site.put_blob(blob)
        meta = {}
        while "file" not in meta.get(file, {}):
            meta = (await listener.hear("q"))["result"]["description"]["meta"]
        assert meta[file]["file"]["mimeType"] == "image/gif"


@running
async def test_who_looks_at_other_blobs_hears_of_changes_of_those(site: Site) -> None:
    parent, child = titled(site, "parent"), titled(site, "child")
    site.claim(AddAttribute(parent, "camliMember", child), date_ns=NOW_NS + 1)
    tagged = {"permanode": {"attr": "tag", "value": "open"}}
    relation = {"relation": "parent", "any": tagged}
    query = {"constraint": {"permanode": {"relation": relation}}}
    async with listening(site) as listener:
        assert await listener.ask("q", query) == blobs()
        site.claim(SetAttribute(parent, "tag", "open"), date_ns=NOW_NS + 2)
        assert await listener.hear("q") == blobs(child)
        site.claim(DelAttribute(parent, "tag", ""), date_ns=NOW_NS + 3)
        assert await listener.hear("q") == blobs()


QUERIES: list[dict[str, Any]] = [
    {},
    {"limit": 3},
    {"expression": "tag:a", "sort": "-mod"},
    {"expression": "-tag:a title:1", "describe": {"depth": 2}},
    {"expression": "is:image or title:3"},
    {"expression": "filename:*.gif tag:b", "sort": "created", "limit": 2},
    {"expression": "text:dot"},
    {"expression": "has:location"},
    {"constraint": {"file": {"isImage": True}}},
    {"constraint": {"camliType": "claim"}, "sort": "blobref", "limit": 5},
    {"constraint": {"permanode": {"attr": "camliMember", "numValue": {"min": 1}}}},
    {
        "constraint": {
            "permanode": {
                "relation": {
                    "relation": "child",
                    "any": {"permanode": {"attr": "tag", "value": "a"}},
                }
            }
        }
    },
    {
        "constraint": {
            "permanode": {
                "relation": {
                    "relation": "parent",
                    "all": {"permanode": {"attr": "tag", "value": "b"}},
                }
            }
        }
    },
]


def something_happens(site: Site, rng: random.Random, claims: list[Ref], moment: int) -> None:
    """One random change."""
    ref, other = (site.permanode(str(rng.randrange(5))) for _ in range(2))
    file = write_file(FileFacts(name=b"dot%d.gif" % rng.randrange(3)), PIXEL, site.put_blob)
    content = rng.choice([file, other])
    says = rng.choice(
        [
            SetAttribute(ref, "title", str(rng.randrange(5))),
            *[SetAttribute(ref, "tag", rng.choice("abc"))] * 3,
            DelAttribute(ref, "tag", rng.choice(["", "a", "b"])),
            *[AddAttribute(ref, "camliMember", other)] * 2,
            DelAttribute(ref, "camliMember", ""),
            SetAttribute(ref, "camliContent", content),
            SetAttribute(ref, "latitude", "12"),
            SetAttribute(ref, "longitude", "34"),
            Delete(rng.choice([ref, *claims])),
        ]
    )
    claims.append(site.claim(says, date_ns=NOW_NS + moment))


@running
async def test_what_was_heard_last_is_what_is_so(site: Site) -> None:
    rng = random.Random(5)
    claims: list[Ref] = []
    heard: dict[str, Any] = {}
    async with listening(site) as listener:
        for number, query in enumerate(QUERIES):
            await listener.say({"tag": str(number), "query": query})

        async def listen() -> None:
            while True:
                message = json.loads(await listener.ws.receive_text())
                heard[message["tag"]] = message.get("result", message)

        listens = asyncio.create_task(listen())
        moments = iter(range(10**6))
        for _ in range(40):
            for moment in islice(moments, rng.randrange(1, 4)):
                something_happens(site, rng, claims, moment)
                await asyncio.sleep(rng.choice([0, 0, 0.03]))
            await hears_what_is_so(site, heard)
        listens.cancel()


async def hears_what_is_so(site: Site, heard: dict[str, Any]) -> None:
    """Wait until the answers heard last are those that are given to who asks now."""
    index = site.services.index
    assert index is not None
    await asyncio.to_thread(index.settle, PATIENCE)
    for tag, query in enumerate(QUERIES):
        so = index.search.query(parse_query(json.dumps(query).encode()))
        end = asyncio.get_running_loop().time() + PATIENCE
        while heard.get(str(tag)) != so:
            assert asyncio.get_running_loop().time() < end, query
            await asyncio.sleep(0.005)


@running
async def test_a_picture_is_heard_of_when_it_has_been_read(site: Site) -> None:
    permanode = titled(site, "x")
    async with listening(site) as listener:
        assert await listener.ask("q", {"expression": "is:image"}) == blobs()
        file = site.put_file(PIXEL)
        site.claim(SetAttribute(permanode, "camliContent", file))
        assert await listener.hear("q") == blobs(permanode)


@running
async def test_a_tag_is_replaced_and_dropped(site: Site) -> None:
    a, b = titled(site, "a"), titled(site, "b")
    async with listening(site) as listener:
        assert await listener.ask("q", {"expression": "title:a"}) == blobs(a)
        assert await listener.ask("q", {"expression": "title:b"}) == blobs(b)
        assert await listener.ask("other", {"expression": "title:a"}) == blobs(a)
        site.claim(SetAttribute(a, "title", "c"), date_ns=NOW_NS + 1)
        assert await listener.hear("other") == blobs()
        await listener.say({"tag": "other"})
        await listener.say({"tag": "q", "query": None})
        # When this is answered, what was said before has been done.
        assert await listener.ask("last", {"expression": "title:c"}) == blobs(a)
        assert site.services.searches is not None
        assert site.services.searches.standing == 1
        site.claim(SetAttribute(b, "title", "c"), date_ns=NOW_NS + 1)
        found = await listener.hear("last")
        assert {one["blob"] for one in found["result"]["blobs"]} == {a, b}


@running
async def test_a_tag_replaced_while_it_is_answered_is_followed_no_longer(site: Site) -> None:
    titled(site, "a")
    assert site.services.searches is not None
    tasks: set[asyncio.Task[Any]] = set()  # what is held cannot end by being collected
    async with listening(site) as listener:
        for turn in range(300):
            tasks |= asyncio.all_tasks()
            await listener.say({"tag": "q", "query": {"expression": "title:a", "limit": turn + 1}})
            for _ in range(turn % 30):
                await asyncio.sleep(0)
        await listener.say({"tag": "last", "query": {"expression": "title:x"}})
        while json.loads(await listener.text())["tag"] != "last":
            pass
        async with asyncio.timeout(10):
            while site.services.searches.standing > 2:
                await asyncio.sleep(0.01)


@running
async def test_a_query_that_makes_no_sense_is_told_so(site: Site) -> None:
    async with listening(site) as listener:
        told = await listener.ask("q", {"expression": "tag:a is:imge"})
        assert told["errorType"] == "Bad Request"
        assert (told["position"], told["start"], told["token"]) == (6, 6, "is:imge")
        told = await listener.ask("q", {"zork": 1})
        assert "zork" in told["error"]
        told = await listener.ask("q", {"constraint": {"permanode": {"attr": "tag"}}})
        assert told["path"] == "constraint.permanode"
        told = await listener.ask("q", "tag:a")
        assert told["error"]
        told = await listener.ask("_status", {"expression": "tag:a"})
        assert told["path"] == "tag"


@running
async def test_what_says_nothing_is_passed_over(site: Site) -> None:
    async with listening(site) as listener:
        for message in ("", "x", "[]", "{}", '{"tag":""}', '{"tag":1,"query":{}}', '{"query":{}}'):
            await listener.say(message)
        await listener.ws.send_data(b'{"tag":"q","query":{}}')
        await listener.say('{"TAG":"q","Query":{"Expression":"tag:a"}}')
        assert await listener.hear("q") == blobs()


@running
async def test_one_websocket_has_so_many_queries(site: Site) -> None:
    async with listening(site) as listener:
        for number in range(50):
            await listener.ask(str(number), {"expression": f"title:{number}"})
        told = await listener.ask("more", {"expression": "title:x"})
        assert "50" in told["error"]
        await listener.say({"tag": "0"})
        assert await listener.ask("more", {"expression": "title:x"}) == blobs()


@running
async def test_an_answer_that_is_too_large_is_told_as_an_error(site: Site) -> None:
    for number in range(18):
        site.claim(SetAttribute(site.permanode(str(number)), "title", "<" * 160_000))
    async with listening(site) as listener:
        told = await listener.ask("q", {"describe": {}})
        assert "limit" in told["error"]
        found = await listener.ask("q", {"describe": {}, "limit": 1})
        assert len(found["result"]["description"]["meta"]) == 1


@running
async def test_while_the_index_is_catching_up_an_answer_waits(site: Site) -> None:
    permanode = titled(site, "x")
    async with listening(site) as listener:
        assert await listener.ask("first", {"expression": "title:x"}) == blobs(permanode)
        site.world.is_indexed = False
        await listener.say({"tag": "q", "query": {"expression": "title:x"}})
        site.claim(SetAttribute(permanode, "tag", "news"))
        while listener.runs < 3:
            await asyncio.sleep(0.01)
        site.world.is_indexed = True
        assert await listener.hear("q") == blobs(permanode)


@running
async def test_who_stops_says_so(site: Site) -> None:
    async with listening(site) as listener:
        site.services.blobs.stopping.set()
        with pytest.raises(errors.WebSocketDisconnected):
            await listener.text()
        assert listener.ws.close_code == 1001
    site.services.blobs.stopping.clear()


@running
async def test_nothing_is_left_of_who_has_gone(site: Site) -> None:
    assert site.services.searches is not None
    async with listening(site) as listener:
        await listener.ask("q", {"expression": "title:x"})
        assert site.services.searches.standing == 1
    assert site.services.searches.standing == 0
    assert site.services.blobs.memory.used == 0
    titled(site, "x")
    assert site.services.searches.standing_runs == 1
