"""`/share/`: which of its addresses are for programs and which for people, and who answers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any
from urllib.parse import quote

from falcon.asgi import App, Request, Response

from ...blobstore.errors import BadRef
from ...blobstore.handlers.answers import answer_bytes, answer_text, unauthorized
from ...blobstore.handlers.auth import TooManyFailures
from ...blobstore.handlers.form import query, read_form
from ...blobstore.ref import Ref
from ...index.claims import ClaimIndex
from ...index.query.errors import BadQuery
from ...index.search.errors import IndexBehind
from ...index.search.service import BRIEF_SECONDS
from ...schema.sharing import Denial
from ..claims import answer_catching_up
from ..gallery.api import JSON_TYPE, answer_document
from ..gallery.stamps import Stamp
from ..login.way import see_other, wants_page
from ..searchcalls import Parameters
from ..services import Services
from ..sinks import add_sink
from ..tree import IndexedThings, Tree
from . import views
from .chains import Chains
from .door import Door, Visit
from .downloads import Downloads, UsedUp
from .pages import ROOT, SharePages, answer_closed, answer_missing
from .questions import Questions
from .reach import NothingThere
from .refusals import Refusals, note

READS = ("GET", "HEAD")

CLOSED = {
    "error": "this link is closed, or asks for a password",
    "remedy": "open it anew, or ask whoever gave it to you",
}
"""What scripts are told whose share is not open any longer."""


def add_shares(app: App[Any, Any], services: Services, claims: ClaimIndex) -> None:
    """Let `app` answer everything below `/share/`, but for what is added later.

    The owner's rights are not looked at: the ref of the share is all it takes, and what the share
    itself asks for.
    """
    door = Door(services, claims, services.share_records)
    refusals = Refusals()
    chains = Chains(services.blobs, door, refusals)
    visits = None
    if services.index is not None and services.searches is not None:
        questions = Questions(services.searches, Stamp(services.index.watching))
        things = IndexedThings(services.index.search)
        tree = Tree(services.blobs.hub.storage, things)
        visits = _Visits(door, refusals, questions, Downloads(services, door, questions, tree))

    async def answer(req: Request, resp: Response, rest: str) -> None:
        name, _, below = rest.partition("/")
        if visits is None or not await visits.answer(req, resp, name, below):
            await chains.answer(req, resp, name)

    add_sink(app, rf"{ROOT}(?P<rest>[\s\S]*)\Z", answer)


Call = Callable[[Request, Response, Visit], Awaitable[None]]


class _Visits:
    """Answers what browsers, and those who use the same addresses, ask for."""

    def __init__(
        self, door: Door, refusals: Refusals, questions: Questions, downloads: Downloads
    ) -> None:
        self._door = door
        self._refusals = refusals
        self._questions = questions
        self._downloads = downloads
        self._pages = SharePages(door, questions)
        self._calls: dict[str, Call] = {
            "items": self._items,
            "members": self._items,
            "timeline": self._timeline,
            "crumbs": self._crumbs,
        }

    async def answer(self, req: Request, resp: Response, name: str, below: str) -> bool:
        """Answer a request for something `below` a share; False if that is for programs."""
        asked = query(req)
        if "via" in asked or "assemble" in asked:
            return False
        kind, _, rest = below.partition("/")
        if kind in self._calls:
            work = self._calls[kind]
        elif kind == "thumbnail":
            work = partial(self._thumbnail, rest)
        elif kind == "file":
            work = partial(self._file, rest)
        elif kind == "zip":
            work = self._downloads.zip
        elif kind == "blob":
            work = self._downloads.blob
        elif wants_page(req):
            kind, work = "", self._pages.answer
        else:
            return False
        if req.method in READS or (req.method == "POST" and kind in ("zip", "")):
            goes_on = rest.partition("/")[0] if kind == "file" and req.get_header("range") else ""
            await self._answer(req, resp, name, kind, work, goes_on)
        else:
            answer_text(resp, "only GET\n", status=405)
            resp.set_header("allow", "GET, HEAD")
        return True

    async def _answer(
        self, req: Request, resp: Response, name: str, kind: str, work: Call, goes_on: str
    ) -> None:
        began = monotonic()
        is_attempt = req.method == "POST" and kind == ""
        try:
            password = (await read_form(req)).get("password", "") if is_attempt else None
            found = await self._enter(req, name, password, goes_on)
            if isinstance(found, Visit) and is_attempt:
                see_other(resp, _here(req))
                self._pages.give_pass(req, resp, found)
            elif isinstance(found, Visit):
                await work(req, resp, found)
            else:
                await self._refuse(req, resp, kind, began, has_tried=is_attempt)
        except IndexBehind:
            answer_catching_up(resp)
        except TooManyFailures as error:
            if not wants_page(req):
                raise
            answer_closed(resp, has_tried=is_attempt, wait=error.wait)
        except UsedUp:
            note(Ref(name), Denial.SHARE_USED_UP)
            await self._refuse(req, resp, kind, began)
        except NothingThere:
            await self._refusals.until_due(req, began)
            _answer_missing(req, resp)
        except BadQuery as error:
            answer_document(resp, {"error": error.why}, status=400)
        if resp.get_header("cache-control") is None:
            resp.set_header("cache-control", "no-store")
        resp.append_header("vary", "Accept")

    async def _enter(
        self, req: Request, name: str, password: str | None, goes_on: str
    ) -> Visit | Denial:
        try:
            ref = Ref.parse(name)
        except BadRef:
            return Denial.SHARE_MISSING
        found = await self._door.enter(req, ref, password=password, goes_on_with=goes_on)
        if isinstance(found, Denial):
            note(ref, found)
        return found

    async def _refuse(
        self, req: Request, resp: Response, kind: str, began: float, *, has_tried: bool = False
    ) -> None:
        """Refuse what a share would have given, the same whatever the reason."""
        await self._refusals.until_due(req, began)
        if wants_page(req):
            answer_closed(resp, has_tried=has_tried)
        elif kind in ("file", "zip") and "inline" not in query(req):
            # Programs that are asked for a password by this give it, and go on.
            unauthorized(resp)
        else:
            answer_document(resp, CLOSED, status=403)

    async def _items(self, req: Request, resp: Response, visit: Visit) -> None:
        stamp = self._questions.stamp
        page = await self._questions.ask(
            req,
            visit,
            partial(views.page, Parameters(req.query_string)),
            seconds=BRIEF_SECONDS,
        )
        self._questions.note_open(visit, views.refs_in(page.items), stamp)
        items = [item.document() for item in page.items]
        answer_document(resp, {"items": items, "next": page.next})

    async def _timeline(self, req: Request, resp: Response, visit: Visit) -> None:
        question = partial(views.timeline, Parameters(req.query_string))
        found = await self._questions.ask_once(req, visit, question)
        answer_bytes(resp, found, content_type=JSON_TYPE)

    async def _crumbs(self, req: Request, resp: Response, visit: Visit) -> None:
        found = await self._questions.ask(
            req, visit, partial(views.crumbs, Parameters(req.query_string))
        )
        answer_document(resp, {"crumbs": [item.document() for item in found]})

    async def _thumbnail(self, rest: str, req: Request, resp: Response, visit: Visit) -> None:
        await self._downloads.thumbnail(req, resp, visit, rest)

    async def _file(self, rest: str, req: Request, resp: Response, visit: Visit) -> None:
        await self._downloads.file(req, resp, visit, rest)


def _answer_missing(req: Request, resp: Response) -> None:
    if wants_page(req):
        answer_missing(resp)
    else:
        answer_document(resp, {"error": "there is no such thing here"}, status=404)


def _here(req: Request) -> str:
    path = quote(req.path, safe="/")
    return f"{path}?{req.query_string}" if req.query_string else path
