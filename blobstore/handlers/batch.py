"""Many blobs in one request, as pack records: sending, fetching, asking, and all there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from dataclasses import dataclass, field

from falcon.asgi import Request, Response

from ..errors import BadRecord, BlobNotFound, CorruptBlob, HoldfastError
from ..hub import Receipt
from ..records import MAX_HEADER, MEDIA_TYPE, Control, Decoder, encode_control, header
from ..ref import MAX_BLOB_SIZE, Blob, Ref
from ..storage import Streams, capability
from .answers import answer_bytes, answer_json
from .auth import peer_of
from .budget import Lease
from .form import listed_refs, query
from .problems import public_text, report, status_of
from .service import BlobService

MAX_REFS = 10_000
"""Refs one call may name."""

GROUP_BYTES = 8 * 1024 * 1024
GROUP_BLOBS = 4096
"""Blobs are stored in groups of about so many bytes or blobs, whichever is reached first."""

MAX_RECORDS = 16_000_000
"""Records in one request: their results are held until the answer."""

MAX_REASONS = 1000
"""Refused blobs whose reasons are told; the letters tell of all."""

ANSWER_BYTES = 1024 * 1024
"""Records are sent in pieces of about this size."""

SLICE = 256 * 1024
"""Bytes a peer has to take before it counts as progress."""

MOST_AT_ONCE = max(2 * ANSWER_BYTES, MAX_BLOB_SIZE)
"""Bytes a piece may have: a large blob goes alone."""

TOKEN_EVERY = 8 * 1024 * 1024


@dataclass
class _Results:
    """What became of the records so far."""

    letters: bytearray = field(default_factory=bytearray)
    refused: list[dict[str, object]] = field(default_factory=list)
    error: str = ""
    status: int = 200

    def add(self, receipts: list[Receipt]) -> None:
        for receipt in receipts:
            if receipt.error is None:
                self.letters += b"N" if receipt.is_new else b"P"
                continue
            if len(self.refused) < MAX_REASONS:
                reason = {"blobRef": receipt.ref, "error": str(receipt.error)}
                self.refused.append({"index": len(self.letters), **reason})
            self.letters += b"R"

    def stop(self, status: int, error: str) -> None:
        # The first thing that went wrong is the one to tell.
        if not self.error:
            self.status, self.error = status, error


async def batch_upload(service: BlobService, req: Request, resp: Response) -> None:
    """Answer `POST camli/batch-upload`."""
    durable = query(req).get("deferred") != "1"
    results = _Results()
    with service.memory.lease(peer_of(req.scope).abort) as lease:
        # One group is stored while the next is read.
        storing: asyncio.Task[None] | None = None
        groups = _read_groups(req, lease, results)
        try:
            async for group, size in groups:
                if storing is not None:
                    with lease.ours():
                        await storing
                if results.error:
                    break
                storing = asyncio.create_task(_store(service, group, size, durable, lease, results))
        finally:
            if storing is not None:
                await storing
            await groups.aclose()
    answer: dict[str, object] = {
        "results": results.letters.decode(),
        "refused": results.refused,
        "durable": durable,
        "epoch": service.epoch,
    }
    if results.error:
        answer["error"] = results.error
    answer_json(resp, answer, status=results.status, content_type="application/json")


async def _read_groups(
    req: Request, lease: Lease, results: _Results
) -> AsyncGenerator[tuple[list[Blob], int], None]:
    """The blobs of a body in groups, with the bytes each group takes up.

    A fault of the framing is noted in `results`, after what came before it was given.
    """
    decoder = Decoder()
    group: list[Blob] = []
    taken = 0
    count = 0
    fault = ""
    try:
        async for piece in req.stream:
            if group and lease.would_wait(len(piece)):
                yield group, decoder.offset - taken
                group, taken = [], decoder.offset
            await lease.grow(len(piece))
            for record in decoder.feed(piece):
                if isinstance(record, Control):
                    raise BadRecord(decoder.offset, "a batch holds blobs only")
                group.append(record)
            if decoder.offset - taken >= GROUP_BYTES or len(group) >= GROUP_BLOBS:
                count += len(group)
                if count > MAX_RECORDS:
                    raise BadRecord(decoder.offset, f"at most {MAX_RECORDS} records in a request")
                yield group, decoder.offset - taken
                group, taken = [], decoder.offset
        if not decoder.is_between_records:
            raise BadRecord(decoder.offset, "the body ends in the middle of a record")
    except BadRecord as error:
        fault = str(error)
    if group:
        yield group, decoder.offset - taken
    if fault:
        results.stop(400, fault)


async def _store(
    service: BlobService,
    group: list[Blob],
    size: int,
    durable: bool,
    lease: Lease,
    results: _Results,
) -> None:
    try:
        results.add(await service.write(service.hub.receive, group, durable=durable))
    except Exception as error:  # the sender must learn what was stored before, whatever it was
        report(error)
        results.stop(status_of(error), public_text(error))
    finally:
        lease.shrink(size)


async def sync(service: BlobService, req: Request, resp: Response) -> None:
    """Answer `POST camli/sync`."""
    status = 200
    if query(req).get("epoch") == service.epoch:
        await service.write(service.hub.sync)
    else:
        status = 409
    answer_json(resp, {"epoch": service.epoch}, status=status, content_type="application/json")


async def missing(service: BlobService, req: Request, resp: Response) -> None:
    """Answer `POST camli/missing`."""
    refs = await listed_refs(req, MAX_REFS)

    def find() -> bytes:
        here = {sized.ref for sized in service.hub.storage.stat(refs)}
        return "".join(f"{ref}\n" for ref in refs if ref not in here).encode()

    answer_bytes(resp, await service.read(find), content_type="text/plain")


async def batch_fetch(service: BlobService, req: Request, resp: Response) -> None:
    """Answer `POST camli/batch-fetch`."""
    refs = await listed_refs(req, MAX_REFS)
    _stream(resp, _held_pieces(service, req, fetched(service, refs)))


def fetched(service: BlobService, refs: list[Ref]) -> Iterator[bytes]:
    """The records of some refs in order, or the words that say why not; then the end."""
    position = 0
    while position < len(refs):
        try:
            for ref, data in service.hub.storage.fetch(refs[position:]):
                position += 1
                yield header(ref, len(data))
                yield data
        except (BlobNotFound, CorruptBlob) as error:
            word = "missing" if isinstance(error, BlobNotFound) else "corrupt"
            yield encode_control(word, refs[position])
            position += 1
    yield encode_control("end")


async def stream_blobs(service: BlobService, req: Request, resp: Response) -> None:
    """Answer `GET camli/stream-blobs`."""
    after = query(req).get("after", "")
    streams = capability(service.hub.storage, Streams)
    source = _in_ref_order(service, after) if streams is None else _native(streams, after)
    pieces = _held_pieces(service, req, source)
    # The first step shows whether the token is one of ours, while there is a status to say so.
    first = await anext(pieces, b"")
    _stream(resp, _chained(first, pieces))


async def _chained(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield first
    async for piece in rest:
        yield piece


def _native(streams: Streams, after: str) -> Iterator[bytes]:
    """All blobs in the storage's own order, with a token now and then."""
    unmarked = 0
    for token, found in streams.stream(after):
        if isinstance(found, CorruptBlob):
            yield encode_control("corrupt", found.ref)
            continue
        ref, data = found
        yield header(ref, len(data))
        yield data
        unmarked += len(data) + MAX_HEADER
        if unmarked >= TOKEN_EVERY:
            yield encode_control("token", token)
            unmarked = 0
    yield encode_control("end")


