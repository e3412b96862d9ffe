"""Thumbnails in memory: those used last, as many as there is room for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from ...blobstore.ref import Ref
from .thumbnail import Box, Thumbnail

_OVERHEAD = 500


class Key(NamedTuple):
    """Which thumbnail: of what, and within what."""

    ref: Ref
    box: Box


class Kept:
    """Thumbnails at hand. Safe for many threads."""

    def __init__(self, most: int) -> None:
        """`most` is in bytes. No thumbnail of more than a sixteenth of it is kept."""
        self._most = most
        self._held = 0
        self._lock = threading.Lock()
        self._found: OrderedDict[Key, Thumbnail] = OrderedDict()

    @property
    def held(self) -> int:
        """The bytes it holds now, about."""
        return self._held

    def get(self, key: Key) -> Thumbnail | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def put(self, key: Key, thumbnail: Thumbnail) -> None:
        size = _size(thumbnail)
        if size > self._most // 16:
            return
        with self._lock:
            self._remove(key)
            self._found[key] = thumbnail
            self._held += size
            while self._held > self._most:
                self._remove(next(iter(self._found)))

    def forget(self, refs: Iterable[Ref]) -> None:
        """Drop all thumbnails of what is named."""
        gone = set(refs)
        with self._lock:
            for key in [key for key in self._found if key.ref in gone]:
                self._remove(key)

    def _remove(self, key: Key) -> None:
        found = self._found.pop(key, None)
        if found is not None:
            self._held -= _size(found)


def _size(thumbnail: Thumbnail) -> int:
    return len(thumbnail.data) + _OVERHEAD
