"""`/ui/tree/`: what is in one folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from falcon.asgi import Request, Response

from ...blobstore.errors import BadRef, HoldfastError
from ...blobstore.handlers.answers import JSON_TYPE, answer_text
from ...blobstore.handlers.service import BlobService
from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ...schema.directories import read_members
from ..contents import why_unreadable
from ..searchjson import json_bytes
from ..spooling import answer_spooled, spool
from ..tree import schemas
from .steps import in_steps

ROOT = "/ui/tree/"


class Listings:
    """Answers everything below `/ui/tree/`."""

    def __init__(self, service: BlobService) -> None:
        self._service = service

    async def answer(self, req: Request, resp: Response, path: str) -> None:
        if req.method not in ("GET", "HEAD"):
            answer_text(resp, "Invalid method\n", status=400)
            return
        try:
            ref = Ref.parse(path.partition("/")[0])
        except BadRef:
            answer_text(resp, "Invalid blobref\n", status=400)
            return
        storage = self._service.hub.storage
        text = spool()
        try:
            async for _ in in_steps(self._service, req, _list(storage, ref, text)):
                pass
        except HoldfastError as error:
            text.close()
            answer_text(resp, f"Error reading directory: {why_unreadable(error)}\n", status=500)
        except BaseException:
            text.close()
            raise
        else:
            answer_spooled(self._service, req, resp, text, content_type=JSON_TYPE)
            resp.set_header("cache-control", "private, no-cache")


def _list(storage: Storage, ref: Ref, text: IO[bytes]) -> Iterator[None]:
    """Write what is in a folder, one member after the other. Raises as `schemas`."""
    between = b'{\n  "children": ['
    for blob in schemas(storage, read_members(storage, ref)):
        child = {
            "name": blob.name.decode(errors="replace"),
            "type": blob.kind,
            "blobRef": blob.ref,
        }
        text.write(between + b"\n    " + json_bytes(child, is_compact=True))
        between = b","
        yield
    text.write(b"\n  ]\n}\n" if between == b"," else between + b"]\n}\n")
