"""The owner's calls about shares: listing, making and revoking them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from falcon.testing import Result

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import parse_schema
from holdfast.schema.claims import AddAttribute, SetAttribute, Share, read_claim
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.sharelocks import read_password_hash

from ..files.planting import folder, permanode_of, plant, set_of
from ..served import NOW_NS, Site
from .visiting import basic, call, contents, look, opens, page, share_of, titles

TOKEN = {"Authorization": f"Token {'t' * 40}"}


def ask(site: Site, method: str, name: str, body: object = None) -> Result:
    """A call by a program of the owner's."""
    text = None if body is None else json.dumps(body)
    return site.client.simulate_request(method, f"/ui/api/{name}", body=text, headers=TOKEN)


def make(site: Site, *refs: Ref, **more: Any) -> dict[str, Any]:
    wanted = more if "search" in more else {"refs": list(refs), **more}
    answer = ask(site, "POST", "share", wanted)
    assert answer.status_code == 200, answer.text
    share: dict[str, Any] = answer.json["share"]
    return share


def listed(site: Site) -> list[dict[str, Any]]:
    answer = ask(site, "GET", "shares")
    assert answer.status_code == 200, answer.text
    shares: list[dict[str, Any]] = answer.json["shares"]
    return shares


def claimed(site: Site, share: dict[str, Any]) -> Share:
    ref = Ref(share["claim"])
    (blob,) = site.hub.storage.fetch((ref,))
    says = read_claim(parse_schema(ref, blob.data)).says
    assert isinstance(says, Share)
    return says


@pytest.fixture
def letter(site: Site) -> Ref:
    return plant(site, "letter.txt", b"dear all")


def test_a_share_that_was_made_opens_and_is_listed(site: Site, letter: Ref) -> None:
    made = make(site, letter)
    assert made == {
        "claim": made["claim"],
        "url": f"/share/{made['claim']}",
        "target": letter,
        "search": None,
        "title": "letter.txt",
        "state": "open",
        "expires": None,
        "created": made["created"],
        "password": False,
        "downloads": None,
        "used": 0,
        "transitive": True,
    }
    assert listed(site) == [made]
    assert contents(site, made["claim"], letter).content == b"dear all"


def test_of_a_permanode_its_content_is_shared_and_a_set_as_it_will_be(
    site: Site, letter: Ref
) -> None:
    permanode = permanode_of(site, letter, "A letter")
    assert make(site, permanode)["target"] == letter
    tree = folder(site, "tree", letter)
    assert make(site, permanode_of(site, tree))["target"] == tree
    album = set_of(site, "Album", permanode)
    made = make(site, album)
    assert (made["target"], made["title"]) == (album, "Album")
    assert opens(site, made["claim"], letter)
    assert make(site, set_of(site, "Empty"))["title"] == "Empty"


def test_several_things_are_shared_as_a_list_that_real_clients_can_walk(
    site: Site, letter: Ref
) -> None:
    tree = folder(site, "tree", plant(site, "inside", b"inside"))
    permanode = permanode_of(site, letter)
    album = set_of(site, "Album", permanode_of(site, plant(site, "photo", b"photo")))
    made = make(site, permanode, tree, letter, album)
    assert made["title"] == "3 things"
    share, target = made["claim"], made["target"]
    chain = site.client.simulate_get(f"/share/{target}?via={share}")
    assert chain.json["camliType"] == "static-set"
    assert chain.json["members"] == [letter, tree, album]
    assert chain.json["camliSig"]
    member = site.client.simulate_get(f"/share/{letter}?via={share},{target}&assemble=1")
    assert member.content == b"dear all"
    assert set(titles(call(site, share, "items"))) == {"letter.txt", "tree", "Album"}
    zipped = site.client.simulate_get(f"/share/{share}/zip")
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as packed:
        assert {"letter.txt", "tree/inside", "Album/photo"} <= set(packed.namelist())
    assert make(site, permanode, letter)["target"] == letter


def test_a_list_of_very_many_things_is_split(site: Site) -> None:
    files = [plant(site, f"{n}", b"%d" % n) for n in range(10_002)]
    made = make(site, *files)
    assert made["title"] == "10,002 things"
    chain = site.client.simulate_get(f"/share/{made['target']}?via={made['claim']}")
    assert len(chain.json["mergeSets"]) == 2
    assert opens(site, made["claim"], files[-1])


def test_a_search_is_shared_as_it_was_typed(site: Site, letter: Ref) -> None:
    site.claim(AddAttribute(permanode_of(site, letter), "tag", "open"))
    made = make(site, search="tag:open")
    assert (made["search"], made["title"], made["target"]) == ("tag:open", "tag:open", None)
    assert opens(site, made["claim"], letter)
    raw = 'raw:{"permanode": {"attr": "tag", "value": "open"}}'
    made = make(site, search=raw)
    assert json.loads(made["search"].removeprefix("raw:")) == json.loads(raw.removeprefix("raw:"))
    assert opens(site, made["claim"], letter)


