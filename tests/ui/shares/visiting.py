"""Visitors of shares: people with a browser, and programs."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from html import unescape
from typing import Any

from falcon.testing import Result

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import Share, locked
from holdfast.schema.sharelocks import password_hash

from ..served import Site

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCRIPT = {"Accept": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

PASSWORD = "open sesame"


def share_of(site: Site, target: Ref | None = None, **more: Any) -> Ref:
    """A transitive share, unless `more` says otherwise."""
    password, most = more.pop("password", ""), more.pop("downloads", None)
    share = Share(target=target, **{"is_transitive": True, **more})
    hashed = password_hash(password, salt=bytes(16)) if password else ""
    return site.claim(locked(share, password_hash=hashed, most_downloads=most))


def look(site: Site, share: Ref, query: str = "", **headers: str) -> Result:
    """What a browser gets that goes to a share."""
    return site.client.simulate_get(f"/share/{share}{query}", headers={**BROWSER, **headers})


def page(site: Site, share: Ref, query: str = "", **headers: str) -> dict[str, Any]:
    """What the page of a share tells its scripts."""
    return island(look(site, share, query, **headers))


def island(answer: Result) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    (text,) = re.findall(r'<script type="application/json" id="page">(.*?)</script>', answer.text)
    found: dict[str, Any] = json.loads(text)
    return found


def words(answer: Result) -> str:
    """What is read on a page."""
    body = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def call(site: Site, share: Ref, below: str, **headers: str) -> Result:
    """What a script of a share's page gets."""
    path = f"/share/{share}/{below}"
    return site.client.simulate_get(path, headers={**SCRIPT, **headers})


def titles(answer: Result) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json["items"]]


def contents(site: Site, share: Ref, ref: Ref, **headers: str) -> Result:
    """What who downloads a file gets."""
    return site.client.simulate_get(f"/share/{share}/file/{ref}/x", headers=headers)


def opens(site: Site, share: Ref, ref: Ref) -> bool:
    """Whether a share gives the contents of a file."""
    answer = contents(site, share, ref)
    assert answer.status_code in (200, 404), answer.text
    return answer.status_code == 200


def basic(password: str, name: str = "anybody") -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}
