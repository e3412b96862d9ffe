"""An upload: one file on its way from a browser, made into blobs as it comes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from ...blobstore.hub import Hub
from ...blobstore.ref import Blob, Ref
from ...schema.blob import Part
from ...schema.facts import FileFacts
from ...schema.filewriter import PartsWriter, write_parts

WHOLE_HASH = "sha224"
"""By which the index knows contents, whatever the store's own blobs are named with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is said of a file before it comes."""

    facts: FileFacts
    size: int
    set: Ref | None
    """The permanode it is to be a member of."""


@dataclass(frozen=True, slots=True)
class Contents:
    """All of a file's contents, in the store."""

    parts: list[Part]
    whole: Ref
    """What they would be called as one blob, by `WHOLE_HASH`."""
    own: Ref
    """The same by the store's hash function."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of an upload."""

    permanode: Ref
    content: Ref
    whole: Ref
    """The ref of the contents as one blob, by `WHOLE_HASH`."""
    is_known: bool
    """Whether the permanode was there before."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that is all here, and is to be filed."""

    declared: Declared
    contents: Contents
    blobs: tuple[Blob, ...] = ()
    """Those of its contents that nobody has stored yet."""


def arrived(declared: Declared, data: bytes, *, hash_name: str) -> Arrived:
    """A file that came in one piece."""
    blobs: list[Blob] = []
    parts = write_parts(data, blobs.append, hash_name=hash_name)
    whole = Ref.of(data, hash_name=WHOLE_HASH)
    own = whole if hash_name == WHOLE_HASH else Ref.of(data, hash_name=hash_name)
    return Arrived(declared, Contents(parts, whole, own), tuple(blobs))


class Upload:
    """Takes the bytes of a file in order. Its chunks are in the store as soon as they are whole.

    About 2 MiB are held between pieces, and 2 MiB more of what the store would not take. `take`,
    `settle` and `finish` are for one thread at a time, which `turn` is for.
    """

    def __init__(self, name: str, declared: Declared, *, hash_name: str) -> None:
        """`name` is what the upload goes by; nobody can guess it."""
        self.name = name
        self.declared = declared
        self.offset = 0
        """How many bytes have been taken."""
        self.done: Filed | None = None
        self.turn = asyncio.Lock()
        self.moved = 0.0
        """When something came last, by the clock of who keeps it."""
        self.cut: Callable[[], None] | None = None
        """Hangs up on whoever has the turn."""
        self._hash_name = hash_name
        self._unsent: list[Blob] = []
        self._writer: PartsWriter | None = PartsWriter(self._unsent.append, hash_name=hash_name)
        self._whole = hashlib.new(WHOLE_HASH)
        self._own = None if hash_name == WHOLE_HASH else hashlib.new(hash_name)
        self._contents: Contents | None = None

    @property
    def is_all_here(self) -> bool:
        return self.offset == self.declared.size

    def take(self, hub: Hub, data: bytes) -> None:
        """Take the next bytes. Raises what the store does, and then they are taken all the same if
        `offset` says so: what could not be stored is tried again before anything else.
        """
        assert self._writer is not None
        self._send(hub)
        self._whole.update(data)
        if self._own is not None:
            self._own.update(data)
        self._writer.feed(data)
        self.offset += len(data)
        self._send(hub)

    def settle(self, hub: Hub) -> None:
        """Make durable what has come, but for a chunk that is not whole yet."""
        self._send(hub)
        hub.sync()

    def finish(self, hub: Hub) -> Contents:
        """Store the rest, once all is here; any number of times, until it is `filed`."""
        assert self.is_all_here
        if self._contents is None:
            assert self._writer is not None
            whole = Ref(f"{WHOLE_HASH}-{self._whole.hexdigest()}")
            own = whole
            if self._own is not None:
                own = Ref(f"{self._hash_name}-{self._own.hexdigest()}")
            self._contents = Contents(self._writer.finish(), whole, own)
            self._writer = None
        self._send(hub)
        return self._contents

    def filed(self, done: Filed) -> None:
        """Be done, and let go of all but what became of it."""
        self.done = done
        self._contents = None

    def _send(self, hub: Hub) -> None:
        if self._unsent:
            hub.receive(self._unsent, durable=False)
            self._unsent.clear()
