"""The pages of shares: what visitors with a browser see, and the one page of all that is closed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from falcon.asgi import Request, Response

from ...blobstore.handlers.form import query
from ...blobstore.ref import Ref
from ...index.nodes import ref_in
from ...schema.claims import Share
from ...schema.timestamps import format_time
from ..pages import answer_page
from .door import Door, Visit
from .passes import pass_header
from .questions import Questions
from .reach import NothingThere
from .views import Layout, Shown, look
from .wording import Line, file_address, kind_words, line_of, notes_of

ROOT = "/share/"

_TALL = 1500
"""Pixels of the picture that a file's page shows."""

SETTLE_SECONDS = 0.5
"""How long a page waits for files that have just come."""

_HEADERS = {
    # What somebody was given a link to is not for everybody to find.
    "x-robots-tag": "noindex, nofollow",
}


class SharePages:
    """Answers GET and HEAD of the pages of open shares."""

    def __init__(self, door: Door, questions: Questions) -> None:
        self._door = door
        self._questions = questions

    async def answer(self, req: Request, resp: Response, visit: Visit) -> None:
        """Answer with the page of a share, or of what is `in` it. Raises `NothingThere`."""
        within = _within(req)
        stamp = self._questions.stamp
        shown = await self._questions.ask(req, visit, partial(look, within), seconds=SETTLE_SECONDS)
        if visit.share.is_transitive:
            self._questions.note_open(visit, shown.refs(), stamp)
        self.give_pass(req, resp, visit)
        answer_page(resp, "share.html", root=ROOT, **_context(shown, visit, within))
        resp.set_headers(_HEADERS)

    def give_pass(self, req: Request, resp: Response, visit: Visit) -> None:
        """Have a browser remember who it is, where that is of use and it does not yet."""
        share, shown = visit.share, visit.shown
        has_password = bool(share.password_hash)
        is_known = shown is not None and (shown.knows_password or not has_password)
        if is_known or not (has_password or share.most_downloads is not None):
            return
        visitor = "" if shown is None else shown.visitor
        text = self._door.passes.new(visit.ref, knows_password=has_password, visitor=visitor)
        resp.append_header("set-cookie", pass_header(req.scope, visit.ref, text))


def answer_closed(resp: Response, *, has_tried: bool, wait: int = 0) -> None:
    """Answer with the page of what is not open: the same whatever the reason.

    `has_tried` says that a password was given; `wait` how many seconds none may be.
    """
    status = 429 if wait else 403
    answer_page(resp, "share-closed.html", status=status, root=ROOT, has_tried=has_tried, wait=wait)
    resp.set_headers(_HEADERS)
    if wait:
        resp.set_header("retry-after", str(wait))


def answer_missing(resp: Response) -> None:
    """Answer with the page of what an open share does not have."""
    answer_page(resp, "share-missing.html", status=404, root=ROOT)
    resp.set_headers(_HEADERS)


_TITLES = {
    Layout.FILE: "A file",
    Layout.FOLDER: "A folder",
    Layout.GALLERY: "Shared with you",
    Layout.OTHER: "Shared with you",
    Layout.ALONE: "Shared with you",
    Layout.GONE: "Nothing here any more",
}


def _context(shown: Shown, visit: Visit, within: Ref | None) -> dict[str, Any]:
    """What the template is given."""
    share, item = visit.share, shown.item
    root = f"{ROOT}{visit.ref}"
    return {
        "shown": shown,
        "layout": shown.layout.value,
        "title": shown.title or _TITLES[shown.layout],
        "crumbs": [] if within is None else list(_crumbs(shown, share, root)),
        "notes": list(notes_of(item, share, visit.used)),
        "entries": [] if shown.first is None else [line_of(one, root) for one in shown.first.items],
        "kind": kind_words(shown.kind),
        "share": share,
        "counted": share.most_downloads is not None,
        "here": root,
        "file": "" if item is None else file_address(item, root),
        "thumbnail": ""
        if item is None or item.cover is None
        else f"{root}/thumbnail/{item.cover}/t?mh={_TALL}&tv=3",
        "blob": f"{root}/blob" if share.target and share.most_downloads is None else "",
        "page": _island(shown, share, root, within),
    }


def _crumbs(shown: Shown, share: Share, root: str) -> Iterator[Line]:
    """The way down to something within, from the first page of the share on."""
    first, *others = shown.crumbs[:-1] or shown.crumbs
    is_target = first.ref == share.target
    title = first.title if is_target else ""
    yield Line(root, title or _TITLES[Layout.GALLERY], "", "", "")
    between = others if is_target else [first, *others] if len(shown.crumbs) > 1 else []
    yield from (line_of(item, root) for item in between)


def _island(shown: Shown, share: Share, root: str, within: Ref | None) -> dict[str, object]:
    """What scripts are told; as on the owner's pages, but for the addresses."""
    first = shown.first
    return {
        "view": "share",
        "layout": shown.layout.value,
        "title": shown.title,
        "in": within,
        "item": None if shown.item is None else shown.item.document(),
        "crumbs": [item.document() for item in shown.crumbs],
        "first": None
        if first is None
        else {"items": [item.document() for item in first.items], "next": first.next},
        "counted": share.most_downloads is not None,
        "expires": None if share.expires is None else format_time(share.expires),
        "writable": False,
        "urls": {
            "items": f"{root}/items",
            "timeline": f"{root}/timeline",
            "thumbnail": f"{root}/thumbnail/",
            "file": f"{root}/file/",
            "zip": f"{root}/zip",
            "thing": f"{root}?in=",
            "share": root,
        },
    }


def _within(req: Request) -> Ref | None:
    text = query(req).get("in", "")
    ref = ref_in(text)
    if text and ref is None:
        raise NothingThere
    return ref
