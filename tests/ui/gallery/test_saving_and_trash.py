"""Searches that are saved, and things that are deleted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from falcon.testing import ASGIConductor

from holdfast.blobstore.ref import Ref
from holdfast.blobstore.storage import fetch_one
from holdfast.schema.claims import Delete, SetAttribute
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.timestamps import NANOSECONDS

from ..served import NOW_NS, OWNER, Site


def post(site: Site, call: str, document: object, *, status: int = 200) -> Any:
    answer = site.ask("POST", f"/ui/api/{call}", body=json.dumps(document).encode())
    assert answer.status_code == status, answer.text
    return answer.json


def get(site: Site, call: str, **params: object) -> Any:
    answer = site.get(f"/ui/api/{call}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json


def save(site: Site, name: str, expression: str, *, status: int = 200, **more: object) -> Any:
    return post(site, "saved", {"name": name, "expression": expression, **more}, status=status)


def tagged(site: Site, name: str, tag: str) -> Ref:
    node = site.permanode(name)
    site.claim(SetAttribute(node, "tag", tag))
    return node


# Saved searches


def test_of_several_pages_that_save_under_one_name_at_one_time_one_has_it(site: Site) -> None:
    async def save_at_once() -> list[int]:
        async with ASGIConductor(site.served) as conductor:
            posts = (
                conductor.simulate_post(
                    "/ui/api/saved",
                    body=json.dumps({"name": "mine", "expression": f"tag:t{n}"}).encode(),
                    headers=OWNER,
                )
                for n in range(6)
            )
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert sorted(asyncio.run(save_at_once())) == [200] + [409] * 5


def test_a_saved_search_is_found_by_its_name(site: Site) -> None:
    lake = tagged(site, "one", "lake")
    tagged(site, "two", "sea")
    made = save(site, "water", "tag:lake")
    assert len(made["claims"]) == 4
    found = get(site, "items", q="named:water")["items"]
    assert [item["ref"] for item in found] == [lake]
    assert site.services.claims is not None
    attributes = site.services.claims.about(made["ref"]).fold(made["ref"]).attributes
    assert attributes["title"] == ("named:water",)
    (text,) = attributes["camliContent"]
    assert fetch_one(site.hub.storage, Ref(text)) == b"tag:lake"
    # Who looks for that word did not mean the search.
    assert get(site, "items", q="text:water")["items"] == []


def test_a_name_that_is_taken_is_kept_unless_one_says_so(site: Site) -> None:
    tagged(site, "one", "lake")
    sea = tagged(site, "two", "sea")
    first = save(site, "water", "tag:lake")
    taken = save(site, "water", "tag:sea", status=409)
    assert taken["ref"] == first["ref"]
    assert "replace" in taken["remedy"]
    second = save(site, "water", "tag:sea", replace=True)
    assert (second["ref"], len(second["claims"])) == (first["ref"], 1)
    assert save(site, "water", "tag:sea", replace=True)["claims"] == []
    assert [item["ref"] for item in get(site, "items", q="named:water")["items"]] == [sea]
    post(site, "undo", {"claims": first["claims"] + second["claims"]})
    assert save(site, "water", "tag:lake")["ref"] != first["ref"]


def test_mistakes_in_an_expression_are_pointed_at(site: Site) -> None:
    wrong = save(site, "x", "\U0001f600 tag:a (tag:b", status=400)
    assert wrong["error"]
    assert isinstance(wrong["position"], int)
    for name, expression in (("", "tag:a"), ("x", " "), ("x\n", "("), ("x" * 201, "tag:a")):
        assert save(site, name, expression, status=400)["error"]
    assert save(site, "x", '{"permanode": {"attr": "tag", "value": "a"}}')
    assert save(site, "y", '{"nonsense": 1', status=400)


# The trash


def trash(site: Site, **params: object) -> list[Any]:
    found: list[Any] = get(site, "trash", **params)["items"]
    return found


def test_what_is_deleted_is_in_the_trash_the_latest_first(site: Site) -> None:
    nodes = [tagged(site, f"{number}", "x") for number in range(5)]
    assert trash(site) == []
    dates = [3, 1, 4, 2, 5]
    claims = {
        node: site.claim(Delete(node), date_ns=NOW_NS + date * NANOSECONDS)
        for node, date in zip(nodes, dates, strict=True)
    }
    found = trash(site)
    expected = [node for _, node in sorted(zip(dates, nodes, strict=True), reverse=True)]
    assert [item["ref"] for item in found] == expected
    assert [item["deleteClaim"] for item in found] == [claims[node] for node in expected]
    assert found[0]["deletedAt"] == "2026-11-21T04:30:05Z"
    assert found[0]["tags"] == ["x"]
    post(site, "undo", {"claims": [found[0]["deleteClaim"]]})
    assert [item["ref"] for item in trash(site)] == expected[1:]


def test_pages_of_the_trash_have_everything_once(site: Site) -> None:
    nodes = [tagged(site, f"{number}", "x") for number in range(7)]
    for number, node in enumerate(nodes):
        site.claim(Delete(node), date_ns=NOW_NS + number // 2 * NANOSECONDS)
        site.claim(Delete(node), date_ns=NOW_NS + number * NANOSECONDS)
    seen: list[Any] = []
    page = get(site, "trash", limit=2)
    while True:
        assert len(page["items"]) <= 2
        seen += page["items"]
        if page["next"] is None:
            break
        page = get(site, "trash", limit=2, **{"from": page["next"]})
    assert [item["ref"] for item in seen] == nodes[::-1]
    assert len(seen[0]["deleteClaims"]) == 2
    answer = site.get("/ui/api/trash", params={"from": "x"})
    assert answer.status_code == 400


def test_only_permanodes_and_deletes_that_count_are_in_the_trash(
    site: Site, stranger: SecretKey
) -> None:
    kept, gone = tagged(site, "kept", "x"), tagged(site, "gone", "x")
    site.delete(kept, signer=stranger)
    site.delete(site.claim(SetAttribute(kept, "title", "y")))
    site.delete(gone)
    twice = site.claim(Delete(gone), date_ns=NOW_NS + 1)
    assert [item["ref"] for item in trash(site)] == [gone]
    post(site, "undo", {"claims": [twice]})
    (left,) = trash(site)
    assert left["deleteClaim"] != twice
    post(site, "undo", {"claims": left["deleteClaims"]})
    assert trash(site) == []


@pytest.mark.parametrize("call", ["state", "trash", "changes"])
def test_nothing_is_told_to_who_may_not_know(new_site: Callable[..., Site], call: str) -> None:
    assert new_site(None).get(f"/ui/api/{call}", headers={}).status_code == 401
