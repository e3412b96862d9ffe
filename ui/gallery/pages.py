"""The pages of the gallery: shells that hold what they begin with, and are filled by scripts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from falcon import HTTPNotFound
from falcon.asgi import App, Request, Response

from ...blobstore.errors import BadRef, HoldfastError
from ...blobstore.handlers.form import query
from ...blobstore.ref import DIGEST_SIZES, Ref
from ...index.search.desk import Desk
from ...index.search.errors import IndexBehind
from ...index.search.folderorder import FolderOrders
from ...index.search.items import Item, Items
from ...index.search.shelves import Page, shelf_of
from ..hangups import gone
from ..login.frame import frame_of, page_data
from ..pages import answer_page
from ..searches import Searches
from ..services import Services
from ..sinks import add_sink, only_reads
from .api import problem
from .stamps import Stamp

HOME = "/ui/"

FIRST_ITEMS = 100
"""Items that a page comes with, so that there is something to see before it asks for more."""

VIEWS: Final = {
    "sets": "Sets",
    "folders": "Folders",
    "map": "Map",
    "recent": "Recently added",
    "duplicates": "Duplicates",
    "largest": "Largest",
    "shares": "Shares",
    "trash": "Trash",
    "upload": "Upload",
}
"""The pages that are called like their view, and their titles."""


class Pages:
    """Answers the pages of one server."""

    def __init__(
        self, services: Services, searches: Searches, orders: FolderOrders, stamp: Stamp
    ) -> None:
        self._services = services
        self._searches = searches
        self._orders = orders
        self._stamp = stamp

    async def home(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `/ui/`: what is searched for, all there is without a search."""
        if only_reads(req, resp):
            text = query(req).get("q", "")
            more = self._now() | await self._beginning(req, text, None)
            self._send(req, resp, "timeline", text or "Photos", more, q=text)

    async def view(self, req: Request, resp: Response, name: str) -> None:
        """Answer a page that is called like its view."""
        if only_reads(req, resp):
            self._send(req, resp, name, VIEWS[name], self._now())

    async def thing(self, req: Request, resp: Response, text: str) -> None:
        """Answer the page of one thing; 404 if it is not here."""
        if not only_reads(req, resp):
            return
        try:
            ref = Ref.parse(text)
        except BadRef:
            raise HTTPNotFound from None
        now = self._now()
        look = partial(_item, ref)
        try:
            item = await self._searches.ask(
                lambda search: search.answer(look), gone=partial(gone, req)
            )
        except IndexBehind:
            # It may be here all the same; the page asks again.
            self._send(req, resp, "thing", "", now | self._about(ref, None))
            return
        if item is None:
            raise HTTPNotFound(description="nothing of that name is stored here")
        more = now | self._about(ref, item)
        if item.kind in ("set", "folder"):
            more |= await self._beginning(req, "", ref)
        self._send(req, resp, "thing", item.title, more)

    def _now(self) -> dict[str, object]:
        """Which state of the index a page is of, at least: asked for before that is read.

        Its scripts hear by it of what happens before they listen.
        """
        return {"stamp": self._stamp.text}

    def _about(self, ref: Ref, item: Item | None) -> dict[str, object]:
        signer = self._services.signer
        # Of a key there may be claims under the refs of several hash functions.
        keys = [Ref.of(signer.public.blob, hash_name=name) for name in DIGEST_SIZES if signer]
        document = None if item is None else item.document()
        return {"ref": ref, "item": document, "first": None, "keys": keys}

    async def _beginning(self, req: Request, text: str, within: Ref | None) -> dict[str, object]:
        """The first items of what a page shows, or what is wrong with the question."""
        look = partial(_first, text, within, self._orders)
        try:
            page = await self._searches.ask(
                lambda search: search.answer(look), gone=partial(gone, req)
            )
        except HoldfastError as error:
            return {"first": None, "problem": problem(error)[1]}
        items = [item.document() for item in page.items]
        return {"first": {"items": items, "next": page.next}}

    def _send(
        self,
        req: Request,
        resp: Response,
        view: str,
        title: str,
        more: Mapping[str, object],
        *,
        q: str = "",
    ) -> None:
        frame = frame_of(self._services, req, query=q)
        page = {**page_data(self._services, frame, view=view), **more}
        template = "gallery.html" if view == "timeline" else "place.html"
        answer_page(resp, template, frame=frame, view=view, title=title or "Untitled", page=page)


def add_pages(app: App[Any, Any], services: Services, pages: Pages) -> None:
    """Let `app` answer `/ui/`, the views below it, and `/ui/REF`."""
    views = "|".join(VIEWS)
    add_sink(app, rf"{HOME}\Z", pages.home, auth=services.auth)
    add_sink(app, rf"{HOME}(?P<rest>{views})\Z", pages.view, auth=services.auth)
    ref = "[a-z0-9]+-[0-9a-f]+"
    add_sink(app, rf"{HOME}(?P<rest>{ref})/?\Z", pages.thing, auth=services.auth)


def _item(ref: Ref, desk: Desk) -> Item | None:
    return Items(desk.reader, desk.storage).of(ref)


def _first(text: str, within: Ref | None, orders: FolderOrders, desk: Desk) -> Page:
    return shelf_of(desk, text, within, orders).page("", FIRST_ITEMS)
