"""The owner's pages: the frame around them, and the data that all of them begin with."""

from __future__ import annotations

from typing import Any, Final

from falcon.asgi import Request, Response

from ..pages import Frame, answer_page
from ..services import Services
from .csrf import csrf_token

URLS: Final = {
    "items": "/ui/api/items",
    "timeline": "/ui/api/timeline",
    "thumbnail": "/ui/thumbnail/",
    "file": "/ui/download/",
    "zip": "/ui/download/",
    "thing": "/ui/",
    "api": "/ui/api/",
}
"""Where scripts find what."""


def frame_of(services: Services, req: Request, *, query: str = "") -> Frame:
    """The frame of the page that answers `req`, with `query` in its search box.

    For requests with all rights only: the token in it lets its holder change things.
    """
    sessions = services.sessions
    return Frame(
        csrf=csrf_token(services, req),
        has_session=sessions is not None and sessions.knows(req.scope),
        # A search is not the place that its page has the path of.
        here="" if query else req.path,
        query=query,
    )


def page_data(services: Services, frame: Frame, *, view: str = "") -> dict[str, object]:
    """What scripts are told in each page; `view` is what they show in it, if anything.

    Where nothing is indexed there is nothing for them to ask.
    """
    return {
        "view": view,
        "q": frame.query,
        "csrf": frame.csrf,
        "writable": services.signer is not None,
        "urls": URLS if services.index is not None and services.searches is not None else {},
    }


def answer_own_page(
    services: Services,
    req: Request,
    resp: Response,
    template: str,
    *,
    status: int = 200,
    **context: Any,
) -> None:
    """Answer who has all rights with a page that is whole as it comes."""
    frame = frame_of(services, req)
    page = page_data(services, frame)
    answer_page(resp, template, status=status, frame=frame, page=page, **context)
