"""The scribe: whoever puts what pages want said into signed blobs, and into the store, all at once.

Pages ask for changes of thousands of things, and a person takes all of that for one act.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

from ...blobstore.handlers.budget import Lease
from ...blobstore.handlers.service import BlobService
from ...blobstore.hub import Hub
from ...blobstore.ref import Blob, Ref
from ...schema.blob import MAX_SCHEMA_SIZE
from ...schema.claimclock import ClaimClock
from ...schema.claims import Delete, Share, Statement, claim_text
from ...schema.errors import SchemaTooLarge
from ...schema.permanodes import (
    FILE_DATE,
    RANDOM_SIZE,
    file_permanode_text,
    random_permanode_text,
)
from ...schema.signing import signing_second
from ...schema.timestamps import END_NS, Timestamp
from ..ownkey import OwnKey

SIGNATURE_ROOM = 8192
"""Bytes of a signed blob that its text leaves to the signature: more than any key's takes."""

MOST_AHEAD = END_NS - (1 << 40)
"""Claims that are dated later than that nobody can put others after."""

_NUMBERS = 1 << 16

_log = logging.getLogger(__name__)


class Draft(NamedTuple):
    """A blob before it is signed, and the moment of which it is."""

    text: bytes
    date: Timestamp


class Scribe:
    """Drafts, signs and stores what is said in the owner's name. For one event loop."""

    def __init__(
        self,
        key: OwnKey,
        blobs: BlobService,
        *,
        hash_name: str,
        clock_ns: Callable[[], int] = time.time_ns,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._key = key
        self._blobs = blobs
        self._hash_name = hash_name
        self._clock = ClaimClock(clock_ns)
        self._numbers = count()
        self._random = random

    async def claims(
        self, says: Sequence[Statement], *, changed: Mapping[Ref, Timestamp] | None = None
    ) -> list[Draft]:
        """The claims that say all this, in this order, from now on.

        Each is dated later than the one before. What was `changed` in the future, by a device whose
        clock was wrong, is changed behind that: what a person does now is to be seen. Raises
        `BadClaim` and `SchemaTooLarge`, and then there are none.
        """
        dates = self._dates(says, changed or {})
        return await self._blobs.read(_claim_drafts, self._key.ref, says, dates)

    async def say(
        self,
        says: Sequence[Statement],
        lease: Lease,
        *,
        changed: Mapping[Ref, Timestamp] | None = None,
    ) -> list[Ref]:
        """Make the claims that say all this, in this order; their refs. `changed` is as for
        `claims`.

        Raises as `claims`, `sign` and `store` do, and then none is made.
        """
        claims = await self.sign(await self.claims(says, changed=changed), lease)
        if claims:
            await self.store(claims, lease)
        return [claim.ref for claim in claims]

    async def new(
        self, says: Callable[[Ref], Iterable[Statement]], lease: Lease
    ) -> tuple[Ref, list[Ref]]:
        """Make a new permanode and what `says` gives to be said of it; its ref, and the claims'.

        Raises as `claims`, `sign` and `store` do, and then there is none of it.
        """
        (permanode,) = await self.sign([self.permanode()], lease)
        claims = await self.sign(await self.claims(tuple(says(permanode.ref))), lease)
        await self.store((permanode, *claims), lease)
        return permanode.ref, [claim.ref for claim in claims]

    def permanode(self) -> Draft:
        """A new permanode, unlike any other."""
        date, random = self._clock.now(), self._random(RANDOM_SIZE)
        return Draft(random_permanode_text(self._key.ref, date, random=random), date)

    def file_permanode(self, whole: Ref) -> Draft:
        """The permanode of all files with these contents, as `holdfast put --filenodes` has it."""
        return Draft(file_permanode_text(self._key.ref, whole), FILE_DATE)

    async def sign(self, drafts: Sequence[Draft], lease: Lease) -> list[Blob]:
        """The blobs of drafts, counted in `lease`. Raises what the signer raises."""
        room = sum(len(draft.text) for draft in drafts) + SIGNATURE_ROOM // 8 * len(drafts)
        with lease.ours():
            await lease.grow(room, came=False)
            texts = [(draft.text, signing_second(draft.date.ns)) for draft in drafts]
            signed = await self._key.sign_all(texts)
            return await self._blobs.read(_named, signed, self._hash_name)

    async def store(self, blobs: Sequence[Blob], lease: Lease) -> None:
        """Have blobs in the store, and known to the index, when this returns.

        They must be new: signed for this and nothing else. If it raises none of them is there;
        what may go wrong even with that is in the log.
        """
        with lease.ours():
            await self._key.publish(self._key.ref)
            await self._blobs.write(receive_all, self._blobs.hub, blobs)

    def _dates(
        self, says: Sequence[Statement], changed: Mapping[Ref, Timestamp]
    ) -> list[Timestamp]:
        dates = []
        last = {ref: date.ns for ref, date in changed.items()}
        for statement in says:
            date = self._clock.now()
            about = None if isinstance(statement, Delete | Share) else statement.permanode
            if about is not None:
                before = last.get(about, 0)
                if date.ns <= before < MOST_AHEAD:
                    # Not just the next moment: two requests at a time would make one claim.
                    date = Timestamp(before + 1 + next(self._numbers) % _NUMBERS)
                last[about] = date.ns
            dates.append(date)
        return dates


def receive_all(hub: Hub, blobs: Sequence[Blob]) -> None:
    """Take in new blobs, all of them or none. Raises as `Hub.receive` does."""
    try:
        for receipt in hub.receive(blobs):
            if receipt.error is not None:
                raise receipt.error
    except Exception:  # whatever it was, who asked is told that nothing was done
        _take_back(hub, blobs)
        raise


def _take_back(hub: Hub, blobs: Sequence[Blob]) -> None:
    """Remove what there is of blobs that could not be stored together.

    A storage on a full disk may have some of them, and has all where the index had no room.
    """
    try:
        hub.remove([blob.ref for blob in blobs])
    except Exception as error:  # what raised before is the one to tell
        _log.error(
            "%d signed blobs that were refused may count all the same: %s", len(blobs), error
        )


def _claim_drafts(key: Ref, says: Sequence[Statement], dates: Sequence[Timestamp]) -> list[Draft]:
    drafts = []
    for statement, date in zip(says, dates, strict=True):
        text = claim_text(key, date, statement)
        if len(text) > MAX_SCHEMA_SIZE - SIGNATURE_ROOM:
            raise SchemaTooLarge("claim", len(text), MAX_SCHEMA_SIZE - SIGNATURE_ROOM)
        drafts.append(Draft(text, date))
    return drafts


def _named(signed: Sequence[bytes], hash_name: str) -> list[Blob]:
    return [Blob(Ref.of(data, hash_name=hash_name), data) for data in signed]