def test_conditions_are_in_the_claim_and_the_password_is_not(site: Site, letter: Ref) -> None:
    made = make(site, letter, password="sesame", downloads=2, expires="2026-12-24T18:00:00+01:00")
    assert (made["password"], made["downloads"], made["used"]) == (True, 2, 0)
    assert made["expires"] == "2026-12-24T17:00:00Z"
    share = claimed(site, made)
    assert share.auth_type == "haveref+password+count"
    hashed = read_password_hash(share.password_hash)
    assert hashed is not None
    assert hashed.is_of("sesame")
    (blob,) = site.hub.storage.fetch((made["claim"],))
    assert b"sesame" not in blob.data
    assert contents(site, made["claim"], letter).status_code == 401
    assert contents(site, made["claim"], letter, **basic("sesame")).content == b"dear all"
    (said,) = listed(site)
    assert (said["used"], said["state"]) == (1, "open")
    assert contents(site, made["claim"], letter, **basic("sesame")).content == b"dear all"
    (said,) = listed(site)
    assert (said["used"], said["state"]) == (2, "used up")
    another = make(site, letter, password="sesame")
    assert claimed(site, another).password_hash != share.password_hash


def test_shares_are_listed_as_they_stand_the_latest_first(
    site: Site, letter: Ref, stranger: SecretKey
) -> None:
    site.claim(Share(target=letter), signer=stranger)
    alone = site.claim(Share(target=letter), date_ns=NOW_NS - 1)
    made = make(site, letter, expires="2026-11-21T05:00:00Z")
    site.world.now += timedelta(hours=1)
    revoked = make(site, letter)
    site.delete(Ref(revoked["claim"]))
    states = {share["claim"]: share["state"] for share in listed(site)}
    assert states == {alone: "open", made["claim"]: "expired", revoked["claim"]: "revoked"}
    assert [share["created"] for share in listed(site)] == sorted(
        (share["created"] for share in listed(site)), reverse=True
    )
    assert not next(share for share in listed(site) if share["claim"] == alone)["transitive"]


def test_what_is_revoked_is_closed_and_can_be_opened_again(site: Site, letter: Ref) -> None:
    shares = [make(site, letter), make(site, letter, downloads=5)]
    claims = [share["claim"] for share in shares]
    answer = ask(site, "POST", "shares/revoke", {"claims": claims})
    assert answer.status_code == 200
    deletes = answer.json["claims"]
    assert len(deletes) == 2
    assert {share["state"] for share in listed(site)} == {"revoked"}
    for claim in claims:
        assert look(site, claim).status_code == 403
    assert ask(site, "POST", "shares/revoke", {"claims": claims}).json == {"claims": []}
    assert ask(site, "POST", "undo", {"claims": deletes}).status_code == 200
    assert {share["state"] for share in listed(site)} == {"open"}
    assert page(site, claims[0])["layout"] == "file"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, "either refs or a search"),
        ({"refs": [], "search": "tag:a"}, "either refs or a search"),
        ({"refs": []}, "0 things"),
        ({"refs": ["x"]}, "no ref"),
        ({"refs": "LETTER"}, "refs"),
        ({"search": " "}, "everything"),
        ({"search": "((("}, "parenthesis"),
        ({"search": "raw:{"}, ""),
        ({"refs": ["LETTER"], "password": ""}, "1 to"),
        ({"refs": ["LETTER"], "password": "x" * 2000}, "1 to"),
        ({"refs": ["LETTER"], "password": 5}, "no text"),
        ({"refs": ["LETTER"], "downloads": 0}, "whole number"),
        ({"refs": ["LETTER"], "downloads": True}, "whole number"),
        ({"refs": ["LETTER"], "downloads": 1.5}, "whole number"),
        ({"refs": ["LETTER"], "expires": "tomorrow"}, "time"),
        ({"refs": ["LETTER"], "expires": "2020-01-01T00:00:00Z"}, "begins"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    site: Site, letter: Ref, wanted: dict[str, Any], words: str
) -> None:
    text = json.loads(json.dumps(wanted).replace("LETTER", letter))
    answer = ask(site, "POST", "share", text)
    assert answer.status_code == 400
    assert words in answer.json["error"]
    assert listed(site) == []


def test_what_is_not_here_or_deleted_or_nothing_cannot_be_shared(site: Site, letter: Ref) -> None:
    deleted = permanode_of(site, letter)
    site.delete(deleted)
    bare = site.permanode("bare")
    site.claim(SetAttribute(bare, "description", "x"))
    for ref, status in (
        (Ref.of(b"missing"), 404),
        (deleted, 409),
        (bare, 400),
        (site.put(b"plain"), 400),
    ):
        answer = ask(site, "POST", "share", {"refs": [letter, ref]})
        assert (answer.status_code, ref in answer.json["error"]) == (status, True)
    answer = ask(site, "POST", "shares/revoke", {"claims": [letter]})
    assert answer.status_code == 404


def test_only_the_owner_shares(site: Site, letter: Ref) -> None:
    for method, name in (("GET", "shares"), ("POST", "share"), ("POST", "shares/revoke")):
        answer = site.client.simulate_request(method, f"/ui/api/{name}")
        assert answer.status_code == 401
    share = share_of(site, letter)
    answer = site.client.simulate_get("/ui/api/shares", headers={"Cookie": f"x={share}"})
    assert answer.status_code == 401


def test_a_server_without_a_key_lists_shares_and_makes_none(
    new_site: Callable[..., Site],
) -> None:
    site = new_site(None)
    assert listed(site) == []
    for name in ("share", "shares/revoke"):
        answer = ask(site, "POST", name, {"refs": [Ref.of(b"x")]})
        assert answer.status_code == 409
        assert "key" in answer.json["error"]
