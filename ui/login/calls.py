"""`/ui/api/sessions`: the same for scripts."""

from __future__ import annotations

from falcon.asgi import Request, Response

from ..gallery.api import Api, Refused, answer_document, read_document
from ..services import Services
from .listing import end_sessions, list_sessions

_MOST_BODY = 64 * 1024


def add_session_calls(api: Api, services: Services) -> None:
    """Have `api` answer `GET sessions` and `POST sessions/revoke`."""

    async def listed(req: Request, resp: Response, _rest: str) -> None:
        answer_document(resp, {"sessions": list_sessions(services, req)})

    async def revoke(req: Request, resp: Response, _rest: str) -> None:
        match await read_document(req, services.blobs, most=_MOST_BODY):
            case {"others": True}:
                ended = await end_sessions(services, req, resp, (), others=True)
            case {"ids": [*ids]} if all(isinstance(one, str) for one in ids):
                ended = await end_sessions(services, req, resp, ids)
            case _:
                raise Refused('the body has "ids", a list of texts, or "others", true')
        answer_document(resp, {"ended": ended})

    api.add("GET", "sessions", listed)
    api.add("POST", "sessions/revoke", revoke)
