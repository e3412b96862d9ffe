"""The websocket: uploads and fetches at once, many in flight."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from falcon import HTTPForbidden, HTTPNotFound
from falcon.asgi.ws import WebSocket
from falcon.errors import PayloadTypeError, WebSocketDisconnected

from ..errors import BadRecord, BadRef, BlobNotFound, CorruptBlob
from ..records import MAX_HEADER, Control, Decoder, encode_control, header
from ..ref import MAX_BLOB_SIZE, Blob, Ref
from ..storage import CanFetch
from . import rights
from .budget import Lease
from .problems import public_text, report
from .service import BlobService

ACTION = "ws"
PROTOCOL = "holdfast.1"

MAX_IN_FLIGHT = 1000
MAX_NUMBER = 20
"""Digits of a number."""

MAX_UNSTORED = 64 * 1024 * 1024
"""Bytes of puts one connection may have on their way to the store."""

FETCHERS = 2
"""Reads one connection may have going at once."""

MESSAGE_BYTES = 2 * 1024 * 1024
"""Fetched blobs are sent together up to about this size."""

MOST_AT_ONCE = MESSAGE_BYTES + MAX_BLOB_SIZE + MAX_IN_FLIGHT * MAX_HEADER
"""Bytes of one message: the last blob in it may be a large one."""

LETTERS = 300
"""Results one control record has room for."""

_INLINE = 64 * 1024


class BrokenRule(Exception):
    """A message that is a record stream, but none the protocol knows."""


class Put(NamedTuple):
    number: int
    is_deferred: bool
    blobs: list[Blob]


class Barrier(NamedTuple):
    number: int


class Cancel(NamedTuple):
    number: int


class Get:
    """A fetch; it can be called off until it is answered."""

    __slots__ = ("is_cancelled", "number", "ref")

    def __init__(self, number: int, ref: Ref) -> None:
        self.number = number
        self.ref = ref
        self.is_cancelled = False


Command = Put | Get | Barrier | Cancel


def commands(message: bytes) -> Iterator[Command]:
    """What a message asks for. Raises `BadRecord` and `BrokenRule`."""
    decoder = Decoder()
    put: Put | None = None
    for record in decoder.feed(message):
        if isinstance(record, Blob):
            if put is None:
                raise BrokenRule("blobs come after a put")
            put.blobs.append(record)
            continue
        if put is not None:
            raise BrokenRule("a put goes on to the end of its message")
        command = _command(record)
        if isinstance(command, Put):
            put = command
        else:
            yield command
    if not decoder.is_between_records:
        raise BadRecord(decoder.offset, "the message ends in the middle of a record")
    if put is not None:
        yield put


def _command(record: Control) -> Command:
    match record:
        case Control("put", (number,)):
            return Put(_number(number), False, [])
        case Control("put", (number, "deferred")):
            return Put(_number(number), True, [])
        case Control("barrier", (number,)):
            return Barrier(_number(number))
        case Control("cancel", (number,)):
            return Cancel(_number(number))
        case Control("get", (number, ref)):
            try:
                return Get(_number(number), Ref.parse(ref))
            except BadRef as error:
                raise BrokenRule(str(error)) from None
    raise BrokenRule(f"unknown command {record.word[:40]!r}, or with other arguments")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER):
        raise BrokenRule("N is a decimal number")
    return int(text)


async def feed(
    service: BlobService,
    ws: WebSocket,
    has: int,
    action: str,
    *,
    cut: Callable[[], None],
    has_ended: Callable[[], bool],
) -> None:
    """Answer a websocket whose caller has rights `has`, until either side ends it.

    `cut` hangs up without ceremony; `has_ended` is whether the caller has those rights no more.
    """
    if action != ACTION:
        raise HTTPNotFound
    if not (has & rights.GET or rights.allows(has, rights.UPLOAD)):
        raise HTTPForbidden
    await ws.accept(subprotocol=PROTOCOL if PROTOCOL in ws.subprotocols else None)
    with service.memory.lease(cut) as lease:
        await _Feed(service, ws, has, lease, has_ended).run()


class _Feed:
    """One websocket and what is in flight on it."""

    def __init__(
        self,
        service: BlobService,
        ws: WebSocket,
        has: int,
        lease: Lease,
        has_ended: Callable[[], bool],
    ) -> None:
        self._has_ended = has_ended
        self._service = service
        self._ws = ws
        self._has = has
        self._lease = lease
        self._in_flight: set[int] = set()
        self._gets: dict[int, Get] = {}
        self._queue: deque[Get] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fetching = 0
        self._unstored = 0
        self._stored = asyncio.Event()

    async def run(self) -> None:
        stopping = asyncio.ensure_future(self._service.stopping.wait())
        code, reason = 1001, "the server stops"
        try:
            while not self._service.stopping.is_set():
                message = await self._next_message(stopping)
                if message is None:
                    break
                if self._has_ended():
                    code, reason = 1008, "the session has ended"
                    break
                await self._take(message)
        except WebSocketDisconnected:
            code = 0
        except BadRecord as error:
            code, reason = 1007, str(error)
        except (BrokenRule, PayloadTypeError) as error:
            code, reason = 1008, str(error) or "messages are binary"
        finally:
            stopping.cancel()
            # What has begun is finished, and its sender told, if it is still there.
            self._queue.clear()
            if self._tasks:
                await asyncio.wait(self._tasks)
        if code:
            with suppress(WebSocketDisconnected):
                await self._ws.close(code, reason[:100])

    async def _next_message(self, stopping: asyncio.Future[Any]) -> bytes | None:
        """The next message, or None when the server stops."""
        receiving = asyncio.ensure_future(self._ws.receive_data())
        await asyncio.wait((receiving, stopping), return_when=asyncio.FIRST_COMPLETED)
        if receiving.done():
            return receiving.result()
        receiving.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnected):
            await receiving
        return None

    async def _take(self, message: bytes) -> None:
        if len(message) <= _INLINE:
            found = list(commands(message))
        else:
            found = await self._service.read(lambda: list(commands(message)))
        for command in found:
            if isinstance(command, Cancel):
                await self._cancel(command.number)
                continue
            if command.number in self._in_flight:
                raise BrokenRule(f"number {command.number} is in flight already")
            if len(self._in_flight) >= MAX_IN_FLIGHT:
                raise BrokenRule(f"at most {MAX_IN_FLIGHT} numbers may be in flight")
            self._in_flight.add(command.number)
            needs = rights.GET if isinstance(command, Get) else rights.UPLOAD
            if not rights.allows(self._has, needs):
                refusal = encode_control("failed", str(command.number), "unauthorized")
                await self._send(command.number, refusal)
            elif isinstance(command, Get):
                self._fetch(command)
            elif isinstance(command, Put):
                await self._reserve(len(message))
                self._start(self._put(command, len(message)))
            else:
                self._start(self._barrier(command.number))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnected):
            report(error)

    async def _send(self, number: int, data: bytes) -> None:
        """Answer a number, which is free for use again from then on."""
        self._in_flight.discard(number)
        await self._ws.send_data(data)

    async def _failed(self, number: int, error: Exception) -> None:
        report(error)
        await self._send(number, encode_control("failed", str(number), *_words(public_text(error))))

    # Puts

    async def _reserve(self, size: int) -> None:
        """Wait until there is room for a put of so many bytes."""
        while self._unstored and self._unstored + size > MAX_UNSTORED:
            self._stored.clear()
            await self._stored.wait()
        self._unstored += size
        await self._lease.grow(size)

    async def _put(self, put: Put, size: int) -> None:
        try:
            with self._lease.ours():
                receipts = await self._service.write(
                    self._service.hub.receive, put.blobs, durable=not put.is_deferred
                )
        except Exception as error:  # whatever it is, the sender must learn of it
            await self._failed(put.number, error)
            return
        finally:
            self._release(size)
        number = str(put.number)
        answer: list[bytes] = []
        letters = ""
        for index, receipt in enumerate(receipts):
            letters += "R" if receipt.error else "N" if receipt.is_new else "P"
            if receipt.error:
                words = _words(str(receipt.error))
                answer.append(encode_control("refused", number, str(index), *words))
        while len(letters) > LETTERS:
            answer.append(encode_control("results", number, letters[:LETTERS]))
            letters = letters[LETTERS:]
        answer.append(encode_control("ack", number, *filter(None, (letters,))))
        await self._send(put.number, b"".join(answer))

    def _release(self, size: int) -> None:
        self._unstored -= size
        self._lease.shrink(size)
        self._stored.set()

    async def _barrier(self, number: int) -> None:
        try:
            await self._service.write(self._service.hub.sync)
        except Exception as error:  # whatever it is, the sender must learn of it
            await self._failed(number, error)
        else:
            await self._send(number, encode_control("synced", str(number)))

    # Gets

    def _fetch(self, get: Get) -> None:
        self._gets[get.number] = get
        self._queue.append(get)
        if self._fetching < FETCHERS:
            self._fetching += 1
            self._start(self._answer_gets())

    async def _cancel(self, number: int) -> None:
        get = self._gets.pop(number, None)
        if get is not None:
            get.is_cancelled = True
            await self._send(number, encode_control("cancelled", str(number)))

    async def _answer_gets(self) -> None:
        """Fetch what is asked for, as much at a time as fits a message, until nothing is."""
        try:
            while self._queue:
                # Counted from before it is read until it is sent.
                await self._lease.grow(MOST_AT_ONCE, came=False)
                try:
                    await self._answer_some()
                finally:
                    self._lease.shrink(MOST_AT_ONCE)
        finally:
            self._fetching -= 1

    async def _answer_some(self) -> None:
        asked = [get for get in self._queue if not get.is_cancelled]
        self._queue.clear()
        try:
            with self._lease.ours():
                found = await self._service.read_much(_fetch_some, self._service.hub.storage, asked)
        except Exception as error:  # whatever it is, the asker must learn of it
            for get in asked:
                if self._gets.pop(get.number, None) is get:
                    await self._failed(get.number, error)
            return
        self._queue.extendleft(reversed(asked[len(found) :]))
        answer: list[bytes] = []
        for get, answered in zip(asked, found, strict=False):
            if get.is_cancelled:
                continue
            self._gets.pop(get.number, None)
            self._in_flight.discard(get.number)
            answer += answered
        if answer:
            await self._ws.send_data(b"".join(answer))


def _fetch_some(storage: CanFetch, gets: list[Get]) -> list[tuple[bytes, ...]]:
    """The answers to the first of some gets, as many as fit a message; at least one."""
    answers: list[tuple[bytes, ...]] = []
    size = 0
    while len(answers) < len(gets) and size < MESSAGE_BYTES:
        rest = gets[len(answers) :]
        try:
            for get, (ref, data) in zip(
                rest, storage.fetch([get.ref for get in rest]), strict=True
            ):
                number = str(get.number)
                answers.append((encode_control("blob", number), header(ref, len(data)), data))
                size += len(data)
                if size >= MESSAGE_BYTES:
                    break
        except (BlobNotFound, CorruptBlob) as error:
            get = gets[len(answers)]
            word = "missing" if isinstance(error, BlobNotFound) else "corrupt"
            answers.append((encode_control(word, str(get.number), get.ref),))
    return answers


def _words(text: str) -> list[str]:
    """A reason as arguments of a control record: short, and without its delimiters."""
    return "".join(c if c.isprintable() and c not in "[]" else "?" for c in text)[:90].split()
