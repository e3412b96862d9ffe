"""Saving searches, as `holdfast search --save` does."""

from __future__ import annotations

from functools import partial

from falcon.asgi import Request, Response

from ...blobstore.handlers.auth import peer_of
from ...blobstore.handlers.service import BlobService
from ...blobstore.ref import Blob, Ref
from ...index.query.expression import parse_saved
from ...index.query.reading import MAX_QUERY_SIZE
from ...index.search.desk import Desk
from ...index.search.saved import ATTRIBUTE, find_saved
from ...schema.claims import SetAttribute
from ..searches import Searches
from .acts import no_key
from .api import Refused, answer_document, read_document
from .filing import CONTENT
from .keyedturns import KeyedTurns
from .scribe import Scribe
from .statements import read_text

MOST_NAME = 200
"""Characters of a name."""


class SavedSearches:
    """Answers the call that saves one."""

    def __init__(
        self, scribe: Scribe | None, blobs: BlobService, searches: Searches, *, hash_name: str
    ) -> None:
        self._scribe = scribe
        self._blobs = blobs
        self._searches = searches
        self._hash_name = hash_name
        self._turns = KeyedTurns[str]()

    async def save(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `POST saved`.

        A name that is taken is refused with 409, unless the body says `"replace": true`.
        """
        scribe = self._scribe
        if scribe is None:
            raise no_key()
        document = await read_document(req, self._blobs, most=2 * MAX_QUERY_SIZE)
        name = read_text(document.get("name"), "name").strip()
        text = read_text(document.get("expression"), "expression").strip()
        _demand_sense(name, text)
        blob = Blob(Ref.of(text.encode(), hash_name=self._hash_name), text.encode())
        # Or two pages would both find the name free.
        async with self._turns.of((name,)):
            permanode, claims = await self._save(
                req, scribe, name, blob, replace=document.get("replace") is True
            )
        answer_document(resp, {"ref": permanode, "claims": claims})

    async def _save(
        self, req: Request, scribe: Scribe, name: str, blob: Blob, *, replace: bool
    ) -> tuple[Ref, list[Ref]]:
        found = await self._searches.answer(partial(_named, name))
        if found is not None and not replace:
            raise Refused(
                f"a search is saved as {name} already",
                status=409,
                remedy="choose another name, or replace it",
                more={"ref": found[0]},
            )
        with self._blobs.memory.lease(peer_of(req.scope).abort) as lease:
            # Before the claims, so that nobody finds a search whose text is not there.
            await self._blobs.write(self._blobs.hub.receive_one, *blob)
            if found is None:
                permanode, claims = await scribe.new(
                    lambda ref: (
                        SetAttribute(ref, ATTRIBUTE, name),
                        SetAttribute(ref, "title", f"named:{name}"),
                        SetAttribute(ref, CONTENT, blob.ref),
                        # Who looks for words looks for pictures and texts, not for searches.
                        SetAttribute(ref, "camliDefVis", "hide"),
                    ),
                    lease,
                )
            else:
                permanode, before = found
                is_news = before != blob.ref
                says = [SetAttribute(permanode, CONTENT, blob.ref)] if is_news else []
                claims = await scribe.say(says, lease)
        return permanode, claims


def _demand_sense(name: str, text: str) -> None:
    """Raises `Refused`, or `BadQuery` with where in the text the mistake is."""
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise Refused(f"a name has 1 to {MOST_NAME} characters that can be seen")
    if not text:
        raise Refused("there is nothing to search for")
    parse_saved(text)


def _named(name: str, desk: Desk) -> tuple[Ref, Ref | None] | None:
    """The permanode of the saved search of that name, and its content."""
    node = find_saved(desk.reader, name)
    return None if node is None else (node.permanode, node.content)
