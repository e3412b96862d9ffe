"""Reading calls at work: in the threads of searches, given up when nobody waits for them."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from falcon.asgi import Request, Response

from ...blobstore.handlers.answers import answer_bytes
from ...blobstore.ref import Ref
from ...index.search.desk import Desk
from ...index.search.folderorder import FolderOrders
from ...index.search.lists import Memory
from ...index.search.service import SearchService
from ...index.search.spreads import Spreads
from ..assets import takes_gzip
from ..hangups import gone
from ..searchcalls import Parameters
from ..searches import Searches
from .api import JSON_TYPE, Document, Handler, document_bytes
from .stamps import Stamp

MOST_KEPT = 8
"""Answers of one call that are kept until something changes."""

_WORTH_PACKING = 4096


SharesOf: TypeAlias = Callable[[Sequence[Ref], Desk], list[dict[str, object]]]
"""The documents of those of some claims that share something."""


def _none(_claims: Sequence[Ref], _desk: Desk) -> list[dict[str, object]]:
    return []


class Shared(NamedTuple):
    """What calls have in common, beside the index."""

    orders: FolderOrders
    spreads: Spreads
    lists: Memory
    stamp: Callable[[], str]
    shares: SharesOf = _none


Call: TypeAlias = Callable[[SearchService, Parameters, Shared], Document]
"""Answers a call from its parameters; raises what `SearchService` does, `BadParameter` and
`Refused`. It may wait for a disk."""


class Answer(NamedTuple):
    """A document as it is sent, as it is and by gzip."""

    plain: bytes
    packed: bytes | None


class Reading:
    """Runs the calls of one server that only read."""

    def __init__(self, searches: Searches, stamp: Stamp, *, shares: SharesOf = _none) -> None:
        self._searches = searches
        self._stamp = stamp
        self.orders = FolderOrders()
        spreads = Spreads()
        stamp.tell(spreads.surveyor.note)
        self._shared = Shared(self.orders, spreads, Memory(), lambda: stamp.text, shares)

    def handler(self, call: Call, *, stays: Callable[[Parameters], bool] | None = None) -> Handler:
        """What answers a call.

        An answer that `stays` as long as nothing is changed is kept, and reckoned once, however
        many ask for it at a time.
        """
        kept = _Kept()

        async def answer(req: Request, resp: Response, _rest: str) -> None:
            asked = Parameters(req.query_string)
            work = partial(_answered, call, asked, self._shared)
            if stays is None or not stays(asked):
                found = await self._searches.ask(work, gone=partial(gone, req))
            else:
                found = await kept.get(
                    req.query_string,
                    lambda: self._stamp.text,
                    lambda: self._searches.ask(work, gone=partial(gone, req)),
                )
            _send(req, resp, found)

        return answer


class _Kept:
    """The latest answers of one call, each with the state of the index that it is of."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, tuple[str, Answer]] = OrderedDict()
        self._turns: dict[str, asyncio.Lock] = {}

    async def get(
        self, asked: str, stamp: Callable[[], str], ask: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        turn = self._turns.setdefault(asked, asyncio.Lock())
        try:
            async with turn:
                held = self._answers.get(asked)
                now = stamp()
                if held is None or held[0] != now:
                    held = now, await ask()
                    self._answers[asked] = held
                self._answers.move_to_end(asked)
                while len(self._answers) > MOST_KEPT:
                    self._answers.popitem(last=False)
                return held[1]
        finally:
            if not turn.locked():
                self._turns.pop(asked, None)


def _answered(call: Call, asked: Parameters, shared: Shared, search: SearchService) -> Answer:
    plain = document_bytes(call(search, asked, shared))
    is_worth_it = len(plain) >= _WORTH_PACKING
    return Answer(plain, gzip.compress(plain, 1, mtime=0) if is_worth_it else None)


def _send(req: Request, resp: Response, answer: Answer) -> None:
    data = answer.plain
    if answer.packed is not None and takes_gzip(req.get_header("accept-encoding") or ""):
        data = answer.packed
        resp.set_header("content-encoding", "gzip")
    resp.append_header("vary", "Accept-Encoding")
    answer_bytes(resp, data, content_type=JSON_TYPE)
