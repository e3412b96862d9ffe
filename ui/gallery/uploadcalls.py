"""The calls that upload a file: begin, send a piece, ask how far it is, give up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from unicodedata import normalize

from falcon.asgi import Request, Response

from ...blobstore.handlers.auth import peer_of
from ...blobstore.handlers.budget import Lease
from ...blobstore.handlers.problems import ClientGone
from ...blobstore.handlers.service import BlobService
from ...schema.errors import BadTimestamp
from ...schema.facts import FileFacts
from ...schema.layout import MAX_FILE_SIZE
from ...schema.timestamps import parse_time
from ..filenames import safe_name
from ..searchcalls import Parameters
from ..searches import Searches
from .acts import no_key
from .api import Refused, answer_document, read_document
from .filing import Filing
from .statements import demand_permanodes, read_ref, read_text
from .upload import Declared, Filed, Upload
from .uploads import Uploads

MOST_PIECE = 16 << 20
"""Bytes of one piece."""

MOST_BYTES = 64 << 10
"""Of what is said of a file."""

UNNAMED = "unnamed"
"""What a file is called whose name says nothing."""

_STEP = 1 << 20
"""Bytes that are taken at once."""


class UploadCalls:
    """Answers them."""

    def __init__(
        self, uploads: Uploads, filing: Filing | None, blobs: BlobService, searches: Searches
    ) -> None:
        """Without `filing` nothing can be uploaded."""
        self._uploads = uploads
        self._filing = filing
        self._blobs = blobs
        self._searches = searches

    async def begin(self, req: Request, resp: Response, rest: str) -> None:
        """Answer `POST upload`."""
        if rest:
            raise Refused("a piece is sent by PUT", status=405)
        if self._filing is None:
            raise no_key()
        declared = read_declared(await read_document(req, self._blobs, most=MOST_BYTES))
        if declared.set is not None:
            await self._searches.answer(partial(demand_permanodes, [declared.set]))
        upload = self._uploads.begin(declared)
        answer_document(resp, {"upload": upload.name, "offset": 0})

    async def tell(self, _req: Request, resp: Response, name: str) -> None:
        """Answer `GET upload/ID`."""
        _answer(resp, self._uploads.find(name))

    async def give_up(self, _req: Request, resp: Response, name: str) -> None:
        """Answer `DELETE upload/ID`; of what is not known too."""
        self._uploads.give_up(name)
        answer_document(resp, {})

    async def send(self, req: Request, resp: Response, name: str) -> None:
        """Answer `PUT upload/ID`: take a piece, and file what is all here."""
        if self._filing is None:
            raise no_key()
        upload = self._uploads.find(name)
        cut = peer_of(req.scope).abort
        async with self._uploads.turn(upload, cut):
            if upload.done is None:
                _demand_fit(upload, req)
                with self._blobs.memory.lease(cut) as lease:
                    await self._take(upload, req, lease)
                    if upload.is_all_here:
                        self._uploads.close(upload, await self._filing.file(upload, lease))
                    else:
                        await self._blobs.write(upload.settle, self._blobs.hub)
        _answer(resp, upload)

    async def _take(self, upload: Upload, req: Request, lease: Lease) -> None:
        """Take a body. Where it breaks off, what has come is taken, and `ClientGone` raised."""
        began = upload.offset
        async for step in self._steps(upload, req, lease):
            with lease.ours():
                await self._blobs.write(upload.take, self._blobs.hub, step)
            lease.shrink(len(step))
            self._uploads.note(upload)
        came = upload.offset - began
        if req.content_length is not None and came < req.content_length:
            raise ClientGone("the upload was cut short")
        if not came and not upload.is_all_here:
            raise Refused(
                f"the file was to have {upload.declared.size} bytes, and {upload.offset} have come",
                remedy="send the rest; if the file has become shorter, begin it anew",
                more={"offset": upload.offset},
            )

    async def _steps(self, upload: Upload, req: Request, lease: Lease) -> AsyncIterator[bytes]:
        """A body in steps. Raises `Refused` for more bytes than there can be, which are left."""
        most = min(MOST_PIECE, upload.declared.size - upload.offset)
        seen, step = 0, bytearray()
        async for piece in req.stream:
            seen += len(piece)
            if seen > most:
                raise _too_long(upload, seen)
            self._uploads.note(upload)
            await lease.grow(len(piece))
            step += piece
            if len(step) >= _STEP:
                yield bytes(step)
                step.clear()
        if step:
            yield bytes(step)


def read_declared(document: dict[str, Any]) -> Declared:
    """What is said of a file that is to come. Raises `Refused`."""
    size = read_size(document)
    modified, parent = document.get("modified"), document.get("set")
    facts = FileFacts(
        name=own_name(read_text(document.get("name"), "name")).encode(),
        mtime_ns=None if modified is None else _moment(modified),
    )
    return Declared(facts=facts, size=size, set=None if parent is None else read_ref(parent, "set"))


def read_size(document: dict[str, Any]) -> int:
    """The size that is said of a file. Raises `Refused`."""
    size = document.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_FILE_SIZE:
        raise Refused("size is no number of bytes")
    return size


def filed_document(filed: Filed) -> dict[str, object]:
    """What a page is told of a file that has its permanode."""
    return {
        "ref": filed.permanode,
        "content": filed.content,
        "known": filed.is_known,
        "whole": filed.whole,
    }


def own_name(text: str) -> str:
    """The name a file is kept under, of what its browser says: no folders, nothing that harms."""
    name = normalize("NFC", text).replace("\\", "/").rpartition("/")[2]
    return safe_name(name.strip()) or UNNAMED


def _moment(text: object) -> int | None:
    try:
        moment = parse_time(read_text(text, "modified"))
    except BadTimestamp:
        raise Refused("modified is no RFC 3339 time") from None
    return None if moment is None else moment.ns


def _demand_fit(upload: Upload, req: Request) -> None:
    """Raises `Refused` unless a piece begins where the last one ended, and is not too long."""
    offset = Parameters(req.query_string).number("offset", -1)
    if offset != upload.offset:
        raise Refused(
            f"{upload.offset} bytes have come, and this begins at another one",
            status=409,
            remedy="go on from the offset that is told here",
            more={"offset": upload.offset},
        )
    length = req.content_length or 0
    if length > min(MOST_PIECE, upload.declared.size - upload.offset):
        raise _too_long(upload, length)


def _too_long(upload: Upload, length: int) -> Refused:
    if length > MOST_PIECE:
        return Refused(f"a piece may have {MOST_PIECE} bytes", status=413, remedy="send less")
    return Refused(
        f"the file was to have {upload.declared.size} bytes, and has more",
        remedy="begin it anew: it has changed meanwhile",
        more={"offset": upload.offset},
    )


def _answer(resp: Response, upload: Upload) -> None:
    done = upload.done
    told = None if done is None else filed_document(done)
    answer_document(resp, {"offset": upload.offset, "done": told})
