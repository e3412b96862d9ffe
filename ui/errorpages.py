"""What goes wrong below `/ui/`, as pages for people, and the headers all answers there have."""

from __future__ import annotations

from functools import partial
from typing import Any

from falcon import HTTPError
from falcon.asgi import Request, Response
from falcon.asgi.ws import WebSocket

from ..blobstore.handlers import problems
from ..blobstore.handlers.answers import answer_text
from ..blobstore.handlers.auth import TooManyFailures
from ..blobstore.handlers.problems import ClientGone, public_text, report, status_of
from ..index.search.errors import IndexBehind
from .discovery import answer_discovery, is_discovery
from .login.frame import answer_own_page
from .login.way import HOME, PAGES, is_owner, wants_page
from .pages import answer_page
from .services import Services

RETRY_SECONDS = 5
"""What callers are told to wait while the index is catching up."""

_HEADINGS = {
    400: "This makes no sense here",
    403: "This is refused",
    404: "There is nothing here",
    405: "This cannot be done here",
    413: "This is too large",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "Not ready yet",
    507: "The disk is full",
}


class ErrorPages:
    """Turns errors into answers: pages for people who look at pages, text for everyone else."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def on_error(
        self,
        req: Request,
        resp: Response | None,
        error: Exception,
        params: dict[str, Any],
        ws: WebSocket | None = None,
    ) -> None:
        """What the application does with every error a handler lets out."""
        if resp is None or isinstance(error, ClientGone):
            await problems.on_error(req, resp, error, params, ws)
            return
        if isinstance(error, IndexBehind):
            resp.set_header("retry-after", str(RETRY_SECONDS))
            if not _is_for_people(req):
                answer_text(resp, f"{error}\n", status=503)
                return
            text = "The index is catching up with what is stored. Try again in a moment."
            self.answer(req, resp, 503, text)
            return
        if not _is_for_people(req):
            await problems.on_error(req, resp, error, params, ws)
            return
        status = status_of(error)
        if status >= 500:
            report(error)
        if isinstance(error, TooManyFailures):
            resp.set_header("retry-after", str(error.wait))
        self.answer(req, resp, status, _sentence(public_text(error)))

    async def on_http_error(
        self,
        req: Request,
        resp: Response | None,
        error: HTTPError,
        params: dict[str, Any],
        ws: WebSocket | None = None,
    ) -> None:
        """What the application does with errors of the web framework, and of its kind."""
        if resp is None or not _is_for_people(req):
            await problems.on_http_error(req, resp, error, params, ws)
            return
        for name, value in dict(error.headers or {}).items():
            resp.set_header(name, value)
        text = error.description or "The address may be mistyped, or what was there is gone."
        self.answer(req, resp, error.status_code, _sentence(text))

    def answer_missing(self, req: Request, resp: Response) -> None:
        """Answer that there is nothing at an address."""
        if _is_for_people(req):
            text = "The address may be mistyped, or what was there is gone."
            self.answer(req, resp, 404, text)
        else:
            answer_text(resp, "404 page not found\n", status=404)

    def answer(self, req: Request, resp: Response, status: int, text: str) -> None:
        """A page that says what is wrong."""
        heading = _HEADINGS.get(status, _HEADINGS[500] if status >= 500 else _HEADINGS[400])
        services = self._services
        is_in = is_owner(services.auth, req)
        answer = partial(answer_own_page, services, req) if is_in else answer_page
        answer(resp, "message.html", status=status, heading=heading, text=text)


class OwnAnswers:
    """Falcon's hook for what holds for all of `/ui/`: discovery is to be had everywhere, and no
    answer stays in caches or is shown by other sites unless it says so itself."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def process_request(self, req: Request, resp: Response) -> None:
        if req.path.startswith(HOME) and is_discovery(req):
            answer_discovery(self._services, req, resp)
            resp.complete = True

    async def process_response(
        self,
        req: Request,
        resp: Response,
        _resource: object,
        _is_fine: bool,
    ) -> None:
        if not req.path.startswith(HOME):
            return
        if resp.get_header("cache-control") is None:
            resp.set_header("cache-control", "no-store")
        if resp.get_header("cross-origin-resource-policy") is None:
            resp.set_header("cross-origin-resource-policy", "same-origin")
        resp.append_header("vary", "Accept")


def _is_for_people(req: Request) -> bool:
    return req.path.startswith(PAGES) and wants_page(req)


def _sentence(text: str) -> str:
    said = text[:1].upper() + text[1:]
    return said if said.endswith((".", "!", "?")) else said + "."
