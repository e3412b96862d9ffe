"""The other calls: recent, claims, permanodeattr, edgesto, signerpaths, signerattrvalue, files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.blobstore.ref import Ref

from .world import STRANGER_KEY, World, a_world

NOWHERE = "sha224-" + "0" * 56


def fill(world: World) -> None:
    world.put(STRANGER_KEY.public.blob, "their key")
    world.file("same.txt", b"the same", modified="2019-01-01")
    world.file("copy.txt", b"the same", modified="2019-01-02")
    world.thing("first", "2020-01-01", title="One", tag=["red", "green"], camliContent="@same.txt")
    world.thing("second", "2020-01-02", title="One", tag=["red"])
    world.thing("third", "2020-01-03", title="Two", camliImportRoot="flickr")
    world.set("third", "title", "Three", "2020-01-04")
    world.thing("fourth", "2020-01-05", tag=["red"])
    world.remove("fourth", "tag", "red", "2020-01-06")
    world.thing("hidden", "2020-01-07", camliDefVis="hide", tag=["red"])
    world.thing("venue", "2020-01-08", camliNodeType="foursquare.com:venue")
    world.thing("gone", "2020-01-09", tag=["red"], camliMember=["@first"])
    world.delete("gone", "2020-01-10")
    world.thing("set", "2020-01-11", camliMember=["@first", "@second"])
    world.add("set", "camliMember", "@first", "2020-01-11T12:00:00")
    world.remove("set", "camliMember", "@second", "2020-01-12")
    world.thing("other set", "2020-01-13", camliMember=["@first"], camliRoot="home")
    world.thing("dir", "2020-01-14", camliRoot="home")
    world.set("dir", "camliPath:kept", "@first", "2020-01-15")
    world.set("dir", "camliPath:replaced", "@first", "2020-01-15")
    world.set("dir", "camliPath:replaced", "@second", "2020-01-16")
    world.set("dir", "camliPath:removed", "@first", "2020-01-15")
    world.remove("dir", "camliPath:removed", "@first", "2020-01-16")
    world.set("dir", "camliPath:cleared", "@first", "2020-01-15")
    world.remove("dir", "camliPath:cleared", "", "2020-01-16")
    world.set("dir", "camliPath:a b/%|", "@first", "2020-01-17")
    world.set("dir", "title", "", "2020-01-18")
    world.permanode("bare")
    world.set("second", "title", "Theirs", "2020-02-01", key=STRANGER_KEY)
    world.add("second", "tag", "theirs", "2020-02-01", key=STRANGER_KEY)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("lookups"), fill) as made:
        yield made


NEWEST_FIRST = [
    ("dir", "2020-01-18"),
    ("other set", "2020-01-13"),
    ("set", "2020-01-12"),
    ("venue", "2020-01-08"),
    ("hidden", "2020-01-07"),
    ("fourth", "2020-01-06"),
    ("third", "2020-01-04"),
    ("second", "2020-01-02"),
    ("first", "2020-01-01"),
]


def recent(world: World, **params: str) -> list[tuple[str, str]]:
    found = world.get("recent", **params)["recent"] or []
    assert all(one["owner"] == world.key for one in found)
    return [(world.name(one["blobref"]), one["modtime"][:10]) for one in found]


def test_what_changed_last_is_recent(world: World) -> None:
    """Each once, by its newest change, whatever is hidden."""
    assert recent(world) == NEWEST_FIRST
    assert recent(world, n="3") == NEWEST_FIRST[:3]
    assert recent(world, n="1") == NEWEST_FIRST[:1]


@pytest.mark.parametrize("number", ["0", "-1", "1001", "many", ""])
def test_a_number_that_makes_no_sense_is_fifty(world: World, number: str) -> None:
    assert recent(world, n=number) == NEWEST_FIRST


def test_recent_goes_on_before_a_time(world: World) -> None:
    assert recent(world, before="2020-01-12T00:00:00Z") == NEWEST_FIRST[3:]
    assert recent(world, before="2020-01-12T00:00:00.000000001Z", n="2") == NEWEST_FIRST[2:4]
    assert recent(world, before="2019-01-01T00:00:00Z") == []
    assert recent(world, before="yesterday") == NEWEST_FIRST


def test_what_is_recent_is_described_with_what_it_leads_to(world: World) -> None:
    meta = world.in_names(world.get("recent", n="9")["meta"])
    assert {"dir", "set", "first", "second", "same.txt"} <= set(meta)
    assert meta["first"]["permanode"]["attr"]["title"] == ["One"]
    assert world.get("recent", before="2019-01-01T00:00:00Z") == {"recent": None, "meta": {}}


def claims(world: World, name: str, **params: str) -> list[Any]:
    found = world.get("claims", permanode=f"@{name}", **params)["claims"] or []
    return [
        (one["date"][:10], one["type"], one.get("attr"), world.in_names(one.get("value")))
        for one in found
    ]


def test_the_claims_about_a_permanode_are_the_owners_oldest_first(world: World) -> None:
    assert claims(world, "third") == [
        *sorted(claims(world, "third")[:2]),
        ("2020-01-04", "set-attribute", "title", "Three"),
    ]
    assert claims(world, "fourth") == [
        ("2020-01-05", "add-attribute", "tag", "red"),
        ("2020-01-06", "del-attribute", "tag", "red"),
    ]
    assert all(claim[0] == "2020-01-02" for claim in claims(world, "second"))
    (last,) = [claim for claim in claims(world, "dir") if claim[0] == "2020-01-18"]
    assert last == ("2020-01-18", "set-attribute", "title", None)


def test_a_claim_is_told_in_full(world: World) -> None:
    (found, *_) = world.get("claims", permanode="@fourth")["claims"]
    assert world.in_names({**found, "blobref": ""}) == {
        "blobref": "",
        "signer": world.key,
        "permanode": "fourth",
        "date": "2020-01-05T00:00:00Z",
        "type": "add-attribute",
        "attr": "tag",
        "value": "red",
    }


def test_claims_can_be_of_one_attribute_alone(world: World) -> None:
    assert claims(world, "third", attrFilter="title") == [
        ("2020-01-03", "set-attribute", "title", "Two"),
        ("2020-01-04", "set-attribute", "title", "Three"),
    ]
    assert claims(world, "third", attrFilter="nosuch") == []
    assert claims(world, "dir", attrFilter="camliPath:cleared") == [
        ("2020-01-15", "set-attribute", "camliPath:cleared", "first"),
        ("2020-01-16", "del-attribute", "camliPath:cleared", None),
    ]


def test_what_nobody_claims_has_no_claims(world: World) -> None:
    for name in ("bare", "same.txt"):
        assert world.get("claims", permanode=f"@{name}") == {"claims": None}
    assert world.get("claims", permanode=NOWHERE) == {"claims": None}


def with_attr(world: World, **params: str) -> list[str]:
    found = world.get("permanodeattr", **params)["withAttr"] or []
    return [world.name(one["permanode"]) for one in found]


def test_permanodes_are_looked_up_by_values_they_ever_had(world: World) -> None:
    """By the newest claim; whether they have it still is for the caller to see."""
    assert with_attr(world, attr="title", value="One") == ["second", "first"]
    assert with_attr(world, attr="title", value="Two") == ["third"]
    assert with_attr(world, attr="title", value="Three") == ["third"]
    assert with_attr(world, attr="tag", value="red") == ["hidden", "fourth", "second", "first"]
    assert with_attr(world, attr="camliRoot", value="home") == ["dir", "other set"]
    assert with_attr(world, attr="camliImportRoot", value="flickr") == ["third"]
    assert with_attr(world, attr="tag", value="Red") == []
    assert with_attr(world, attr="tag", value="re") == []


def test_without_a_value_all_are_listed_by_values(world: World) -> None:
    assert with_attr(world, attr="title") == ["second", "first", "third"]
    assert with_attr(world, attr="tag") == ["first", "hidden", "fourth", "second"]
    assert with_attr(world, attr="camliRoot") == ["dir", "other set"]


def test_lookups_can_be_cut_off(world: World) -> None:
    assert with_attr(world, attr="tag", value="red", max="2") == ["hidden", "fourth"]
    for number in ("0", "-1"):
        assert len(with_attr(world, attr="tag", value="red", max=number)) == 4
    answer = world.ask("GET", "permanodeattr", params={"attr": "tag", "max": "many"})
    assert answer.status == 400
    assert answer.json["error"] == 'Invalid parameter "max"'


def test_lookups_can_be_as_of_a_time(world: World) -> None:
    at = "2020-01-03T12:00:00Z"
    assert with_attr(world, attr="tag", value="red", at=at) == ["second", "first"]
    assert with_attr(world, attr="title", value="Three", at=at) == []
    assert with_attr(world, attr="tag", value="red", at="2020-01-05T00:00:00Z") == [
        "fourth",
        "second",
        "first",
    ]


def test_lookups_are_of_one_signer(world: World) -> None:
    own, theirs = world.key, world["their key"]
    assert with_attr(world, attr="tag", value="red", signer=own) == [
        "hidden",
        "fourth",
        "second",
        "first",
    ]
    assert with_attr(world, attr="tag", value="theirs") == []
    assert with_attr(world, attr="title", value="Theirs", signer=own) == []
    assert with_attr(world, attr="tag", value="red", signer=theirs) == []
    assert with_attr(world, attr="tag", value="red", signer=NOWHERE) == []


def test_what_is_looked_up_is_described(world: World) -> None:
    meta = world.in_names(world.get("permanodeattr", attr="title", value="One")["meta"])
    assert set(meta) == {"first", "second", "same.txt"}
    nothing = world.get("permanodeattr", attr="title", value="nosuch")
    assert nothing == {"withAttr": None, "meta": {}}


def test_other_attributes_are_refused(world: World) -> None:
    answer = world.ask("GET", "permanodeattr", params={"attr": "camliContent", "value": "x"})
    assert answer.status == 400
    assert answer.json["error"].startswith(
        'SearchPermanodesWithAttr: called with a non-indexed attribute "camliContent"'
    )


def test_nobody_guesses(world: World) -> None:
    for params in ({"value": "red"}, {"attr": "tag", "value": "red", "fuzzy": "true"}):
        answer = world.ask("GET", "permanodeattr", params=params)
        assert answer.status == 400
        assert "FuzzyMatch" in answer.json["error"]


def test_members_know_their_sets(world: World) -> None:
    def edges(name: str) -> list[str]:
        found = world.get("edgesto", blobref=f"@{name}")
        assert found["toRef"] == world[name]
        assert all(edge["fromType"] == "permanode" for edge in found["edgesTo"] or ())
        return sorted(world.name(edge["from"]) for edge in found["edgesTo"] or ())

    assert edges("first") == ["other set", "set"]
    assert edges("second") == []
    assert edges("same.txt") == []
    assert world.get("edgesto", blobref=NOWHERE) == {"toRef": NOWHERE, "edgesTo": None}


def test_paths_lead_to_what_is_there_now(world: World) -> None:
    """Perkeep lists what was replaced or cleared, too."""

    def paths(name: str, signer: str = world.key) -> list[tuple[str, str]]:
        found = world.get("signerpaths", signer=signer, target=f"@{name}")["paths"] or []
        return sorted((world.name(path["baseRef"]), path["suffix"]) for path in found)

    assert paths("first") == [("dir", "a b/%|"), ("dir", "kept")]
    assert paths("second") == [("dir", "replaced")]
    assert paths("third") == []
    assert paths("first", world["their key"]) == []


def test_a_path_names_the_claim_that_made_it(world: World) -> None:
    found = world.get("signerpaths", signer=world.key, target="@second")
    (path,) = found["paths"]
    text = world.blobs[path["claimRef"]].decode()
    assert '"attribute": "camliPath:replaced"' in text
    assert world["second"] in text
    assert "dir" in world.in_names(found["meta"])


def test_one_permanode_is_looked_up_by_a_signers_value(world: World) -> None:
    def found(attr: str, value: str) -> str:
        got = world.get("signerattrvalue", signer=world.key, attr=attr, value=value)
        assert got["permanode"] in got["meta"]
        return world.name(got["permanode"])

    # The newest claim wins.
    assert found("camliRoot", "home") == "dir"
    assert found("title", "One") == "second"
    assert found("title", "Two") == "third"
    assert found("tag", "green") == "first"


@pytest.mark.parametrize(
    ("attr", "value"), [("title", "nosuch"), ("tag", "theirs"), ("camliContent", "x")]
)
def test_a_value_that_nobody_gave_is_not_found(world: World, attr: str, value: str) -> None:
    params = {"signer": world.key, "attr": attr, "value": value}
    answer = world.ask("GET", "signerattrvalue", params=params)
    assert answer.status in (400, 404)
    if attr != "camliContent":
        assert answer.json["error"] == "file does not exist"


@pytest.mark.parametrize("missing", ["signer", "attr", "value"])
def test_a_signers_value_is_asked_for_in_full(world: World, missing: str) -> None:
    params = {"signer": world.key, "attr": "title", "value": "One"}
    del params[missing]
    answer = world.ask("GET", "signerattrvalue", params=params)
    assert answer.status == 400
    assert answer.json["error"] == f'Missing parameter "{missing}"'


def test_files_are_looked_up_by_all_their_bytes(world: World) -> None:
    whole, other = Ref.of(b"the same"), Ref.of(b"other")
    found = world.get("files", wholedigest=whole)["files"]
    assert found.keys() == {whole}
    assert sorted(found[whole]) == sorted((world["same.txt"], world["copy.txt"]))
    assert world.get("files", wholedigest=other) == {"files": {other: None}}
    query = f"wholedigest={whole}&wholedigest={other}"
    both = world.ask("GET", "files", params=query).json["files"]
    assert both.keys() == {whole, other}


@pytest.mark.parametrize("params", [{}, {"wholedigest": "nothing"}])
def test_a_lookup_of_files_goes_wrong_with_status_200(world: World, params: dict[str, str]) -> None:
    answer = world.ask("GET", "files", params=params)
    assert answer.status == 200
    assert answer.json["files"] is None
    assert answer.json["errorType"] == "input"
    assert answer.json["error"]
