"""The frame of the owner's pages: what it needs to know of whoever asks for one."""

from __future__ import annotations

from falcon.asgi import Request

from ..pages import Frame
from ..services import Services
from .csrf import csrf_token


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
