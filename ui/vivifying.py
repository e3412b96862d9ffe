"""Vivifying: a permanode for a file that was uploaded, made in the owner's name by the server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ..blobstore.errors import Blame, HoldfastError
from ..blobstore.handlers.service import BlobService
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import fetch_one
from ..schema.blob import SchemaBlob, parse_schema
from ..schema.claims import SetAttribute, claim_text
from ..schema.errors import BadTree, ChunkUnreadable, WrongKind
from ..schema.filereader import FileReader
from ..schema.permanodes import file_permanode_text
from ..schema.signing import signing_second
from ..schema.timestamps import Timestamp
from .ownkey import OwnKey

MAX_SIZE = 64 << 30
"""Bytes of the largest file that is vivified: a few hundred bytes may claim to be a file of
exabytes, and all of it has to be hashed."""

_STEP = 1 << 20


class NotVivified(HoldfastError):
    """A file that cannot have a permanode yet."""

    blame = Blame.CALLER

    def __init__(self, file: Ref, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(why)


class Vivifier:
    """Makes, for the `file` blob it is called with, what a client with a key would.

    That is the planned permanode of the file's contents, dated as the file was last modified,
    and the claim of the same date that the contents are this file. With a key whose signatures
    are repeatable the same file gives the same blobs.
    """

    def __init__(self, blobs: BlobService, key: OwnKey, *, hash_name: str) -> None:
        self._blobs = blobs
        self._key = key
        self._hash_name = hash_name

    async def __call__(self, ref: Ref) -> Ref:
        """The permanode of a file, which is stored. Raises `HoldfastError` if there is none."""
        file = await self._blobs.read(self._file, ref)
        if file.mtime_ns is None:
            raise NotVivified(ref, "it has no unixMtime")
        date = Timestamp(file.mtime_ns)
        whole = await self._whole_ref(file)
        permanode = await self._signed(file_permanode_text(self._key.ref, whole, date=date), date)
        says = SetAttribute(permanode.ref, "camliContent", ref)
        claim = await self._signed(claim_text(self._key.ref, date, says), date)
        key = Blob(self._key.ref, self._key.public.blob)
        await self._blobs.write(self._blobs.hub.receive, (key, permanode, claim))
        return permanode.ref

    def _file(self, ref: Ref) -> SchemaBlob:
        file = parse_schema(ref, fetch_one(self._blobs.hub.storage, ref))
        if file.kind != "file":
            raise WrongKind(ref, file.kind, wanted="file")
        if file.size > MAX_SIZE:
            raise NotVivified(ref, f"it has {file.size} bytes; at most {MAX_SIZE} are read")
        return file

    async def _whole_ref(self, file: SchemaBlob) -> Ref:
        """The ref of all the contents as one blob, by the hash function that Perkeep uses."""
        digest = hashlib.sha224()
        try:
            reader = await self._blobs.read(FileReader, self._blobs.hub.storage, file)
            # In steps, between which others have their turn at the threads.
            while await self._blobs.read_much(_hash_step, reader, digest.update):
                pass
        except ChunkUnreadable as error:
            why = f"chunk {error.chunk}, at byte {error.offset}, is missing or damaged; send it"
            raise NotVivified(file.ref, why) from error
        except BadTree as error:
            raise NotVivified(file.ref, error.why) from error
        return Ref.parse(f"sha224-{digest.hexdigest()}")

    async def _signed(self, text: bytes, date: Timestamp) -> Blob:
        data = await self._key.sign(text, time=signing_second(date.ns))
        return Blob(Ref.of(data, hash_name=self._hash_name), data)


def _hash_step(reader: FileReader, update: Callable[[bytes], None]) -> bool:
    """Hash some more of a file; whether there was more."""
    data = reader.read(_STEP)
    update(data)
    return bool(data)
