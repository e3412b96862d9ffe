"""What is behind a share link, restored as if it were in a store, or saved as it is given."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import Ref
from ...schema.blob import SchemaBlob, parse_schema
from ...schema.claims import Share
from ...schema.directories import read_members
from ...ui.filenames import safe_name
from ..client.sharelink import SharedBlobs, ShareLink
from ..client.store import Fetching
from .files import Exists
from .getting import RESTORABLE


@dataclass(frozen=True, slots=True)
class Found:
    """What a share link leads to."""

    schemas: tuple[SchemaBlob, ...] = ()
    """What can be restored blob by blob, each verified."""
    is_list: bool = False
    """Whether these are the members of a list, and not the one thing that was asked for."""


def find(shared: SharedBlobs, share: Share, link: ShareLink) -> Found:
    """What can be restored of a share; nothing of sets, searches, and where downloads count.

    Raises what fetching does.
    """
    ref = link.way[-1] if link.way else share.target
    if ref is None or share.most_downloads is not None or not share.is_transitive:
        return Found()
    schema = _fetched(shared, ref)
    if schema.kind in RESTORABLE:
        return Found((schema,))
    if schema.kind != "static-set":
        return Found()
    members = read_members(Fetching(shared), ref)
    found = (_fetched(shared, member) for member in members)
    return Found(tuple(one for one in found if one.kind in RESTORABLE), is_list=True)


class Download:
    """Something that a share gives as one: a file, or a zip of all that is in it."""

    def __init__(self, shared: SharedBlobs, share: Share) -> None:
        """Raises as `SharedBlobs.thing`."""
        self._shared = shared
        thing = {} if share.target is None else shared.thing(share.target)
        kind, content = thing.get("kind"), thing.get("content")
        name = safe_name(str(thing.get("name") or thing.get("title") or "")) or "shared"
        is_file = kind not in ("folder", "set") and isinstance(content, str)
        self._file = Ref.parse(content) if is_file and isinstance(content, str) else None
        self.name = (name if is_file else f"{name}.zip").encode()

    def save(
        self, path: bytes, *, overwrite: bool, advance: Callable[[int], None] = lambda _: None
    ) -> int:
        """Save it; how many bytes it has. What is there stays unless `overwrite`: raises `Exists`.

        Raises as `SharedBlobs.contents`, and `OSError`.
        """
        if os.path.lexists(path) and not overwrite:
            raise Exists(path)
        opened = self._shared.zipped() if self._file is None else self._shared.contents(self._file)
        with opened as pieces:
            return _save(path, _told(pieces, advance))


def _fetched(shared: SharedBlobs, ref: Ref) -> SchemaBlob:
    (found,) = shared.fetch((ref,))
    if isinstance(found, HoldfastError):
        raise found
    return parse_schema(ref, found.data)


def _save(path: bytes, pieces: Iterable[bytes]) -> int:
    """Write a file beside, and give it its name when it is whole."""
    folder, _ = os.path.split(path)
    beside = os.path.join(folder, f".holdfast-{secrets.token_hex(8)}.part".encode())  # noqa: PTH118
    size = 0
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                size += file.write(piece)
        os.replace(beside, path)  # noqa: PTH105 - bytes
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)  # noqa: PTH108 - bytes
        raise
    return size


def _told(pieces: Iterable[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        advance(len(piece))