def _in_ref_order(service: BlobService, after: str) -> Iterator[bytes]:
    """All blobs by ref, for a storage that has no order of its own; the token is a ref."""
    unmarked = 0
    for ref, _ in service.hub.storage.enumerate(after):
        try:
            for _, data in service.hub.storage.fetch((ref,)):
                yield header(ref, len(data))
                yield data
                unmarked += len(data) + MAX_HEADER
        except BlobNotFound:
            continue  # removed since it was listed
        except CorruptBlob:
            yield encode_control("corrupt", ref)
        if unmarked >= TOKEN_EVERY:
            yield encode_control("token", ref)
            unmarked = 0
    yield encode_control("end")


def _gathered(parts: Iterator[bytes]) -> Generator[bytes, None, None]:
    """The same bytes in pieces of a size worth a trip to a thread."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        if len(part) >= ANSWER_BYTES:
            # Large ones go alone, since joining would copy them.
            if held:
                yield b"".join(held)
            yield part
            held, size = [], 0
            continue
        held.append(part)
        size += len(part)
        if size >= ANSWER_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _stream(resp: Response, pieces: AsyncGenerator[bytes, None]) -> None:
    resp.content_type = MEDIA_TYPE
    resp.set_header("x-content-type-options", "nosniff")
    resp.stream = pieces


async def _held_pieces(
    service: BlobService, req: Request, records: Iterator[bytes]
) -> AsyncGenerator[bytes, None]:
    """An answer in pieces, each counted from before it is read until it is sent."""
    pieces = _gathered(records)
    has_begun = False
    with service.memory.lease(peer_of(req.scope).abort) as lease:
        try:
            while True:
                with lease.ours():
                    await lease.grow(MOST_AT_ONCE, came=False)
                    piece = await service.read_much(next, pieces, b"")
                lease.shrink(MOST_AT_ONCE - len(piece))
                if not piece:
                    break
                has_begun = True
                for start in range(0, len(piece), SLICE):
                    part = piece[start : start + SLICE]
                    yield part
                    lease.sent(len(part))
        except HoldfastError as error:
            if not has_begun:
                raise
            # The status is long gone; an answer without `[!end]` tells that it was cut short.
            report(error)
        finally:
            await asyncio.shield(service.read_much(pieces.close))
