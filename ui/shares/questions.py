"""Questions about what a share opens, and answers remembered while nothing has changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeAlias, TypeVar

from falcon.asgi import Request

from ...blobstore.ref import Ref
from ...index.search.desk import Desk
from ...index.search.folderorder import FolderOrders
from ...index.search.service import BRIEF_SECONDS
from ...schema.claims import Share
from ..gallery.api import document_bytes
from ..gallery.stamps import Stamp
from ..hangups import gone
from ..searches import Searches
from .door import Visit
from .lists import Lists, Memory
from .reach import NothingThere
from .views import all_open

MOST_KNOWN = 50_000
"""Things that are known to be open, over all shares."""

MOST_KEPT = 8
"""Answers that take long and are kept."""

SETTLE_SECONDS = 2.0
"""How long one waits for files that have just come before it is said that a thing is not there."""

T = TypeVar("T")

Question: TypeAlias = Callable[[Share, Memory, Desk], T]


class Questions:
    """Asks the index for visitors. For one event loop."""

    def __init__(self, searches: Searches, stamp: Stamp) -> None:
        self._searches = searches
        self._stamp = stamp
        self._memory = Memory(FolderOrders(), Lists())
        self._open: OrderedDict[tuple[Ref, Ref], str] = OrderedDict()
        self._kept: OrderedDict[tuple[Ref, str], tuple[str, bytes]] = OrderedDict()

    @property
    def stamp(self) -> str:
        """The state of the index that answers from now on are of."""
        return self._stamp.text

    async def ask(
        self, req: Request, visit: Visit, question: Question[T], *, seconds: float = 0.0
    ) -> T:
        """What a question comes to. Raises what it does, and `IndexBehind`.

        It waits so many seconds for files that have just come to be read.
        """
        call = partial(question, visit.share, self._memory)
        try:
            return await self._ask(req, call, seconds=seconds)
        except NothingThere:
            return await self._ask(req, call, seconds=SETTLE_SECONDS)

    async def ask_once(
        self, req: Request, visit: Visit, question: Question[Mapping[str, object]]
    ) -> bytes:
        """The same, as JSON with a `stamp`, for what takes long: reckoned anew after changes alone.

        The request's query must tell all that is asked.
        """
        asked, stamp = (visit.ref, req.query_string), self._stamp.text
        held = self._kept.get(asked)
        if held is None or held[0] != stamp:
            found = await self.ask(req, visit, question, seconds=BRIEF_SECONDS)
            held = stamp, document_bytes({**found, "stamp": stamp})
            self._kept[asked] = held
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(asked)
        return held[1]

    async def demand_open(self, req: Request, visit: Visit, refs: Iterable[Ref]) -> None:
        """Raises `NothingThere` unless the share opens all of these now."""
        stamp = self._stamp.text
        unknown = [ref for ref in refs if self._open.get((visit.ref, ref)) != stamp]
        if unknown:
            await self.ask(req, visit, partial(_demand_open, unknown))
            self.note_open(visit, unknown, stamp)

    def note_open(self, visit: Visit, refs: Iterable[Ref], stamp: str) -> None:
        """Remember that a share opens these, in the state of the index that `stamp` is of."""
        for ref in refs:
            self._open[visit.ref, ref] = stamp
            self._open.move_to_end((visit.ref, ref))
        while len(self._open) > MOST_KNOWN:
            self._open.popitem(last=False)

    async def _ask(self, req: Request, call: Callable[[Desk], T], *, seconds: float) -> T:
        return await self._searches.ask(
            lambda search: search.answer(call, seconds=seconds), gone=partial(gone, req)
        )


def _demand_open(refs: Iterable[Ref], share: Share, memory: Memory, desk: Desk) -> None:
    if not all_open(share, refs, memory, desk):
        raise NothingThere
