"""`/ui/download/`: the contents of a file, or of many as one zip."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from falcon.asgi import Request, Response

from ...blobstore.errors import BadRef, HoldfastError
from ...blobstore.handlers.answers import answer_text
from ...blobstore.handlers.form import query, read_form
from ...blobstore.ref import DIGEST_SIZES, Ref
from ...blobstore.storage import CanFetch
from ...index.search.errors import IndexBehind
from ...schema.blob import SchemaBlob
from ...schema.filereader import FileReader
from ..claims import answer_catching_up
from ..contents import UNREADABLE, answer_file, answer_unreadable
from ..filenames import disposition, safe_name
from ..login.csrf import FIELD, demand_csrf
from ..services import Services
from ..tree import Tree, nameless
from .steps import in_steps
from .zipanswer import answer_zip

ROOT = "/ui/download/"

MAX_FORM = 4 << 20
"""Bytes of a form: sixty thousand refs."""

_PIECE = 1 << 20


class Downloads:
    """Answers everything below `/ui/download/`."""

    def __init__(self, services: Services, tree: Tree) -> None:
        self._services = services
        self._blobs = services.blobs
        self._tree = tree

    async def answer(self, req: Request, resp: Response, path: str) -> None:
        try:
            if req.method in ("GET", "HEAD"):
                await self._answer_file(req, resp, path)
            elif req.method == "POST":
                await self._answer_zip(req, resp)
            else:
                answer_text(resp, "Invalid download method\n", status=400)
        except IndexBehind:
            answer_catching_up(resp)

    async def _answer_file(self, req: Request, resp: Response, path: str) -> None:
        name, _, said = path.partition("/")
        try:
            ref = Ref.parse(name)
        except BadRef:
            answer_text(resp, "Invalid blobref\n", status=400)
            return
        asked = query(req)
        try:
            file = await self._blobs.read(self._tree.blob, ref)
            if file.kind not in ("file", "bytes"):
                answer_text(resp, "Not a regular file\n", status=400)
                return
            kind = "inline" if asked.get("inline") == "1" else "attachment"
            known_as = safe_name(file.raw_name) or safe_name(said) or nameless(file)
            shown = disposition(kind, known_as)
            await answer_file(self._blobs, req, resp, file, disposition=shown)
        except UNREADABLE as error:
            answer_unreadable(resp, error)
            return
        if file.ref != ref:
            # What a permanode's content is may change.
            resp.set_header("cache-control", "private, no-cache")
        if "verifycontents" in asked:
            resp.set_header("cache-control", "no-store")
            await self._verify(req, resp, file, asked["verifycontents"])

    async def _verify(self, req: Request, resp: Response, file: SchemaBlob, whole: str) -> None:
        """Say so in a header if all the contents are here and have this digest."""
        name, _, digest = whole.partition("-")
        if name not in DIGEST_SIZES:
            return
        hashing = hashlib.new(name)
        work = _hashed(self._blobs.hub.storage, file, hashing.update)
        try:
            async for _ in in_steps(self._blobs, req, work):
                pass
        except HoldfastError:
            return  # whatever it is, they are not what was asked for
        if hashing.hexdigest() == digest:
            resp.set_header("x-camli-contents", whole)

    async def _answer_zip(self, req: Request, resp: Response) -> None:
        form = await read_form(req, limit=MAX_FORM)
        demand_csrf(self._services, req, field=form.get(FIELD, ""))
        texts = form.get("files", "").split(",")
        if texts == [""]:
            answer_text(resp, "No file blobRefs specified\n", status=400)
            return
        refs = []
        for text in texts:
            try:
                refs.append(Ref.parse(text.strip()))
            except BadRef:
                answer_text(resp, f'"{text[:100]}" is not a valid blobRef\n', status=400)
                return
        name = await self._zip_name(refs)
        await answer_zip(self._blobs, req, resp, self._tree.walk(refs), name)

    async def _zip_name(self, refs: list[Ref]) -> str:
        """The name of the one thing in it, if there is but one, else what time it is."""
        if len(set(refs)) == 1:
            try:
                blob = await self._blobs.read(self._tree.blob, refs[0])
            except HoldfastError:
                pass  # making the zip meets it again, and tells
            else:
                if blob.raw_name:
                    return safe_name(blob.raw_name + b".zip")
        return f"download-{self._services.clock():%Y%m%d-%H%M%S}.zip"


def _hashed(storage: CanFetch, file: SchemaBlob, update: Callable[[bytes], None]) -> Iterator[None]:
    reader = FileReader(storage, file)
    while data := reader.read(_PIECE):
        update(data)
        yield
