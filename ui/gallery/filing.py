"""Filing: what was uploaded gets a permanode, or is found to have one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from ...blobstore.handlers.budget import Lease
from ...blobstore.handlers.service import BlobService
from ...blobstore.hub import Hub
from ...blobstore.ref import Blob, Ref
from ...index.keys import SIZE, number_text
from ...index.search.desk import Desk
from ...index.search.reader import IndexReader
from ...schema.claims import AddAttribute, SetAttribute, Statement
from ...schema.filewriter import write_file_blob
from ...schema.timestamps import Timestamp
from ..searches import Searches
from .keyedturns import KeyedTurns
from .scribe import Scribe
from .statements import MEMBER, held_against
from .upload import Arrived, Filed, Upload

CONTENT = "camliContent"


@dataclass(frozen=True, slots=True)
class Asked:
    """A file of which somebody wants to know whether it is here, before it is sent."""

    size: int
    whole: Ref | None
    """The ref of its contents as one blob, by `WHOLE_HASH`, if that is known already."""
    set: Ref | None
    """The permanode it is to be a member of, if it is here."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file was found, or is to go."""

    filed: Filed
    blobs: tuple[Blob, ...] = ()
    """What may be in the store already, and is to be there first."""
    new: tuple[Blob, ...] = ()
    """What is like nothing else."""


class Filing:
    """Files what has arrived. For one event loop."""

    def __init__(
        self, scribe: Scribe, blobs: BlobService, searches: Searches, *, hash_name: str
    ) -> None:
        self._scribe = scribe
        self._blobs = blobs
        self._searches = searches
        self.hash_name = hash_name
        # By contents: of two that are the same, the second has to find the first.
        self._turns = KeyedTurns[Ref]()

    async def file(self, upload: Upload, lease: Lease) -> Filed:
        """See that an upload, which is all here, has a permanode, and is in its set; as `file_all`.

        It may be tried again when it has raised.
        """
        contents = await self._blobs.write(upload.finish, self._blobs.hub)
        (filed,) = await self.file_all([Arrived(upload.declared, contents)], lease)
        return filed

    async def file_all(self, arrived: Sequence[Arrived], lease: Lease) -> list[Filed]:
        """See that each of these files has a permanode, and is in its set.

        A permanode whose content has the same bytes is taken for a file's, unless it is deleted:
        then the file's own name and time are let go. All is durable when this returns. If it
        raises, nothing is claimed of any.
        """
        async with self._turns.of(one.contents.whole for one in arrived):
            places = await self._placed(arrived, lease)
            blobs = [blob for place in places for blob in place.blobs]
            if blobs:
                await self._blobs.write(_receive, self._blobs.hub, blobs)
            await self._blobs.write(self._blobs.hub.sync)
            filed = [place.filed for place in places]
            new = [blob for place in places for blob in place.new]
            sets = [one.declared.set for one in arrived]
            await self._claim(new, zip(filed, sets, strict=True), lease)
        return filed

    async def known(self, asked: Sequence[Asked], lease: Lease) -> list[Filed | bool]:
        """Which of these files are here already; those that are become members of their sets.

        Of the others, whether some file has that size, where `whole` is not told: then it is
        worth telling.
        """
        async with self._turns.of(one.whole for one in asked if one.whole is not None):
            found = await self._searches.answer(partial(_known, asked))
            members = (
                (one, about.set)
                for one, about in zip(found, asked, strict=True)
                if isinstance(one, Filed)
            )
            await self._claim([], members, lease)
        return found

    async def _placed(self, arrived: Sequence[Arrived], lease: Lease) -> list[_Place]:
        """Where each is, or is to go; of several that are the same only the first is new."""
        made = [self._with_file(one) for one in arrived]
        found = await self._searches.answer(partial(_found, made))
        first: dict[Ref, int] = {}
        for at, (one, _) in enumerate(made):
            if found[at] is None:
                first.setdefault(one.contents.whole, at)
        missing = [made[at] for at in first.values()]
        fresh = dict(zip(first, await self._new(missing, lease), strict=True))
        places = []
        for at, (one, _) in enumerate(made):
            known = found[at]
            if known is not None:
                places.append(_Place(known))
            elif first[one.contents.whole] == at:
                places.append(fresh[one.contents.whole])
            else:
                filed = fresh[one.contents.whole].filed
                places.append(_Place(replace(filed, is_known=True)))
        return places

    async def _new(self, missing: Sequence[_Made], lease: Lease) -> list[_Place]:
        """What is to be made of files that are nowhere, unless a device has it planned already."""
        if not missing:
            return []
        drafts = [self._scribe.file_permanode(one.contents.own) for one, _ in missing]
        planned = await self._scribe.sign(drafts, lease)
        taken = await self._searches.answer(partial(_taken, missing, [p.ref for p in planned]))
        others = [self._scribe.permanode() for one in taken if one is True]
        random = iter(await self._scribe.sign(others, lease))
        places = []
        for (one, blobs), permanode, state in zip(missing, planned, taken, strict=True):
            if isinstance(state, Filed):
                places.append(_Place(state))
                continue
            kept = next(random) if state else permanode
            filed = Filed(kept.ref, blobs[-1].ref, one.contents.whole, is_known=False)
            if state:  # that one is deleted, or something else by now
                places.append(_Place(filed, blobs, (kept,)))
            else:
                places.append(_Place(filed, (*blobs, kept)))
        return places

    async def _claim(
        self, new: list[Blob], members: Iterable[tuple[Filed, Ref | None]], lease: Lease
    ) -> None:
        """Say of what is not known what is its content; and that it is in a set, if it is not."""
        says: list[Statement] = []
        adds: list[AddAttribute] = []
        changed: dict[Ref, Timestamp] = {}
        for filed, parent in members:
            if not filed.is_known:
                says.append(SetAttribute(filed.permanode, CONTENT, filed.content))
            if parent is not None:
                adds.append(AddAttribute(parent, MEMBER, filed.permanode))
        if adds:
            saying = await self._searches.answer(partial(held_against, adds))
            says += saying.says
            changed = saying.changed
        if says:
            drafts = await self._scribe.claims(says, changed=changed)
            await self._scribe.store([*new, *await self._scribe.sign(drafts, lease)], lease)

    def _with_file(self, one: Arrived) -> _Made:
        blobs = list(one.blobs)
        write_file_blob(
            one.declared.facts, one.contents.parts, blobs.append, hash_name=self.hash_name
        )
        return one, tuple(blobs)


