"""The search websocket: standing queries, answered whenever their answer changes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from time import monotonic

from falcon.asgi import Request
from falcon.asgi.ws import WebSocket
from falcon.errors import PayloadTypeError

from ..blobstore.errors import HoldfastError
from ..blobstore.handlers.auth import Scope, peer_of
from ..blobstore.handlers.budget import Lease
from ..blobstore.handlers.problems import report
from ..blobstore.ref import Ref
from ..index.opening import Index
from ..index.query.errors import BadQuery
from ..index.query.reading import read_query
from ..schema.jsontext import BadJson, folded, read_object
from .searches import Searches
from .searchjson import json_bytes
from .searchproblems import problem
from .services import Services
from .standing import Standing
from .status import status_document, without_what_flickers

MOST_TEXT = 10 * 1024
"""Bytes a message may have."""

MOST_QUERIES = 50
"""Standing queries of one websocket."""

AT_ONCE = 2
"""How many searches all standing queries together may have under way."""

SEND_SECONDS = 30.0
"""So long a listener may take to accept what it is sent."""

STATUS_TAG = "_status"
STATUS_SECONDS = 2.0
"""How often is looked whether the status has changed; the reference waits for 10."""


class SearchFeed:
    """Answers the search websockets of one server."""

    def __init__(self, services: Services, index: Index, searches: Searches) -> None:
        self.services = services
        self.index = index
        self.searches = searches
        self.turns = asyncio.Semaphore(AT_ONCE)
        self._status: dict[str, object] = {}
        self._looked = -STATUS_SECONDS
        self._looking = asyncio.Lock()

    async def answer(self, req: Request, ws: WebSocket) -> None:
        """Serve a websocket, whose caller may search, until either side ends it."""
        await ws.accept()
        with self.services.blobs.memory.lease(peer_of(req.scope).abort) as lease:
            session = _Session(self, ws, _Line(ws, lease), req.scope)
            with self.index.watching(session.note):
                await session.run()

    async def status(self) -> dict[str, object]:
        """The server's status a moment ago: looked at once, however many listen."""
        async with self._looking:
            if monotonic() - self._looked >= STATUS_SECONDS:
                self._status = await status_document(self.services)
                self._looked = monotonic()
        return self._status


class _Line:
    """The sending side of one websocket."""

    def __init__(self, ws: WebSocket, lease: Lease) -> None:
        self._ws = ws
        self._lease = lease
        self._one_by_one = asyncio.Lock()

    @asynccontextmanager
    async def room(self, size: int) -> AsyncIterator[None]:
        await self._lease.grow(size, came=False)
        try:
            yield
        finally:
            self._lease.sent(size)

    async def send(self, text: bytes) -> None:
        async with self._one_by_one:
            try:
                # Not `asyncio.wait_for`, which in Python 3.11 may pass over being cancelled.
                async with asyncio.timeout(SEND_SECONDS):
                    await self._ws.send_text(text.decode())
            except TimeoutError:
                self._lease.cut()
                raise


class _Session:
    """One websocket, and what it has asked for."""

    def __init__(self, feed: SearchFeed, ws: WebSocket, line: _Line, scope: Scope) -> None:
        self._feed = feed
        self._scope = scope
        self._ws = ws
        self._line = line
        self._stopping = feed.services.blobs.stopping
        self._standing: dict[str, tuple[Standing, asyncio.Task[None]]] = {}
        self._following: set[asyncio.Task[None]] = set()
        """Those at work, with such as are no longer standing and have not ended yet."""
        self._status: object = None
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._changed: set[Ref] = set()
        """What the standing queries are to be told."""

    def note(self, changed: Iterable[Ref]) -> None:
        """Learn what has changed in the index. For any thread."""
        with self._lock:
            is_told = bool(self._changed)
            self._changed.update(changed)
        if not is_told:
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
        for standing, _ in self._standing.values():
            standing.note(changed)

    async def run(self) -> None:
        """Listen until the listener has gone or is signed out, or the server stops."""
        work = (self._listen(), self._send_status(), self._stopping.wait())
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks += self._following
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for result in ended:
            if isinstance(result, Exception) and not isinstance(result, OSError):
                raise result
        if self._is_out():
            with suppress(OSError):
                await self._ws.close(1008, "the session has ended")
        if self._stopping.is_set():
            with suppress(OSError):
                await self._ws.close(1001, "the server stops")

    async def _listen(self) -> None:
        # Whatever else is said, the first that a listener hears is the status.
        await self._look_at_status()
        while True:
            with suppress(PayloadTypeError):  # what is binary is nothing we know
                await self._take(await self._ws.receive_text())

    async def _take(self, text: str) -> None:
        """Do what a message says. As in the reference, one that says nothing is passed over."""
        try:
            said = {folded(key): value for key, value in read_object(text.encode())}
        except BadJson:
            return
        tag, asked = said.get("tag"), said.get("query")
        if not isinstance(tag, str) or not tag:
            return
        _, former = self._standing.pop(tag, (None, None))
        if former is not None:
            former.cancel()
        if asked is None:
            return
        try:
            if tag == STATUS_TAG:
                raise BadQuery(f"{STATUS_TAG} is the server's own", path="tag")
            if len(self._standing) >= MOST_QUERIES:
                raise BadQuery(f"more than {MOST_QUERIES} queries on one websocket")
            query = read_query(asked)
        except HoldfastError as error:
            refusal = {"tag": tag, **problem(error)[1]}
            await self._line.send(json_bytes(refusal, is_compact=True))
            return
        standing = Standing(tag, query, self._feed.searches, self._line, self._feed.turns)
        task = asyncio.create_task(standing.follow())
        self._following.add(task)
        task.add_done_callback(self._following.discard)
        task.add_done_callback(_report)
        self._standing[tag] = standing, task

    async def _send_status(self) -> None:
        while True:
            await asyncio.sleep(STATUS_SECONDS)
            if self._is_out():
                return
            await self._look_at_status()

    def _is_out(self) -> bool:
        return self._feed.services.auth.has_ended(self._scope)

    async def _look_at_status(self) -> None:
        """Send the status if it has changed."""
        document = await self._feed.status()
        steady = without_what_flickers(document)
        if steady != self._status:
            self._status = steady
            message = {"tag": STATUS_TAG, "status": document}
            await self._line.send(json_bytes(message, is_compact=True))


def _report(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    # One of the line: the listener is gone, of which `_listen` hears too.
    if isinstance(error, Exception) and not isinstance(error, OSError):
        report(error)
