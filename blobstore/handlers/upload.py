"""Blobs coming in the way Perkeep's clients send them: multipart forms, and PUT of one blob."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import falcon
from falcon.asgi import Request, Response
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from ..errors import BadRef, Blame, BlobTooLarge, DigestMismatch, HoldfastError, UnknownHash
from ..ref import DIGEST_SIZES, MAX_BLOB_SIZE, Blob, Ref, SizedRef
from .answers import answer_json, bad_request
from .auth import peer_of
from .budget import Lease
from .problems import ClientGone, public_text, report
from .service import BlobService

MAX_PARTS = 100_000
"""Parts of one form: what was received is listed in the answer, so it has to end somewhere."""

MAX_COMPLAINTS = 200
"""Skipped parts that are named in the answer."""

MAX_VIVIFIED = 100
"""Permanodes made in one upload: each is told in the answer's head."""

GROUP_BYTES = 8 * 1024 * 1024
GROUP_BLOBS = 1024
"""Small parts are stored together, in groups of at most so many."""

_SLICE = 64 * 1024


class _Stop(Exception):
    """The form is read no further; the text is what the caller is told."""


class _Parser(PushMultipartParser):  # type: ignore[misc]  # the library has no types
    """Complains about a part's header in the words of the reference."""

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        segment = MultipartSegment(headerlist)
        if not segment.disposition:
            raise _Stop("invalid Content-Disposition")
        if segment.disposition != "form-data":
            raise _Stop(f'Expected Content-Disposition of "form-data"; got "{segment.disposition}"')
        return segment


class _Group(NamedTuple):
    """Parts that were read and wait to be stored together."""

    blobs: list[Blob]
    size: int


async def upload(service: BlobService, req: Request, resp: Response) -> None:
    """Answer `POST camli/upload`."""
    kind, options = parse_options_header(req.content_type or "")
    boundary = options.get("boundary", "")
    if kind not in ("multipart/form-data", "multipart/mixed") or not boundary:
        bad_request(resp, "an upload is multipart/form-data with a boundary")
        return
    try:
        parser = _Parser(boundary)
    except MultipartError as error:
        bad_request(resp, str(error))
        return
    received: list[SizedRef] = []
    complaints: list[str] = []
    try:
        with service.memory.lease(peer_of(req.scope).abort) as lease:
            async for group in _groups(req, parser, lease, complaints):
                with lease.ours():
                    await _store(service, group.blobs, received)
                lease.shrink(group.size)
    except _Stop as stop:
        complaints.append(str(stop))
    except HoldfastError as error:
        report(error)
        complaints.append(f"Error receiving blob: {public_text(error)}")
    if req.get_header("x-camlistore-vivify") == "1":
        await _vivify(service, [ref for ref, _ in received], resp, complaints)
    answer: dict[str, object] = {
        "received": [{"blobRef": ref, "size": size} for ref, size in received]
    }
    if complaints:
        answer["errorText"] = "\n".join(complaints)
    answer_json(resp, answer)


async def _groups(
    req: Request, parser: _Parser, lease: Lease, complaints: list[str]
) -> AsyncIterator[_Group]:
    """The parts of a form in order, a few at a time. Raises `_Stop` where reading must end.

    The parts read before a stop are given first.
    """
    blobs: list[Blob] = []
    size = 0
    stop: _Stop | None = None
    ref: Ref | None = None
    data = bytearray()
    parts = 0
    seen = 0
    try:
        async for piece in req.stream:
            seen += len(piece)
            for start in range(0, len(piece), _SLICE):
                slice_ = piece[start : start + _SLICE]
                if size and lease.would_wait(len(slice_)):
                    yield _Group(blobs, size)
                    blobs, size = [], 0
                await lease.grow(len(slice_))
                counted = size + len(data)
                for event in _events(parser, slice_):
                    if isinstance(event, MultipartSegment):
                        parts += 1
                        if parts > MAX_PARTS:
                            raise _Stop(f"at most {MAX_PARTS} parts in one upload")
                        ref = _ref_of(event.name or "", complaints)
                        data = bytearray()
                    elif event is None:
                        if ref is not None:
                            blobs.append(Blob(ref, bytes(data)))
                            size += len(data)
                        ref, data = None, bytearray()
                    elif ref is not None:
                        data += event
                        if len(data) > MAX_BLOB_SIZE:
                            raise _Stop(_receiving(ref, DigestMismatch(ref)))
                # The parser keeps less than a delimiter; all the rest is ours or gone.
                lease.shrink(max(0, counted + len(slice_) - size - len(data)))
                if size >= GROUP_BYTES or len(blobs) >= GROUP_BLOBS:
                    yield _Group(blobs, size)
                    blobs, size = [], 0
                # A form of tiny parts is all work and no waiting: let others have their turn.
                await asyncio.sleep(0)
        if seen:
            _finish(parser, ref)
    except _Stop as caught:
        stop = caught
    if blobs:
        yield _Group(blobs, size)
    if stop is not None:
        raise stop
    if req.content_length is not None and seen < req.content_length:
        raise ClientGone("the upload was cut short")


