"""What pages have claimed: in order, all or nothing, and undone again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from falcon.testing import ASGIConductor

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import StoreFull
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.claims import AddAttribute, SetAttribute
from holdfast.schema.errors import SigningFailed
from holdfast.schema.folding import Folded
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.signing import Signer
from holdfast.schema.timestamps import NANOSECONDS
from holdfast.ui.gallery.scribe import receive_all

from ..served import NOW_NS, OWNER, Site

FUTURE_NS = NOW_NS + 100 * 365 * 86400 * NANOSECONDS


def post(site: Site, call: str, document: object) -> Any:
    return site.ask("POST", f"/ui/api/{call}", body=json.dumps(document).encode())


def done(site: Site, call: str, **document: object) -> Any:
    answer = post(site, call, document)
    assert answer.status_code == 200, answer.text
    return answer.json


def refused(site: Site, call: str, *, status: int = 400, **document: object) -> Any:
    answer = post(site, call, document)
    assert answer.status_code == status, answer.text
    return answer.json


def claim(site: Site, *claims: dict[str, object]) -> list[str]:
    found: list[str] = done(site, "claims", claims=list(claims))["claims"]
    return found


def change(act: str, permanode: Ref, attribute: str, value: str | None = None) -> dict[str, object]:
    said: dict[str, object] = {"act": act, "permanode": permanode, "attribute": attribute}
    return said if value is None else {**said, "value": value}


def folded(site: Site, permanode: Ref) -> Folded:
    assert site.services.claims is not None
    return site.services.claims.about(permanode).fold(permanode)


def blobs(site: Site) -> int:
    return sum(1 for _ in site.hub.storage.enumerate())


def test_claims_are_made_in_the_order_in_which_they_were_asked_for(site: Site) -> None:
    node = site.permanode("one")
    refs = claim(
        site,
        change("set", node, "title", "first"),
        change("add", node, "tag", "lake"),
        change("add", node, "tag", "summer"),
        change("set", node, "title", "second"),
        change("del", node, "tag", "lake"),
    )
    assert len(refs) == 5
    now = folded(site, node)
    assert now.attributes == {"tag": ("summer",), "title": ("second",)}
    assert [event.claim.ref for event in now.history] == refs
    dates = [event.claim.date.ns for event in now.history]
    assert sorted(set(dates)) == dates


def test_thousands_of_claims_are_one_act_and_undone_as_one(site: Site) -> None:
    nodes = [site.permanode(f"{number}") for number in range(20)]
    asked = [change("add", node, "tag", f"t{n}") for n in range(40) for node in nodes]
    refs = claim(site, *asked)
    assert len(set(refs)) == 800
    assert folded(site, nodes[7]).attributes["tag"] == tuple(f"t{n}" for n in range(40))
    undone = done(site, "undo", claims=refs)["claims"]
    assert folded(site, nodes[7]).attributes == {}
    done(site, "undo", claims=undone)
    assert len(folded(site, nodes[7]).attributes["tag"]) == 40


def test_what_is_so_already_is_not_said_again(site: Site) -> None:
    node, member = site.permanode("set"), site.permanode("member")
    done(site, "claims", claims=[change("add", node, "tag", "a")])
    refs = claim(
        site,
        change("add", node, "tag", "a"),
        change("add", node, "tag", "b"),
        change("add", node, "tag", "b"),
        change("del", node, "tag", "none"),
        change("add", node, "camliMember", member),
        change("add", node, "camliMember", member),
    )
    assert len(refs) == 2
    assert claim(site, change("add", node, "camliMember", member)) == []
    assert folded(site, node).attributes == {"tag": ("a", "b"), "camliMember": (member,)}
    again = claim(
        site,
        change("del", node, "tag", "a"),
        change("add", node, "tag", "a"),
        change("set", node, "tag", "c"),
        change("add", node, "tag", "b"),
        change("del", node, "tag"),
        change("del", node, "tag", "b"),
    )
    assert len(again) == 5
    assert "tag" not in folded(site, node).attributes


def test_what_was_changed_in_the_future_can_be_changed_now(site: Site) -> None:
    node = site.permanode("of a camera whose clock was wrong")
    site.claim(AddAttribute(node, "tag", "holiday"), date_ns=FUTURE_NS)
    claim(site, change("del", node, "tag", "holiday"), change("set", node, "title", "x"))
    assert folded(site, node).attributes == {"title": ("x",)}
    other = site.permanode("of another camera")
    claim(site, change("set", other, "title", "y"))
    modified = folded(site, other).modified
    assert modified is not None
    assert modified.ns < FUTURE_NS


def test_a_set_is_made_with_its_attributes_and_members_at_once(site: Site) -> None:
    members = [site.permanode(name) for name in "abc"]
    attributes = [["title", "Lakes"], ["tag", "x"], ["tag", "y"]]
    made = done(site, "create", attributes=attributes, members=[*members, members[0]])
    assert len(made["claims"]) == 6
    assert folded(site, made["ref"]).attributes == {
        "camliMember": tuple(members),
        "tag": ("x", "y"),
        "title": ("Lakes",),
    }
    again = done(site, "create", attributes=attributes, members=[])
    assert again["ref"] != made["ref"]
    refused(site, "create", attributes=[], members=[])
    refused(site, "create", attributes=[["title"]])
    refused(site, "create", attributes=[["", "x"]])
    refused(site, "create", attributes=[["title", "x"]], members=[made["claims"][0]])
    refused(site, "create", members=[Ref.of(b"not here")], status=404)


def test_deleting_is_undone_and_done_again(site: Site) -> None:
    node = site.permanode("one")
    claim(site, change("set", node, "title", "x"))
    (deleted,) = claim(site, {"act": "delete", "target": node})
    assert folded(site, node).is_deleted
    assert claim(site, {"act": "delete", "target": node}) == []
    (back,) = done(site, "undo", claims=[deleted])["claims"]
    assert not folded(site, node).is_deleted
    (again,) = done(site, "undo", claims=[back])["claims"]
    assert folded(site, node).is_deleted
    done(site, "undo", claims=[again])
    assert not folded(site, node).is_deleted


def test_undoing_twice_says_nothing_new_and_answers_the_same(site: Site) -> None:
    node = site.permanode("one")
    refs = claim(site, change("add", node, "tag", "a"), change("add", node, "tag", "b"))
    first = done(site, "undo", claims=refs)
    before = blobs(site)
    assert done(site, "undo", claims=refs) == first
    assert done(site, "undo", claims=[*refs, *refs]) == first
    assert blobs(site) == before
    (mixed,) = claim(site, change("add", node, "tag", "c"))
    both = done(site, "undo", claims=[refs[1], mixed, refs[0]])["claims"]
    assert (both[0], both[2]) == (first["claims"][1], first["claims"][0])
    done(site, "undo", claims=both)
    assert folded(site, node).attributes == {"tag": ("a", "b", "c")}


def test_only_claims_that_count_can_be_undone(site: Site, stranger: SecretKey) -> None:
    node = site.permanode("one")
    foreign = site.claim(SetAttribute(node, "title", "x"), signer=stranger)
    assert "not trusted" in refused(site, "undo", claims=[foreign])["error"]
    assert "only claims" in refused(site, "undo", claims=[node])["error"]
    refused(site, "undo", claims=[Ref.of(b"not here")], status=404)
    refused(site, "undo", claims=["x"])
    refused(site, "undo", claims="x")


BAD = [
    ("claims", "no list"),
    ([1], "no object"),
    ([{"act": "rename"}], "neither"),
    ([{"act": ["set"]}], "neither"),
    ([{"act": "set", "permanode": "x", "attribute": "a", "value": "b"}], "no ref"),
    ([{"act": "set", "attribute": "a", "value": "b"}], "no ref"),
    ([{"act": "delete"}], "no ref"),
    ([{"act": "set", "permanode": "NODE", "attribute": "", "value": "b"}], "empty"),
    ([{"act": "set", "permanode": "NODE", "attribute": 1, "value": "b"}], "no text"),
    ([{"act": "set", "permanode": "NODE", "attribute": "a"}], "no text"),
    ([{"act": "set", "permanode": "NODE", "attribute": "a", "value": "\ud800"}], "half"),
    ([{"act": "del", "permanode": "NODE", "attribute": "a", "value": ""}], "leave value out"),
    ([{"act": "set", "permanode": "FILE", "attribute": "a", "value": "b"}], "no permanode"),
    ([{"act": "delete", "target": "FILE"}], "can be deleted"),
    ([{"act": "add", "permanode": "NODE", "attribute": "a", "value": "x" * 1_045_000}], "bytes"),
]


@pytest.mark.parametrize(("claims", "why"), BAD)
def test_one_claim_that_makes_no_sense_is_named_and_none_is_made(
    site: Site, claims: Any, why: str
) -> None:
    file, node = site.put_file(b"x"), site.permanode("one")
    assert site.services.index is not None
    assert site.services.index.settle(20)
    text = json.dumps(claims).replace("NODE", node).replace("FILE", file)
    good = change("set", node, "title", "x")
    asked = json.loads(text)
    before = blobs(site)
    answer = refused(site, "claims", claims=[good, *asked] if isinstance(asked, list) else asked)
    assert why in answer["error"] + answer.get("remedy", "")
    if isinstance(asked, list) and why != "bytes":
        assert answer["claim"] == 1
    assert blobs(site) == before


def test_what_is_not_here_cannot_be_spoken_of(site: Site) -> None:
    missing = Ref.of(b"not here")
    for asked in (change("set", missing, "a", "b"), {"act": "delete", "target": missing}):
        answer = refused(site, "claims", claims=[asked], status=404)
        assert answer["claim"] == 0
    assert refused(site, "claims", claims=[{"act": "delete", "target": missing}] * 20_001)
    assert post(site, "claims", [1]).status_code == 400


def test_values_may_hold_whatever_text_can(site: Site) -> None:
    node = site.permanode("one")
    nasty = "</script>\0\u202e\U0001f600&\"'\n|%7C"
    claim(site, change("set", node, nasty, nasty), change("add", node, nasty, ""))
    assert folded(site, node).attributes == {nasty: (nasty, "")}


def test_without_a_key_it_is_said_how_to_get_one(new_site: Callable[..., Site]) -> None:
    site = new_site(None)
    for call in ("claims", "create", "undo", "saved", "upload"):
        answer = refused(site, call, status=409)
        assert "no key" in answer["error"]
        assert "holdfast init" in answer["remedy"]


def test_nothing_is_claimed_for_who_may_not(site: Site) -> None:
    node = site.permanode("one")
    body = json.dumps({"claims": [change("set", node, "title", "x")]}).encode()
    path = "/ui/api/claims"
    assert site.ask("POST", path, body=body, headers={}).status_code == 401
    by_page = {**OWNER, "Origin": "http://falconframework.org", "Sec-Fetch-Site": "same-origin"}
    assert site.ask("POST", path, body=body, headers=by_page).status_code == 403
    assert site.ask("GET", path).status_code == 405
    assert folded(site, node).attributes == {}


def test_while_the_index_is_catching_up_nothing_is_claimed(site: Site) -> None:
    node = site.permanode("one")
    site.world.is_indexed = False
    answer = post(site, "claims", {"claims": [change("set", node, "title", "x")]})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_requests_at_one_time_each_keep_their_order(site: Site) -> None:
    node = site.permanode("one")

    async def act(conductor: ASGIConductor, name: int) -> list[str]:
        asked = [change("add", node, f"a{name}", f"{n}") for n in range(40)]
        answer = await conductor.simulate_post(
            "/ui/api/claims", body=json.dumps({"claims": asked}).encode(), headers=OWNER
        )
        refs: list[str] = answer.json["claims"]
        return refs

    async def act_at_once() -> list[list[str]]:
        async with ASGIConductor(site.served) as conductor:
            return await asyncio.gather(*(act(conductor, name) for name in range(8)))

    made = asyncio.run(act_at_once())
    assert len({ref for refs in made for ref in refs}) == 320
    now = folded(site, node)
    for name in range(8):
        assert now.attributes[f"a{name}"] == tuple(f"{n}" for n in range(40))


def test_what_several_pages_add_at_one_time_is_there_once(site: Site) -> None:
    node = site.permanode("one")
    body = json.dumps({"claims": [change("add", node, "tag", "same")]}).encode()

    async def act_at_once() -> list[list[str]]:
        async with ASGIConductor(site.served) as conductor:
            posts = (
                conductor.simulate_post("/ui/api/claims", body=body, headers=OWNER)
                for _ in range(8)
            )
            return [answer.json["claims"] for answer in await asyncio.gather(*posts)]

    made = asyncio.run(act_at_once())
    assert sorted(map(len, made)) == [0] * 7 + [1]
    assert folded(site, node).attributes["tag"] == ("same",)


class _Refusing:
    """A signer whose card is pulled out after some signatures."""

    def __init__(self, key: Signer, *, after: int) -> None:
        self.public = key.public
        self._key = key
        self._left = after

    def detached(self, data: bytes, *, time: int) -> bytes:
        if not self._left:
            raise SigningFailed(self.public.key_id, "no card")
        self._left -= 1
        return self._key.detached(data, time=time)


def test_a_signer_that_fails_half_way_leaves_nothing(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    signer = _Refusing(key, after=4)
    site = new_site(signer)
    node = site.permanode("one")
    before = blobs(site)
    asked = [change("add", node, "tag", f"{n}") for n in range(5)]
    refused(site, "claims", claims=asked, status=500)
    assert blobs(site) == before
    signer._left = 2
    refused(site, "create", attributes=[["title", "x"], ["tag", "y"]], status=500)
    assert blobs(site) == before


class _FullDisk(MemoryStorage):
    """Takes some of what it is given, and then says that there is no room."""

    room = 3

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        super().receive(blobs[: self.room])
        if len(blobs) > self.room:
            raise StoreFull("the disk", "no space left on device")
        return [True] * len(blobs)


def test_what_cannot_be_stored_together_is_not_there_at_all() -> None:
    hub = Hub(_FullDisk())
    some = [Blob(Ref.of(b"%d" % n), b"%d" % n) for n in range(5)]
    with pytest.raises(StoreFull):
        receive_all(hub, some)
    assert list(hub.storage.enumerate()) == []


def test_what_a_hook_could_not_take_is_not_there_either() -> None:
    def fail(_blobs: Sequence[Blob]) -> None:
        raise StoreFull("the index", "no space left on device")

    hub = Hub(MemoryStorage(), hooks=[fail])
    with pytest.raises(StoreFull):
        receive_all(hub, [Blob(Ref.of(b"x"), b"x")])
    assert list(hub.storage.enumerate()) == []


def test_a_full_disk_is_said_and_over_when_there_is_room(site: Site) -> None:
    node = site.permanode("one")
    claim(site, change("set", node, "title", "before"))
    refusing = True

    def fail(_blobs: Sequence[Blob]) -> None:
        if refusing:
            raise StoreFull("the index", "no space left on device")

    site.hub.add_hook(fail)
    before = blobs(site)
    asked = [change("set", node, "title", "after"), change("add", node, "tag", "x")]
    answer = refused(site, "claims", claims=asked, status=507)
    assert "full" in answer["error"]
    assert blobs(site) == before
    assert folded(site, node).attributes == {"title": ("before",)}
    refusing = False
    claim(site, *asked)
    assert folded(site, node).attributes == {"tag": ("x",), "title": ("after",)}
