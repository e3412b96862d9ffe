"""What the corner of every page is told of the server."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import Share
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.timestamps import NANOSECONDS, Timestamp
from holdfast.ui.gallery import state

from ..served import NOW_NS, Site
from ..shares.visiting import contents, share_of


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is never an old one."""
    monkeypatch.setattr(state, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(state, "COUNT_SECONDS", 0.0)


def told(site: Site) -> Any:
    answer = site.get("/ui/api/state")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_it_is_how_the_index_is_and_how_many_uploads_come(site: Site) -> None:
    upload = json.dumps({"name": "x", "size": 10}).encode()
    assert site.ask("POST", "/ui/api/upload", body=upload).status_code == 200
    found = told(site)
    assert found.keys() == {"index", "uploading", "shares"}
    assert found["index"]["complete"] is True
    assert found["index"]["countedUpTo"] == 1000
    assert (found["uploading"], found["shares"]) == (1, 0)


def test_shares_count_as_long_as_they_open_something(site: Site, stranger: SecretKey) -> None:
    file = site.put_file(b"0123456789")
    share_of(site, file, expires=Timestamp(NOW_NS + 60 * NANOSECONDS))
    counted = share_of(site, file, downloads=1)
    revoked = share_of(site, Ref.of(b"other"))
    share_of(site, file, expires=Timestamp(NOW_NS - NANOSECONDS))
    site.claim(Share(target=file, is_transitive=True), signer=stranger)
    assert told(site)["shares"] == 3
    deleted = site.delete(revoked)
    assert told(site)["shares"] == 2
    # What follows changes nothing in the index.
    assert contents(site, counted, file).status_code == 200
    assert told(site)["shares"] == 1
    site.world.now += timedelta(minutes=2)
    assert told(site)["shares"] == 0
    site.delete(deleted)
    assert told(site)["shares"] == 1