def _events(parser: _Parser, piece: bytes) -> Iterator[MultipartSegment | bytes | None]:
    """What a piece of the body holds. Raises `_Stop` where it breaks the form."""
    if parser.closed:
        return
    try:
        yield from parser.parse(piece)
    except MultipartError as error:
        raise _Stop(f"multipart: {error}") from None


def _ref_of(name: str, complaints: list[str]) -> Ref | None:
    """The ref a part goes by, or None if it is to be skipped. Raises `_Stop`."""
    try:
        ref = Ref.parse(name)
    except BadRef:
        if len(complaints) < MAX_COMPLAINTS:
            complaints.append(f'Ignoring form key "{name[:200]}"')
        return None
    if not ref.is_known:
        raise _Stop(f"Error receiving blob {ref}: invalid blob type {ref.hash_name}; {_KNOWN}")
    return ref


_KNOWN = f"only {', '.join(sorted(DIGEST_SIZES))} can be verified"


def _receiving(ref: Ref, error: HoldfastError) -> str:
    if isinstance(error, DigestMismatch):
        return f"Error receiving blob {ref}: corrupt blob; digest doesn't match"
    return f"Error receiving blob {ref}: {error}"


def _finish(parser: _Parser, ref: Ref | None) -> None:
    """Raises `_Stop` if the form ends before its last boundary, in the middle of `ref` or not."""
    try:
        parser.close()
    except MultipartError:
        raise _Stop(
            f"Error receiving blob {ref}: unexpected EOF" if ref else "unexpected EOF"
        ) from None


async def _store(service: BlobService, blobs: list[Blob], received: list[SizedRef]) -> None:
    """Store blobs in order up to the first that is wrong. Raises `_Stop` at that one."""
    bad = None
    if len(blobs) > 1:
        # One after the other means that nothing behind a wrong blob may be stored, so the
        # group is looked through before the gate sees it.
        bad = await service.read(_first_wrong, blobs)
    good = blobs[:bad]
    for receipt in await service.write(service.hub.receive, good):
        if receipt.error is not None:
            raise _Stop(_receiving(receipt.ref, receipt.error))
        received.append(SizedRef(receipt.ref, receipt.size))
    if bad is not None:
        raise _Stop(_receiving(blobs[bad].ref, DigestMismatch(blobs[bad].ref)))


def _first_wrong(blobs: list[Blob]) -> int | None:
    for index, (ref, data) in enumerate(blobs):
        if not ref.matches(data):
            return index
    return None


async def _vivify(
    service: BlobService, refs: list[Ref], resp: Response, complaints: list[str]
) -> None:
    """Make permanodes for uploaded files. Failing at one is told, and stops no other."""
    for ref in refs[:MAX_VIVIFIED]:
        why = "this server has no signing key"
        if service.vivify is not None:
            try:
                resp.append_header("x-camlistore-vivified", await service.vivify(ref))
                continue
            except HoldfastError as error:
                if error.blame is Blame.STORE:
                    report(error)
                why = public_text(error)
        complaints.append(f"Error vivifying blob {ref}: {why}")
    if len(refs) > MAX_VIVIFIED:
        first = refs[MAX_VIVIFIED]
        complaints.append(
            f"Error vivifying blob {first}, and all after it: at most {MAX_VIVIFIED} in one upload"
        )


async def put_blob(service: BlobService, req: Request, resp: Response, action: str) -> None:
    """Answer `PUT camli/REF`: the body is the blob."""
    try:
        ref = Ref.parse(action.rpartition("/")[2])
        if not ref.is_known:
            raise UnknownHash(ref.hash_name)
        with service.memory.lease(peer_of(req.scope).abort) as lease:
            data = await _whole_body(req, ref, lease)
            with lease.ours():
                (receipt,) = await service.write(service.hub.receive, [Blob(ref, data)])
        if receipt.error is not None:
            raise receipt.error
    except (BadRef, UnknownHash, BlobTooLarge, DigestMismatch) as error:
        bad_request(resp, str(error))
        return
    resp.status = falcon.HTTP_204


async def _whole_body(req: Request, ref: Ref, lease: Lease) -> bytes:
    if (req.content_length or 0) > MAX_BLOB_SIZE:
        raise BlobTooLarge(ref, MAX_BLOB_SIZE)
    pieces: list[bytes] = []
    size = 0
    async for piece in req.stream:
        size += len(piece)
        if size > MAX_BLOB_SIZE:
            raise BlobTooLarge(ref, MAX_BLOB_SIZE)
        await lease.grow(len(piece))
        pieces.append(piece)
    return b"".join(pieces)