_Made = tuple[Arrived, tuple[Blob, ...]]
"""A file, and its blobs that may have to be stored: the `file` blob is the last."""


def _receive(hub: Hub, blobs: list[Blob]) -> None:
    hub.receive(blobs, durable=False)


def _found(made: Sequence[_Made], desk: Desk) -> list[Filed | None]:
    """Where the contents of each are already."""
    return [_holding(one.contents.whole, desk.reader, first=blobs[-1].ref) for one, blobs in made]


def _known(asked: Sequence[Asked], desk: Desk) -> list[Filed | bool]:
    found: list[Filed | bool] = []
    for one in asked:
        if one.whole is None:
            rows = desk.reader.scan(*SIZE.below("file", number_text(one.size)))
            found.append(next(rows, None) is not None)
        else:
            found.append(_holding(one.whole, desk.reader) or False)
    return found


def _holding(whole: Ref, reader: IndexReader, *, first: Ref | None = None) -> Filed | None:
    """The permanode whose content is a file of these bytes; `first` is looked for before others."""
    for file in chain(() if first is None else (first,), reader.files(whole)):
        for permanode in _holders(file, reader):
            return Filed(permanode, file, whole, is_known=True)
    return None


def _taken(made: Sequence[_Made], planned: Sequence[Ref], desk: Desk) -> list[Filed | bool]:
    """For each planned permanode: where it leads already, or whether it is of no use."""
    return [
        _state(one.contents.whole, permanode, desk.reader)
        for (one, _), permanode in zip(made, planned, strict=True)
    ]


def _state(whole: Ref, planned: Ref, reader: IndexReader) -> Filed | bool:
    node = reader.node(planned)
    if node is None:
        return False
    if node.is_deleted:
        return True
    if node.content is None:
        return False
    # The index may not have read it yet, but who made the permanode has.
    facts = reader.file(node.content)
    if facts is None or facts.whole == whole:
        return Filed(planned, node.content, whole, is_known=True)
    return True


def _holders(file: Ref, reader: IndexReader) -> Iterator[Ref]:
    """The permanodes that are not deleted and have a file as their content."""
    for ref in reader.having(CONTENT, file):
        node = reader.node(ref)
        if node is not None and not node.is_deleted and node.content == file:
            yield ref
