"""The search API: Perkeep's calls about what is stored, and some of our own."""

from __future__ import annotations

from functools import partial
from typing import IO, Any

from falcon import HTTPNotFound
from falcon.asgi import App, Request, Response
from falcon.asgi.ws import WebSocket

from ..blobstore.handlers.answers import JSON_TYPE, answer_bytes
from ..blobstore.handlers.auth import peer_of
from ..blobstore.handlers.form import BadForm
from ..blobstore.handlers.problems import ClientGone
from ..index.opening import Index
from ..index.query.errors import BadQuery
from ..index.query.reading import MAX_QUERY_SIZE
from ..index.search.service import SearchService
from .hangups import gone
from .searchcalls import CALLS, ROOT, Call, Parameters
from .searches import Searches
from .searchfeed import SearchFeed
from .searchjson import json_bytes, write_json
from .searchproblems import RETRY_SECONDS, problem
from .services import Services
from .sinks import add_sink
from .spooling import answer_spooled, spool

FEED = "ws"
FEED_PATHS = frozenset((f"{ROOT}{FEED}", f"{ROOT}camli/search/{FEED}"))
"""Where the websocket is."""

_UNSUPPORTED: dict[str, object] = {
    "error": "Unsupported search path or method",
    "errorType": "input",
}


def add_search(app: App[Any, Any], services: Services, index: Index, searches: Searches) -> None:
    """Let `app` answer everything below `/my-search/`."""
    standing = SearchFeed(services, index, searches)

    async def feed(req: Request, ws: WebSocket, name: str) -> None:
        if name != FEED:
            raise HTTPNotFound
        await standing.answer(req, ws)

    # Perkeep lets `camli/search/` be left out.
    pattern = rf"{ROOT}(?:camli/search/)?(?P<rest>.*)\Z"
    answer = _SearchHandler(services, searches).answer
    add_sink(app, pattern, answer, auth=services.auth, feed=feed)


class _SearchHandler:
    def __init__(self, services: Services, searches: Searches) -> None:
        self._blobs = services.blobs
        self._searches = searches

    async def answer(self, req: Request, resp: Response, name: str) -> None:
        call = CALLS.get(("GET" if req.method == "HEAD" else req.method, name))
        try:
            if call is not None:
                await self._answer(req, resp, call)
            elif name == FEED and req.method in ("GET", "HEAD"):
                raise BadForm("Not a websocket handshake")
            else:
                # Not an error by its status: so it is in the reference.
                _answer_document(resp, 200, _UNSUPPORTED)
        except ClientGone:
            raise
        except Exception as error:  # whatever it is, callers expect JSON
            status, document = problem(error)
            _answer_document(resp, status, document)
            if status == 503:
                resp.set_header("retry-after", str(RETRY_SECONDS))
        resp.set_header("cache-control", "no-store")

    async def _answer(self, req: Request, resp: Response, call: Call) -> None:
        with self._blobs.memory.lease(peer_of(req.scope).abort) as lease:
            body = bytearray()
            if req.method == "POST":
                async for piece in req.stream:
                    await lease.grow(len(piece))
                    body += piece
                    if len(body) > MAX_QUERY_SIZE:
                        raise BadQuery(f"more than {MAX_QUERY_SIZE} bytes")
            work = partial(_answered, call, Parameters(req.query_string), bytes(body))
            with lease.ours():
                text = await self._searches.ask(work, gone=partial(gone, req))
        answer_spooled(self._blobs, req, resp, text, content_type=JSON_TYPE)


def _answered(call: Call, asked: Parameters, body: bytes, search: SearchService) -> IO[bytes]:
    document = call(search, asked, body)
    text = spool()
    try:
        write_json(document, text.write)
    except BaseException:
        text.close()
        raise
    return text


def _answer_document(resp: Response, status: int, document: dict[str, object]) -> None:
    answer_bytes(resp, json_bytes(document), status=status, content_type=JSON_TYPE)
