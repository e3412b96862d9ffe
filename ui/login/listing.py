"""`/ui/sessions`: which browsers are signed in, and putting an end to that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from falcon import HTTPBadRequest
from falcon.asgi import App, Request, Response

from ...blobstore.handlers.answers import answer_text
from ...blobstore.handlers.form import read_form
from ..discovery import rfc3339
from ..services import Services
from ..sinks import add_sink
from .browsers import browser_name
from .cookies import clear_cookie
from .csrf import FIELD, demand_csrf
from .frame import answer_own_page
from .sessions import Session
from .way import see_other

PAGE = "/ui/sessions"


def add_session_list(app: App[Any, Any], services: Services) -> None:
    """Let `app` answer `/ui/sessions`."""

    async def answer(req: Request, resp: Response, _rest: str) -> None:
        if req.method in ("GET", "HEAD"):
            answer_own_page(
                services,
                req,
                resp,
                "sessions.html",
                sessions=list_sessions(services, req),
                has_login=services.auth.has_login,
                kind=services.auth.kind,
            )
        elif req.method == "POST":
            form = await read_form(req)
            demand_csrf(services, req, field=form.get(FIELD, ""))
            others = form.get("others", "") == "1"
            await end_sessions(services, req, resp, [form.get("id", "")], others=others)
            see_other(resp, PAGE)
        else:
            answer_text(resp, "only GET and POST\n", status=405)
            resp.set_header("allow", "GET, HEAD, POST")

    add_sink(app, rf"{PAGE}\Z", answer, auth=services.auth)


def list_sessions(services: Services, req: Request) -> list[dict[str, object]]:
    """All sessions, as pages and `/ui/api/sessions` show them."""
    sessions = services.sessions
    if sessions is None:
        return []
    own = sessions.name_of(req.scope)
    return [_document(one, is_own=one.name == own) for one in sessions.listed()]


async def end_sessions(
    services: Services, req: Request, resp: Response, names: Iterable[str], *, others: bool = False
) -> int:
    """End the sessions of these names, or all `others` than that of the request; how many."""
    sessions = services.sessions
    if sessions is None:
        raise HTTPBadRequest(description="this server has no sessions")
    own = sessions.name_of(req.scope)
    wanted = list(names)
    if others:
        wanted = [one.name for one in sessions.listed() if one.name != own]
    if own in wanted:
        clear_cookie(resp, req.scope, sessions.cookie_name)
    return await services.blobs.write(sessions.end, wanted)


def _document(session: Session, *, is_own: bool) -> dict[str, object]:
    return {
        "id": session.name,
        "browser": browser_name(session.agent),
        "agent": session.agent,
        "address": session.address,
        "created": rfc3339(session.created.replace(microsecond=0)),
        "seen": rfc3339(session.seen.replace(microsecond=0)),
        "current": is_own,
    }
