"""Standing queries: asked again when their answer may have changed, and not for every blob."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from functools import partial
from itertools import islice
from time import monotonic
from typing import NamedTuple, Protocol

from ..blobstore.errors import Blame, HoldfastError
from ..blobstore.ref import Ref
from ..index.query.expression import constraint_of
from ..index.query.reach import looks_afar
from ..index.query.request import SearchQuery
from ..index.search.errors import IndexBehind
from ..index.search.service import SearchService
from .searches import Searches
from .searchjson import json_bytes, write_json
from .searchproblems import problem

INTERVAL = 0.1
"""Seconds between two runs of one query at the least."""

SHARE = 10
"""A query runs at most one part in so many of the time, however slow it is."""

RETRY_SECONDS = 1.0
"""After so long a query is asked again that the index could not answer."""

MOST_BYTES = 16 * 1024 * 1024
"""Of one answer."""

MOST_REFS = 20_000
"""Refs of an answer that are remembered; one with more is asked for again at every change."""

MOST_CHANGES = 10_000
"""Changed refs that are kept until they are looked at; of more it is assumed that they matter."""

_AT_ONCE = 200
# Anywhere in the text: what stands before a ref may be part of an escape.
_REF = re.compile(rb"sha1-[0-9a-f]{40}|sha224-[0-9a-f]{56}|sha256-[0-9a-f]{64}")


class AnswerTooLarge(HoldfastError):
    """An answer that is too large to be sent anew whenever it changes."""

    blame = Blame.CALLER

    def __init__(self) -> None:
        super().__init__(f"the result has more than {MOST_BYTES} bytes; ask with a limit")


class Line(Protocol):
    """The way back to who asked."""

    def room(self, size: int) -> AbstractAsyncContextManager[None]:
        """Room for so many bytes, from when there is some until they need none any more."""
        ...

    async def send(self, text: bytes) -> None:
        """Send an answer; done when the other side has taken it."""
        ...


class _Found(NamedTuple):
    text: bytes
    refs: frozenset[bytes] | None
    """Those that are mentioned in it; None if they are too many."""
    seconds: float


class Standing:
    """One query of one listener, who is told its answer, and again when that changes.

    It is asked again when what has changed is mentioned in its last answer, or fits it now; if it
    looks at other blobs than those it finds (`looks_afar`), at any change. Whatever changes
    between two runs is looked at together. What the passing of time changes is not seen.
    """

    def __init__(
        self, tag: str, query: SearchQuery, searches: Searches, line: Line, turns: asyncio.Semaphore
    ) -> None:
        """`turns` are what all standing queries together may use of `searches`."""
        self._tag = tag
        self._query = query
        self._searches = searches
        self._line = line
        self._turns = turns
        self._fitting: SearchQuery | None = None
        """The query, ready to be asked what fits it; None if any change may matter."""
        self._refs: frozenset[bytes] | None = None
        """What the last answer mentions; None if that is not known."""
        self._digest = b""
        self._changed: set[Ref] | None = set()
        """What has changed since the last look; None if that is too much to know."""
        self._news = asyncio.Event()
        self._rests_until = 0.0

    def note(self, changed: Iterable[Ref]) -> None:
        """Tell it that something has changed."""
        if self._changed is not None:
            self._changed.update(changed)
            if len(self._changed) > MOST_CHANGES:
                self._changed = None
        self._news.set()

    async def follow(self) -> None:
        """Ask, and ask again whenever it may be worth it, until cancelled.

        Raises what the line does.
        """
        self._searches.standing += 1
        try:
            await self._run()
            while True:
                await self._news.wait()
                await asyncio.sleep(self._rests_until - monotonic())
                self._news.clear()
                changed, self._changed = self._changed, set()
                began = monotonic()
                if changed is None or await self._is_concerned(changed):
                    await self._run()
                else:
                    self._rest(monotonic() - began)
        finally:
            self._searches.standing -= 1

    async def _is_concerned(self, changed: set[Ref]) -> bool:
        """Whether the answer may be another one now."""
        if self._refs is None or self._fitting is None:
            return True
        if any(ref.encode() in self._refs for ref in changed):
            return True
        refs = iter(changed)
        try:
            while some := list(islice(refs, _AT_ONCE)):
                async with self._turns:
                    fits_any = partial(_fits_any, self._fitting, some)
                    if await self._searches.ask(fits_any, waits=False):
                        return True
        except HoldfastError:
            return True  # the query itself will tell
        return False

    async def _run(self) -> None:
        """Ask, and send the answer if it is another one than before."""
        async with AsyncExitStack() as held:
            async with self._turns:
                text = await self._ask()
                digest = hashlib.sha256(text or b"").digest()
                if text is None or digest == self._digest:
                    return
                # While it is its turn, or answers that wait for room could be any number.
                await held.enter_async_context(self._line.room(len(text)))
            await self._line.send(text)
            self._digest = digest

    async def _ask(self) -> bytes | None:
        """The answer; None if there is none yet, and it is to be asked for again."""
        began = monotonic()
        self._searches.standing_runs += 1
        try:
            # What is read later changes the index, and is heard of then.
            find = partial(_find, self._tag, self._query)
            found = await self._searches.ask(find, waits=False)
            constraint = constraint_of(self._query)
        except IndexBehind:
            self._changed = None
            self._news.set()
            self._rest(0, least=RETRY_SECONDS)
            return None
        except Exception as error:  # whatever it is, who asked must learn of it
            self._refs = None
            self._rest(monotonic() - began, least=RETRY_SECONDS)
            return json_bytes({"tag": self._tag, **problem(error)[1]}, is_compact=True)
        self._refs = found.refs
        if self._fitting is None and not looks_afar(constraint):
            self._fitting = replace(self._query, expression="", constraint=constraint)
        self._rest(found.seconds)
        return found.text

    def _rest(self, seconds: float, *, least: float = INTERVAL) -> None:
        """Leave the time to others, after work that took so long."""
        self._rests_until = monotonic() + max(least, seconds * (SHARE - 1))


def _find(tag: str, query: SearchQuery, search: SearchService) -> _Found:
    began = monotonic()
    pieces: list[bytes] = []
    size = 0

    def take(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        if size > MOST_BYTES:
            raise AnswerTooLarge
        pieces.append(piece)

    write_json({"tag": tag, "result": search.query(query)}, take, is_compact=True)
    text = b"".join(pieces)
    refs = set()
    for match in _REF.finditer(text):
        refs.add(match[0])
        if len(refs) > MOST_REFS:
            return _Found(text, None, monotonic() - began)
    return _Found(text, frozenset(refs), monotonic() - began)


def _fits_any(query: SearchQuery, refs: Sequence[Ref], search: SearchService) -> bool:
    return search.fits(query, *refs)
