"""The calls about many files at a time: which are here already, and small ones in one request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from falcon.asgi import Request, Response

from ...blobstore.handlers.auth import peer_of
from ...blobstore.handlers.budget import Lease
from ...blobstore.handlers.problems import ClientGone
from ...blobstore.handlers.service import BlobService
from ...blobstore.ref import Ref
from ..searches import Searches
from .acts import no_key
from .api import Refused, answer_document, read_document
from .filing import Asked, Filing
from .statements import demand_permanodes, read_ref
from .upload import WHOLE_HASH, Arrived, Declared, Filed, arrived
from .uploadcalls import MOST_PIECE, filed_document, read_declared, read_size
from .uploads import Uploads

MOST_ASKED = 1000
"""Files that are asked about at a time."""

MOST_TOGETHER = 500
"""Files of one request."""

MOST_SAID = 1 << 20
"""Bytes of what is said of the files of one request."""


class TogetherCalls:
    """Answers them."""

    def __init__(
        self, uploads: Uploads, filing: Filing | None, blobs: BlobService, searches: Searches
    ) -> None:
        """Without `filing` nothing can be uploaded."""
        self._uploads = uploads
        self._filing = filing
        self._blobs = blobs
        self._searches = searches

    async def known(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `POST upload/known`."""
        filing = self._demanded()
        asked = read_asked(await read_document(req, self._blobs, most=MOST_SAID))
        await self._demand_sets(one.set for one in asked)
        with self._blobs.memory.lease(peer_of(req.scope).abort) as lease:
            found = await filing.known(asked, lease)
        files = [filed_document(one) if isinstance(one, Filed) else one for one in found]
        answer_document(resp, {"files": files})

    async def send(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `POST upload/together`."""
        filing = self._demanded()
        most = MOST_PIECE + MOST_SAID
        if (req.content_length or 0) > most:
            raise _too_much(most)
        with self._blobs.memory.lease(peer_of(req.scope).abort) as lease:
            body = await _read(req, lease, most=most)
            files = split(body)
            await self._demand_sets(declared.set for declared, _ in files)
            with self._uploads.together(len(files)):
                with lease.ours():
                    came = await self._blobs.read_much(_all_arrived, files, filing.hash_name)
                filed = await filing.file_all(came, lease)
        answer_document(resp, {"files": [filed_document(one) for one in filed]})

    def _demanded(self) -> Filing:
        if self._filing is None:
            raise no_key()
        return self._filing

    async def _demand_sets(self, sets: Iterable[Ref | None]) -> None:
        refs = list(dict.fromkeys(ref for ref in sets if ref is not None))
        if refs:
            await self._searches.answer(partial(demand_permanodes, refs))


def read_asked(document: dict[str, Any]) -> list[Asked]:
    """The files that are asked about. Raises `Refused`."""
    return [_asked(said) for said in _listed(document, most=MOST_ASKED)]


def split(body: bytes) -> list[tuple[Declared, bytes]]:
    """The files of one body: a line of JSON that says what they are, and then their bytes, one
    after the other. Raises `Refused`."""
    end = body.find(b"\n", 0, MOST_SAID + 1)
    if end < 0:
        raise Refused(f"the files are not declared in a first line of at most {MOST_SAID} bytes")
    try:
        document = json.loads(body[:end])
    except (ValueError, RecursionError):
        raise Refused("the first line is no JSON") from None
    if not isinstance(document, dict):
        raise Refused("the first line is no JSON object")
    files, at = [], end + 1
    for said in _listed(document, most=MOST_TOGETHER):
        declared = read_declared(said)
        files.append((declared, body[at : at + declared.size]))
        at += declared.size
    if at != len(body):
        raise Refused(
            f"the files were to have {at - end - 1} bytes, and {len(body) - end - 1} have come",
            remedy="read the files anew: one has changed meanwhile",
        )
    return files


def _all_arrived(files: Sequence[tuple[Declared, bytes]], hash_name: str) -> list[Arrived]:
    return [arrived(declared, data, hash_name=hash_name) for declared, data in files]


def _asked(said: dict[str, Any]) -> Asked:
    whole, parent = said.get("whole"), said.get("set")
    ref = None if whole is None else read_ref(whole, "whole")
    if ref is not None and ref.hash_name != WHOLE_HASH:
        raise Refused(f"whole is no {WHOLE_HASH}")
    return Asked(read_size(said), ref, _set_of(parent))


def _set_of(value: object) -> Ref | None:
    return None if value is None else read_ref(value, "set")


def _listed(document: dict[str, Any], *, most: int) -> list[dict[str, Any]]:
    files = document.get("files")
    if not isinstance(files, list) or not all(isinstance(said, dict) for said in files):
        raise Refused("files is no list of objects")
    if len(files) > most:
        raise Refused(f"files may be {most:,}", remedy="ask in several requests")
    return files


async def _read(req: Request, lease: Lease, *, most: int) -> bytes:
    body = bytearray()
    async for piece in req.stream:
        await lease.grow(len(piece))
        body += piece
        if len(body) > most:
            raise _too_much(most)
    if req.content_length is not None and len(body) < req.content_length:
        raise ClientGone("the upload was cut short")
    return bytes(body)


def _too_much(most: int) -> Refused:
    return Refused(f"the body may have {most} bytes", status=413, remedy="send less at a time")
