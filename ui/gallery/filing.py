"""Filing: what was uploaded gets a permanode, or is found to have one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from itertools import chain

from ...blobstore.handlers.budget import Lease
from ...blobstore.handlers.service import BlobService
from ...blobstore.hub import Hub
from ...blobstore.ref import Blob, Ref
from ...index.search.desk import Desk
from ...schema.claims import AddAttribute, SetAttribute, Statement
from ...schema.filewriter import write_file_blob
from ...schema.timestamps import Timestamp
from ..searches import Searches
from .scribe import Scribe
from .statements import MEMBER, held_against
from .upload import Contents, Declared, Filed, Upload

CONTENT = "camliContent"


class Filing:
    """Files what has arrived. For one event loop."""

    def __init__(
        self, scribe: Scribe, blobs: BlobService, searches: Searches, *, hash_name: str
    ) -> None:
        self._scribe = scribe
        self._blobs = blobs
        self._searches = searches
        self._hash_name = hash_name
        # One at a time: of two that are the same, the second has to find the first.
        self._turns = asyncio.Lock()

    async def file(self, upload: Upload, lease: Lease) -> Filed:
        """See that an upload, which is all here, has a permanode, and is in its set.

        A permanode whose content has the same bytes is taken for it, unless it is deleted: then
        the file's own name and time are let go. All is durable when this returns; it may be tried
        again when it has raised.
        """
        hub = self._blobs.hub
        contents = await self._blobs.write(upload.finish, hub)
        file, blobs = self._file_blobs(upload.declared, contents)
        async with self._turns:
            planned = self._scribe.file_permanode(contents.own)
            (permanode,) = await self._scribe.sign([planned], lease)
            filed = await self._searches.answer(partial(_found, contents, file, permanode.ref))
            new: list[Blob] = []
            if isinstance(filed, bool):
                if filed:  # that one is deleted, or something else by now
                    (permanode,) = await self._scribe.sign([self._scribe.permanode()], lease)
                    new.append(permanode)
                else:
                    blobs.append(permanode)
                await self._blobs.write(_receive, hub, blobs)
                filed = Filed(permanode.ref, file, is_known=False)
            await self._blobs.write(hub.sync)
            await self._claim(new, upload.declared.set, filed, lease)
        return filed

    async def _claim(self, new: list[Blob], parent: Ref | None, filed: Filed, lease: Lease) -> None:
        """Say of what is not known what is its content; and that it is in a set, if it is not."""
        says: list[Statement] = []
        changed: dict[Ref, Timestamp] = {}
        if not filed.is_known:
            says.append(SetAttribute(filed.permanode, CONTENT, filed.content))
        if parent is not None:
            member = AddAttribute(parent, MEMBER, filed.permanode)
            saying = await self._searches.answer(partial(held_against, [member]))
            says += saying.says
            changed = saying.changed
        if says:
            drafts = await self._scribe.claims(says, changed=changed)
            await self._scribe.store([*new, *await self._scribe.sign(drafts, lease)], lease)

    def _file_blobs(self, declared: Declared, contents: Contents) -> tuple[Ref, list[Blob]]:
        blobs: list[Blob] = []
        ref = write_file_blob(
            declared.facts, contents.parts, blobs.append, hash_name=self._hash_name
        )
        return ref, blobs


def _receive(hub: Hub, blobs: list[Blob]) -> None:
    hub.receive(blobs, durable=False)


def _found(contents: Contents, file: Ref, planned: Ref, desk: Desk) -> Filed | bool:
    """Where these contents are already. If nowhere, whether the planned permanode is taken."""
    reader = desk.reader
    for candidate in chain((file,), reader.files(contents.whole)):
        for permanode in _holders(candidate, desk):
            return Filed(permanode, candidate, is_known=True)
    node = reader.node(planned)
    if node is None:
        return False
    if node.is_deleted:
        return True
    if node.content is None:
        return False
    # The index may not have read it yet, but who made the permanode has.
    facts = reader.file(node.content)
    if facts is None or facts.whole == contents.whole:
        return Filed(planned, node.content, is_known=True)
    return True


def _holders(file: Ref, desk: Desk) -> Iterator[Ref]:
    """The permanodes that are not deleted and have a file as their content."""
    for ref in desk.reader.having(CONTENT, file):
        node = desk.reader.node(ref)
        if node is not None and not node.is_deleted and node.content == file:
            yield ref
