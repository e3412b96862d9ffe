"""Servers that people sign in to, and browsers to do it with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from falcon.testing import Result

from holdfast.blobstore.handlers.auth import Auth
from holdfast.blobstore.handlers.limiter import FailureLimiter
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.ui.login.csrf import Csrf
from holdfast.ui.login.sessions import Sessions

from ..served import Site

HOST = "photos.example"
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


@dataclass
class Browser:
    """What a browser keeps, and adds to each request."""

    site: Site
    host: str = HOST
    is_https: bool = False
    cookies: dict[str, str] = field(default_factory=dict)
    last_cookie: str = ""
    """The attributes of the cookie that was set last."""

    def ask(self, method: str, path: str, *, body: str = "", **headers: str | None) -> Result:
        """A request of our own page; headers as `Sec_Fetch_Site`, and those that are None go."""
        sent: dict[str, str | None] = {"Accept": PAGE}
        if method != "GET":
            scheme = "https" if self.is_https else "http"
            sent["Origin"] = f"{scheme}://{self.host}"
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        if self.is_https:
            sent["X-Forwarded-Proto"] = "https"
            sent["X-Forwarded-For"] = "203.0.113.7"
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        left = {name: value for name, value in sent.items() if value is not None}
        answer = self.site.ask(method, path, body=body, headers=left, host=self.host)
        self._keep(answer)
        return answer

    def get(self, path: str, **headers: str | None) -> Result:
        return self.ask("GET", path, **headers)

    def post(self, path: str, form: dict[str, str], **headers: str | None) -> Result:
        return self.ask("POST", path, body=urlencode(form), **headers)

    def sign_in(
        self, name: str = "u", secret: str = "p", onward: str = "", **headers: str
    ) -> Result:
        return self.post("/ui/login", {"name": name, "secret": secret, "next": onward}, **headers)

    def csrf(self) -> str:
        """The token in a page."""
        found = re.search('<meta name="csrf" content="([^"]+)">', self.get("/ui/sessions").text)
        assert found
        return found[1]

    @property
    def is_in(self) -> bool:
        return self.get("/ui/sessions").status_code == 200

    def _keep(self, answer: Result) -> None:
        for text in answer.headers.get("set-cookie", "").splitlines():
            pair, _, self.last_cookie = text.partition("; ")
            name, _, value = pair.partition("=")
            self.cookies.pop(name, None)
            if "Max-Age=0" not in self.last_cookie:
                self.cookies[name] = value


@pytest.fixture
def house(new_site: Callable[..., Site], key: SecretKey, tmp_path: Path) -> Callable[..., Site]:
    """For a server with some `auth` setting, whose sessions are kept in a file of some name."""

    def make(auth_text: str = "userpass:u:p:vivify=v", *, file: str = "sessions.json") -> Site:
        site = new_site(key)
        sessions = Sessions(tmp_path / file, auth_text=auth_text, clock=lambda: site.world.now)
        auth = Auth(
            auth_text,
            process_token="t" * 40,
            limiter=FailureLimiter(burst=3, clock=lambda: 0.0),
            sessions=sessions,
        )
        services = replace(site.services, auth=auth, sessions=sessions, csrf=Csrf(sessions.key))
        return Site(site.hub, services, site.signer, site.world)

    return make


@pytest.fixture
def browser(house: Callable[..., Site]) -> Browser:
    return Browser(house())
