"""What visitors take along: files, zips of many, and thumbnails of what they look at."""

from __future__ import annotations

from functools import partial

from falcon.asgi import Request, Response

from ...blobstore.handlers.answers import answer_text
from ...blobstore.handlers.form import query, read_form
from ...blobstore.handlers.get import get_blob
from ...blobstore.ref import Ref
from ...index.nodes import ref_in
from ...index.search.schemas import schema_of
from ..contents import UNREADABLE, answer_file, answer_unreadable
from ..filenames import disposition, safe_name
from ..files.zipanswer import answer_zip
from ..services import Services
from ..thumbs.answering import answer_thumbnail
from ..tree import Tree, nameless
from .chains import CACHE
from .counting import count_answer
from .door import Door, Visit
from .questions import Questions
from .reach import NothingThere
from .shelves import shown_item
from .views import everything

MAX_FORM = 4 << 20
"""Bytes of a form: sixty thousand refs."""

MOST_IN_ZIP = 50_000
"""Things that a zip of all that a search finds has at most; what is in them is not counted."""

THUMBNAIL_CACHE = "private, max-age=600"
"""Seconds for which a browser shows again what its owner has seen anyway."""


class UsedUp(Exception):
    """A download of which there were enough."""


class Downloads:
    """Answers requests for contents, below the addresses of open shares."""

    def __init__(self, services: Services, door: Door, questions: Questions, tree: Tree) -> None:
        self._services = services
        self._blobs = services.blobs
        self._door = door
        self._questions = questions
        self._tree = tree

    async def file(self, req: Request, resp: Response, visit: Visit, rest: str) -> None:
        """Answer GET or HEAD of `REF/NAME`. Raises `NothingThere` and `UsedUp`."""
        ref = await self._demand_open(req, visit, rest)
        file = await self._blobs.read(schema_of, self._blobs.hub.storage, ref)
        if file is None or file.kind != "file":
            raise NothingThere
        kind = "inline" if query(req).get("inline") == "1" else "attachment"
        name = safe_name(file.raw_name) or nameless(file)
        try:
            await answer_file(self._blobs, req, resp, file, disposition=disposition(kind, name))
        except UNREADABLE as error:
            answer_unreadable(resp, error)
            return
        if not await count_answer(self._door, visit, req, resp, file=ref):
            raise UsedUp
        resp.set_header("cache-control", CACHE)

    async def zip(self, req: Request, resp: Response, visit: Visit) -> None:
        """Answer with a zip of all that is shared, or of the `files` that a form names.

        Raises `NothingThere` and `UsedUp`.
        """
        form = await read_form(req, limit=MAX_FORM)
        if form.get("files"):
            refs, all_must_fit = _refs(form["files"]), True
            await self._questions.demand_open(req, visit, refs)
        else:
            refs = await self._questions.ask(req, visit, partial(everything, MOST_IN_ZIP))
            all_must_fit = len(refs) == 1  # among many there may be notes
        if not refs:
            raise NothingThere
        name = await self._zip_name(req, visit, refs)
        entries = self._tree.walk(refs, all_must_fit=all_must_fit)
        await answer_zip(self._blobs, req, resp, entries, name)
        if not await count_answer(self._door, visit, req, resp):
            raise UsedUp

    async def blob(self, req: Request, resp: Response, visit: Visit) -> None:
        """Answer GET or HEAD of the target's blob, as a chain would. Raises `NothingThere`."""
        share = visit.share
        if share.target is None or share.most_downloads is not None:
            raise NothingThere
        await get_blob(self._blobs, req, resp, share.target)
        resp.set_header("cache-control", CACHE)

    async def thumbnail(self, req: Request, resp: Response, visit: Visit, rest: str) -> None:
        """Answer GET or HEAD of the thumbnail of `REF/ANYTHING`. Raises `NothingThere`."""
        ref = await self._demand_open(req, visit, rest)
        thumbnails = self._services.thumbnails
        if thumbnails is None:
            answer_text(resp, "no thumbnails are made here\n", status=404)
            return
        await answer_thumbnail(thumbnails, req, resp, ref)
        if resp.get_header("etag") is not None:
            resp.set_header("cache-control", THUMBNAIL_CACHE)

    async def _demand_open(self, req: Request, visit: Visit, rest: str) -> Ref:
        ref = ref_in(rest.partition("/")[0])
        if ref is None:
            raise NothingThere
        await self._questions.demand_open(req, visit, (ref,))
        return ref

    async def _zip_name(self, req: Request, visit: Visit, refs: list[Ref]) -> str:
        """As the one thing in it is called, or all that is shared, else what time it is."""
        one = refs[0] if len(refs) == 1 else visit.share.target
        if one is not None:
            item = await self._questions.ask(req, visit, lambda _, __, desk: shown_item(desk, one))
            name = "" if item is None else safe_name(item.name or item.title)
            if name:
                return safe_name(f"{name}.zip")
        return f"shared-{self._services.clock():%Y%m%d-%H%M%S}.zip"


def _refs(text: str) -> list[Ref]:
    found = [ref_in(one.strip()) for one in text.split(",")]
    refs = [ref for ref in found if ref is not None]
    if len(refs) < len(found):
        raise NothingThere
    return refs
