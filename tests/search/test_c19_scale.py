"""How many rows are read for an answer, among twenty thousand permanodes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.claims import AddAttribute, SetAttribute, Statement, claim_text
from holdfast.schema.openpgp.secretkey import new_ed25519_key
from holdfast.schema.permanodes import random_permanode_text
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp

from .world import World, a_world

KEY = new_ed25519_key(time=1_700_000_000)
"""Quicker than that of the owner, who trusts it."""

COUNT = 20_000
RARE, MEMBERS, PLACED = 40, 300, 2_000
START = 1_577_836_800 * 10**9


def claims_about(number: int) -> list[tuple[str, str]]:
    """What is said of the permanode of this number."""
    said = [("tag", "common" if number % 2 else "other")]
    if number % (COUNT // RARE) == 7:
        said.append(("tag", "rare"))
    if number % (COUNT // PLACED) == 3:
        place = random.Random(number)
        said.append(("latitude", f"{place.uniform(-60, 60):.4f}"))
        said.append(("longitude", f"{place.uniform(-180, 180):.4f}"))
    if number % 100 == 0:
        said.append(("title", f"number {number} of many"))
    return said


def signed(text: bytes, date: int) -> Blob:
    data = sign(text, KEY, time=signing_second(date))
    return Blob(Ref.of(data), data)


def fill(world: World) -> None:
    signer = world.put(KEY.public.blob)
    batch: list[Blob] = []

    def claim(says: Statement, date: int) -> None:
        text = claim_text(signer, Timestamp(date), says)
        batch.append(signed(text, date))

    members = []
    for number in range(COUNT):
        date = START + number * 10**9
        text = random_permanode_text(signer, Timestamp(START), random=b"%020d" % number)
        batch.append(signed(text, START))
        ref = batch[-1].ref
        if number % (COUNT // MEMBERS) == 1:
            members.append(ref)
        for attribute, value in claims_about(number):
            kind = AddAttribute if attribute == "tag" else SetAttribute
            claim(kind(ref, attribute, value), date)
        if len(batch) > 2_000:
            world.hub.receive(batch)
            batch.clear()
    world.hub.receive(batch)
    world.names["member"] = members[5]
    world.thing("set", "2019-01-01", title="The set", tag=["set"])
    batch.clear()
    for number, ref in enumerate(members[:MEMBERS]):
        claim(AddAttribute(world["set"], "camliMember", ref), START + number)
    world.hub.receive(batch)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("scale"), fill, trusted=[KEY]) as made:
        yield made


def asked(world: World, query: dict[str, Any]) -> tuple[int, int]:
    """How many results there are, and how many rows were read for them."""
    answer = world.post("query", query, params="explain=1")
    assert answer.status == 200, answer.text
    return len(answer.json["blobs"] or ()), answer.json["explain"]["rowsRead"]


PAGE = 50

pytestmark = pytest.mark.timeout(600)  # the first test waits until everything is there


@pytest.mark.parametrize(
    ("expression", "found", "most"),
    [
        # Two rows a result: one that it is there, one what it is; and some to spare.
        ("", PAGE, 4 * PAGE),
        ("tag:common", PAGE, 4 * PAGE),
        ("tag:rare", RARE, 6 * PAGE),
        ("tag:nosuch", 0, 20),
        ("tag:common tag:rare", 40, 20 * RARE),
        ("tag:common -tag:rare", PAGE, 6 * PAGE),
        ("tag:rare or tag:set", RARE + 1, 6 * PAGE),
        ("has:location", PAGE, 4 * PAGE),
        ("has:location tag:common", PAGE, 10 * PAGE),
        ("childrenof:SET", PAGE, 6 * PAGE),
        ("childrenof:SET tag:common", PAGE, 16 * PAGE),
        ('title:"number 4700"', 1, 2_000),
        ("title:umber", PAGE, 6 * PAGE),
        ("title:nosuchtitle", 0, 20),
        ('attr:title:"number 4700 of many"', 1, 20),
        ("is:image", 0, 50),
        ("ref:SET", 1, 20),
        ("parentof:MEMBER", 1, 50),
        ('after:"2020-01-01T05:00:00Z" before:"2020-01-01T05:00:30Z"', 30, 4 * PAGE),
    ],
)
def test_a_page_costs_what_is_on_it(world: World, expression: str, found: int, most: int) -> None:
    expression = expression.replace("SET", world["set"]).replace("MEMBER", world["member"])
    count, rows = asked(world, {"expression": expression, "limit": PAGE})
    assert count == found
    assert rows <= most


def test_a_box_costs_about_what_is_in_it(world: World) -> None:
    small = {"north": 20, "south": 10, "west": 10, "east": 30}
    query = {"constraint": {"permanode": {"location": small}}, "limit": -1}
    count, rows = asked(world, query)
    assert 5 <= count <= 40
    assert rows <= 40 * count


@pytest.mark.parametrize("sort", ["-created", "created", "-mod", "mod", "blobref"])
def test_pages_far_behind_cost_no_more(world: World, sort: str) -> None:
    query: dict[str, Any] = {"expression": "tag:common", "sort": sort, "limit": PAGE}
    costs = []
    for _ in range(8):
        answer = world.post("query", query, params="explain=1").json
        costs.append(answer["explain"]["rowsRead"])
        query["continue"] = answer["continue"]
    assert max(costs) <= 8 * PAGE


@pytest.mark.parametrize("sort", ["-mod", "mod", "blobref"])
def test_what_is_rare_is_found_in_any_order(world: World, sort: str) -> None:
    count, rows = asked(world, {"expression": "tag:rare", "sort": sort, "limit": PAGE})
    assert count == RARE
    assert rows <= COUNT // 4


def test_around_one_costs_a_page(world: World) -> None:
    middle = world.query({"expression": "tag:rare", "limit": 20})["blobs"][-1]["blob"]
    query = {"expression": "", "around": middle, "limit": PAGE}
    count, rows = asked(world, query)
    assert count == PAGE
    assert rows <= 6 * PAGE


def test_a_write_makes_no_search_dearer(world: World) -> None:
    """Perkeep sorts all permanodes again after any."""
    query = {"expression": "", "limit": PAGE}
    before = asked(world, query)
    world.thing("new", "2021-01-01", tag=["new"])
    assert world.names_in(world.query({**query, "limit": 1})) == ["new"]
    after = asked(world, query)
    assert after[0] == PAGE
    assert after[1] <= before[1] + 10


def test_recent_and_lookups_cost_what_they_list(world: World) -> None:
    assert len(world.get("recent", n="50")["recent"]) == 50
    found = world.get("permanodeattr", attr="tag", value="rare", max="100")
    assert len(found["withAttr"]) == RARE
