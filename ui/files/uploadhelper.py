"""`POST /ui/?camli.mode=uploadhelper`: files out of a form, made into blobs as they come."""

from __future__ import annotations

import asyncio
import re

from falcon.asgi import Request, Response
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from ...blobstore.handlers import rights
from ...blobstore.handlers.answers import answer_json, unauthorized
from ...blobstore.handlers.auth import peer_of
from ...blobstore.handlers.form import BadForm, query
from ...blobstore.handlers.problems import ClientGone
from ...blobstore.handlers.service import BlobService
from ...blobstore.hub import Hub
from ...blobstore.ref import Blob, Ref
from ...schema.errors import BadTimestamp
from ...schema.facts import FileFacts
from ...schema.filewriter import PartsWriter, write_file_blob
from ...schema.timestamps import Timestamp, format_time, parse_time
from ..login.csrf import demand_csrf
from ..searchproblems import problem
from ..services import Services

ROOT = "/ui/"
MODE = "uploadhelper"

MAX_PARTS = 10_000
"""Parts of one form: what came is listed in the answer, so it has to end somewhere."""

PIECE = 1 << 20
"""Bytes of a file that are collected before a thread makes chunks of them."""

_SLICE = 64 * 1024
_TIME = "modtime"
_MAX_TIME = 100


class UploadHelper:
    """Falcon's hook for what Perkeep calls the upload helper, which has no path of its own."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def process_request(self, req: Request, resp: Response) -> None:
        if req.method != "POST" or not req.path.startswith(ROOT):
            return
        if query(req).get("camli.mode") != MODE:
            return
        resp.complete = True
        services = self._services
        if not rights.allows(services.auth.rights_of(req.scope), rights.ALL):
            unauthorized(resp)
            return
        demand_csrf(services, req)
        try:
            got = await _receive(services.blobs, req, services.hash_name)
        except ClientGone:
            raise
        except Exception as error:  # whatever it is, callers expect JSON
            status, document = problem(error)
            answer_json(resp, document, status=status)
        else:
            answer_json(resp, {"got": got or None})


async def _receive(service: BlobService, req: Request, hash_name: str) -> list[dict[str, object]]:
    """Store the files of a form; what to tell of each. Raises `BadForm`, and as the store does."""
    form = _Form(service, hash_name)
    seen = 0
    try:
        parser = _parser(req)
        with service.memory.lease(peer_of(req.scope).abort) as lease:
            async for piece in req.stream:
                seen += len(piece)
                for start in range(0, len(piece), _SLICE):
                    part = piece[start : start + _SLICE]
                    await lease.grow(len(part))
                    with lease.ours():
                        for event in parser.parse(part):
                            await form.take(event)
                    lease.shrink(lease.held - form.held)
                    # A form of tiny parts is all work and no waiting: let others have a turn.
                    await asyncio.sleep(0)
        if req.content_length is not None and seen < req.content_length:
            raise ClientGone("the upload was cut short")
        parser.close()
    except MultipartError as error:
        raise BadForm(f"multipart: {error}") from None
    await service.write(service.hub.sync)
    return form.got


def _parser(req: Request) -> PushMultipartParser:
    kind, options = parse_options_header(req.content_type or "")
    if kind != "multipart/form-data":
        raise BadForm("request Content-Type isn't multipart/form-data")
    return PushMultipartParser(options.get("boundary", ""), max_segment_count=MAX_PARTS)


class _Form:
    """What has come of a form."""

    def __init__(self, service: BlobService, hash_name: str) -> None:
        self.got: list[dict[str, object]] = []
        self._service = service
        self._hash_name = hash_name
        self._modified: Timestamp | None = None
        self._file: _File | None = None
        self._time: bytearray | None = None

    @property
    def held(self) -> int:
        """Bytes that wait to be stored."""
        return 0 if self._file is None else len(self._file.waiting)

    async def take(self, event: MultipartSegment | bytes | None) -> None:
        """The beginning of a part, or some of it, or its end."""
        if isinstance(event, MultipartSegment):
            if event.filename:
                self._file = _File(event, self._modified, self._hash_name)
            elif event.name == _TIME:
                self._time = bytearray()
        elif event is None:
            await self._end()
        elif self._time is not None:
            self._time += event[: _MAX_TIME + 1 - len(self._time)]
        elif self._file is not None:
            self._file.waiting += event
            if len(self._file.waiting) >= PIECE:
                await self._service.write(self._file.store, self._service.hub)

    async def _end(self) -> None:
        if self._time is not None:
            # It holds for all files behind it. As in the reference, what is no time is none.
            self._modified = _moment(self._time.decode(errors="replace"))
            self._time = None
        elif (file := self._file) is not None:
            ref = await self._service.write(file.finish, self._service.hub)
            modified = file.modified
            self.got.append(
                {
                    "filename": file.name,
                    "modtime": None if modified is None else format_time(modified),
                    "formname": file.form_name,
                    "fileref": ref,
                }
            )
            self._file = None


class _File:
    """One file on its way. About 2 MiB are held besides what is `waiting`."""

    def __init__(
        self, segment: MultipartSegment, modified: Timestamp | None, hash_name: str
    ) -> None:
        self.name = base_name(segment.filename or "")
        self.form_name = segment.name or ""
        self.modified = modified
        self.waiting = bytearray()
        self._hash_name = hash_name
        self._blobs: list[Blob] = []
        self._parts = PartsWriter(self._blobs.append, hash_name=hash_name)

    def store(self, hub: Hub) -> None:
        """Make chunks of what waits."""
        self._parts.feed(bytes(self.waiting))
        self.waiting.clear()
        hub.receive(self._blobs, durable=False)
        self._blobs.clear()

    def finish(self, hub: Hub) -> Ref:
        """Store the rest, and last what tells of the file."""
        self._parts.feed(bytes(self.waiting))
        self.waiting.clear()
        mtime_ns = None if self.modified is None else self.modified.ns
        facts = FileFacts(self.name.encode(), mtime_ns=mtime_ns)
        ref = write_file_blob(
            facts, self._parts.finish(), self._blobs.append, hash_name=self._hash_name
        )
        hub.receive(self._blobs, durable=False)
        return ref


def base_name(path: str) -> str:
    """The last of the names in a path of whatever system; empty if that would lead elsewhere."""
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1].replace("\0", "")
    return "" if name in (".", "..") else name


def _moment(text: str) -> Timestamp | None:
    try:
        return parse_time(text.strip())
    except BadTimestamp:
        return None
