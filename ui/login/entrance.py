"""`/ui/login` and `/ui/logout`: a session for who knows the password, and its end."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from falcon import HTTPForbidden
from falcon.asgi import App, Request, Response

from ...blobstore.handlers import rights
from ...blobstore.handlers.answers import answer_json, answer_text
from ...blobstore.handlers.auth import TooManyFailures, address_of
from ...blobstore.handlers.form import query, read_form
from ..pages import answer_page
from ..services import Services
from ..sinks import add_sink
from .cookies import clear_cookie, set_cookie
from .csrf import FIELD, demand_csrf, demand_own_origin
from .frame import answer_own_page
from .sessions import Sessions
from .way import LOGIN, LOGOUT, is_owner, local_path, see_other, wants_page

_WRONG = {
    "password": "That name and password do not go together here.",
    "token": "That is not the token.",
}
_TOO_LITTLE = "That password is for adding files only; it opens no pages."

_log = logging.getLogger(__name__)


def add_entrance(app: App[Any, Any], services: Services) -> None:
    """Let `app` answer `/ui/login` and `/ui/logout`."""
    entrance = Entrance(services)
    add_sink(app, rf"{LOGIN}\Z", entrance.answer_login)
    add_sink(app, rf"{LOGOUT}\Z", entrance.answer_logout)


class Entrance:
    """Where people come in, and go out."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._auth = services.auth

    async def answer_login(self, req: Request, resp: Response, _rest: str) -> None:
        if req.method in ("GET", "HEAD"):
            self._show(req, resp, onward=local_path(query(req).get("next", "")))
        elif req.method == "POST":
            await self._sign_in(req, resp)
        else:
            answer_text(resp, "only GET and POST\n", status=405)
            resp.set_header("allow", "GET, HEAD, POST")

    async def answer_logout(self, req: Request, resp: Response, _rest: str) -> None:
        if req.method != "POST":
            see_other(resp, LOGIN)  # which has the button for it
            return
        sessions = self._services.sessions
        if sessions is not None and (name := sessions.name_of(req.scope)):
            form = await read_form(req)
            demand_csrf(self._services, req, field=form.get(FIELD, ""))
            await self._services.blobs.write(sessions.end, [name])
            clear_cookie(resp, req.scope, sessions.cookie_name)
            # Pictures that were seen are in the browser's cache, for whoever sits there next.
            resp.set_header("clear-site-data", '"cache"')
        see_other(resp, LOGIN)

    def _show(
        self,
        req: Request,
        resp: Response,
        *,
        onward: str,
        status: int = 200,
        problem: str = "",
        name: str = "",
    ) -> None:
        is_in = is_owner(self._auth, req)
        if not wants_page(req) and req.get_header("accept") == "application/json":
            answer_json(resp, {"signedIn": is_in}, content_type="application/json")
            resp.set_header("cache-control", "no-store")
            return
        answer = partial(answer_own_page, self._services, req) if is_in else answer_page
        answer(
            resp,
            "login.html",
            status=status,
            asks_for=self._auth.asks_for if self._auth.has_login else "",
            kind=self._auth.kind,
            is_in=is_in,
            onward=onward,
            problem=problem,
            name=name,
        )

    async def _sign_in(self, req: Request, resp: Response) -> None:
        sessions = self._services.sessions
        if sessions is None or not self._auth.has_login:
            raise HTTPForbidden(description="there is nothing to sign in to on this server")
        # Else any page could sign people in, as somebody who sees what they then upload.
        demand_own_origin(self._services, req)
        form = await read_form(req)
        onward = local_path(form.get("next", ""))
        name = form.get("name", "")
        try:
            has = self._auth.sign_in(req.scope, name=name, secret=form.get("secret", ""))
        except TooManyFailures as error:
            text = f"Too many attempts failed. Try again in {error.wait} seconds."
            self._show(req, resp, onward=onward, status=429, problem=text, name=name)
            resp.set_header("retry-after", str(error.wait))
            return
        if not rights.allows(has, rights.ALL):
            text = _TOO_LITTLE if has else _WRONG[self._auth.asks_for]
            self._show(req, resp, onward=onward, status=403, problem=text, name=name)
            return
        await self._begin(sessions, req, resp)
        see_other(resp, onward)

    async def _begin(self, sessions: Sessions, req: Request, resp: Response) -> None:
        """A new session in the place of the one there may have been."""
        write = self._services.blobs.write
        before = sessions.name_of(req.scope)
        agent = req.get_header("user-agent") or ""
        address = address_of(req.scope)
        secret = await write(sessions.begin, agent=agent, address=address)
        if before:
            await write(sessions.end, [before])
        set_cookie(resp, req.scope, sessions.cookie_name, secret)
        _log.info("signed in from %s", address)
