"""The server's own calls about claims."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import SetAttribute, Share
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.timestamps import NANOSECONDS

from .served import NOW_NS, VIVIFY, Site


def test_discovery_tells_of_claims_and_shares(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    found = new_site(key).get("/?camli.mode=config").json
    assert found["shareRoot"] == "/share/"
    assert found["holdfast"]["claims"] == "/claims/"
    found = new_site(key, is_indexed=False).get("/?camli.mode=config").json
    assert found["shareRoot"] == ""
    assert "claims" not in found["holdfast"]


def test_a_thing_is_told_with_all_claims_that_bear_on_it(
    site: Site, key: SecretKey, stranger: SecretKey
) -> None:
    node = site.put(b"any blob will do")
    title = site.claim(SetAttribute(node, "title", "one"))
    foreign = site.claim(SetAttribute(node, "title", "two"), signer=stranger)
    gone = site.delete(title)
    back = site.delete(gone)
    site.claim(SetAttribute(Ref.of(b"other"), "title", "three"))
    found = site.get(f"/claims/about?ref={node}")
    assert set(found.json["claims"]) == {title, foreign, gone, back}
    assert found.json["trusted"] == [Ref.of(key.public.blob)]
    assert found.headers["cache-control"] == "no-store"
    assert set(site.get(f"/claims/about?ref={title}").json["claims"]) == {gone, back}
    assert site.get(f"/claims/about?ref={Ref.of(b'unknown')}").json["claims"] == []


def test_shares_are_told_with_their_deletes(site: Site) -> None:
    assert site.get("/claims/shares").json["claims"] == []
    later = site.claim(Share(target=Ref.of(b"a")), date_ns=NOW_NS + NANOSECONDS)
    first = site.claim(Share(target=Ref.of(b"b")))
    gone = site.delete(first)
    found = site.get("/claims/shares").json["claims"]
    assert site.get("/claims/shares").json["used"] == {}
    assert found[:2] == [first, later]
    assert set(found) == {first, later, gone}


def test_bad_questions_are_refused_in_words(site: Site) -> None:
    for query in ("", "?ref=", "?ref=x", "?ref=sha224-ab"):
        answer = site.get(f"/claims/about{query}")
        assert answer.status_code == 400
        assert "/claims/about?ref=REF" in answer.text
    assert site.ask("POST", "/claims/shares").status_code == 405
    assert site.get("/claims/other").status_code == 404


def test_claims_are_for_who_has_all_rights(site: Site) -> None:
    for headers in ({}, VIVIFY):
        for path in ("/claims/shares", f"/claims/about?ref={Ref.of(b'')}"):
            assert site.get(path, headers=headers).status_code == 401


def test_nothing_is_told_while_the_index_is_catching_up(site: Site) -> None:
    site.world.is_indexed = False
    for path in ("/claims/shares", f"/claims/about?ref={Ref.of(b'')}"):
        answer = site.get(path)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


def test_nothing_is_told_if_the_index_was_begun_again_meanwhile(site: Site) -> None:
    site.world.is_indexed_next = [True, False]
    assert site.get("/claims/shares").status_code == 503
    assert site.get("/claims/shares").status_code == 200
