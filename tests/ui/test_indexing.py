"""The server's own calls about its index."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.handlers.auth import Auth
from holdfast.blobstore.handlers.service import BlobService
from holdfast.blobstore.hub import Hub
from holdfast.index.checking import Difference, Findings
from holdfast.index.keys import CLAIM
from holdfast.index.kv.leveldb import destroy_leveldb, open_leveldb
from holdfast.index.opening import open_index
from holdfast.index.work import Progress
from holdfast.schema.claims import SetAttribute
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.ui.services import Services

from .served import NOW, VIVIFY, Site, World


@pytest.fixture
def open_site(tmp_path: Path, key: SecretKey) -> Callable[[], Iterator[Site]]:
    """A server whose store and index are in `tmp_path`."""

    def opened() -> Iterator[Site]:
        hub = Hub(PackedStorage(tmp_path / "blobs", open_table=open_leveldb))
        with (
            ThreadPoolExecutor(4) as threads,
            open_index(
                tmp_path / "index",
                hub,
                open_table=open_leveldb,
                discard_table=destroy_leveldb,
                trusted=frozenset({key.public.fingerprint}),
            ) as index,
        ):
            assert index.wait(20)
            services = Services(
                blobs=BlobService(
                    hub=hub, epoch="here", readers=threads, bulk=threads, writers=threads
                ),
                auth=Auth("userpass:u:p:vivify=v", process_token="t" * 40, vivify_token="v" * 40),
                signer=key,
                claims=index.claims,
                index=index,
                started=NOW,
            )
            yield Site(hub, services, key, World())
        hub.storage.close()

    return opened


@pytest.fixture
def site(open_site: Callable[[], Iterator[Site]]) -> Iterator[Site]:
    yield from open_site()


def ended(site: Site, call: str) -> Any:
    """What is told of some work when it is over."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = site.get(call).json
        if found["state"] != "running":
            return found
        time.sleep(0.05)
    raise AssertionError(f"{call} takes too long")


def test_discovery_tells_where_the_index_is_tended(site: Site) -> None:
    assert site.get("/?camli.mode=config").json["holdfast"]["index"] == "/index/"


def test_before_any_was_asked_for_there_is_none(site: Site) -> None:
    assert site.get("/index/rebuild").json == Progress().document()
    found = site.get("/index/check").json
    assert (found["state"], found["rows"], found["differences"]) == ("none", 0, [])


def test_a_rebuild_is_begun_by_a_post_and_followed_by_gets(site: Site) -> None:
    node = site.permanode("one")
    site.claim(SetAttribute(node, "title", "one"))
    begun = site.ask("POST", "/index/rebuild")
    assert begun.status_code == 200
    assert begun.headers["cache-control"] == "no-store"
    assert begun.json["state"] in ("running", "done")
    found = ended(site, "/index/rebuild")
    assert (found["state"], found["error"]) == ("done", "")
    assert Progress.of(found).document() == found
    assert len(site.get(f"/claims/about?ref={node}").json["claims"]) == 1


def test_a_check_tells_what_differs(site: Site) -> None:
    node = site.permanode("one")
    claim = site.claim(SetAttribute(node, "title", "one"))
    assert site.ask("POST", "/index/check").status_code == 200
    assert ended(site, "/index/check")["counts"] == {}
    index = site.services.index
    assert index is not None
    ((key, _),) = index._table.scan(*CLAIM.below(node))
    index._table.write((), [key])
    assert site.ask("POST", "/index/check?limit=5").status_code == 200
    found = ended(site, "/index/check")
    assert found["counts"] == {"missing": 1}
    ((what, kind, parts),) = (one.values() for one in found["differences"])
    assert (what, kind, parts[0], parts[2]) == ("missing", "claim", node, claim)
    assert Findings.of(found).some == (Difference(what, kind, tuple(parts)),)


def test_the_blobs_and_the_answers_go_on_while_the_index_is_made(site: Site) -> None:
    node = site.permanode("one")
    site.ask("POST", "/index/rebuild")
    number = 0
    while site.get("/index/rebuild").json["state"] == "running":
        site.claim(SetAttribute(node, "title", str(number)), date_ns=10**18 + number)
        number += 1
        assert len(site.get(f"/claims/about?ref={node}").json["claims"]) == number
    assert number > 0
    assert len(site.get(f"/claims/about?ref={node}").json["claims"]) == number


def test_only_who_has_all_rights_may_begin_or_ask(site: Site) -> None:
    for call in ("rebuild", "check"):
        for method in ("GET", "POST"):
            assert site.ask(method, f"/index/{call}", headers={}).status_code == 401
            assert site.ask(method, f"/index/{call}", headers=VIVIFY).status_code == 401
    assert site.services.index is not None
    assert site.services.index.rebuilding is None


def test_what_is_asked_for_wrongly_is_refused(site: Site) -> None:
    assert site.ask("DELETE", "/index/rebuild").status_code == 405
    assert site.ask("POST", "/index/check?limit=many").status_code == 400
    assert site.get("/index/other").status_code == 404
    assert site.get("/index/").status_code == 404


def test_a_server_without_an_index_has_no_such_calls(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    site = new_site(key, is_indexed=False)
    assert "index" not in site.get("/?camli.mode=config").json["holdfast"]
    assert site.ask("POST", "/index/rebuild").status_code == 404


def test_of_a_failure_callers_learn_no_path(site: Site, tmp_path: Path) -> None:
    (tmp_path / "index.new").write_text("in the way")
    site.ask("POST", "/index/rebuild")
    found = ended(site, "/index/rebuild")
    assert (found["state"], found["error"]) == ("failed", "the server failed; its log says more")
