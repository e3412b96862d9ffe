"""Keeping: what is reckoned once for each state of the index, and used until the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from .reader import CHECK_ROWS, IndexReader

T = TypeVar("T")

_WAIT_SECONDS = 0.05


class Latest(Generic[T]):
    """One value, of the latest state of the index for which it was asked. Safe for many threads."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._held: tuple[str, T] | None = None

    def of(self, stamp: str, reader: IndexReader, make: Callable[[], T]) -> T:
        """The value of a state; it is made unless it is there.

        `stamp` is the state of the index before any of it was read. Whoever asks while it is made
        waits for that. Raises what `make` does, and what ends the question of `reader`.
        """
        with taking_turns(self._turn, reader):
            if self._held is None or self._held[0] != stamp:
                self._held = None  # two would take twice the room
                self._held = stamp, make()
            return self._held[1]


@contextmanager
def taking_turns(turn: threading.Lock, reader: IndexReader) -> Iterator[None]:
    """Hold a lock, for which one waits only as long as somebody waits for the answer."""
    while not turn.acquire(timeout=_WAIT_SECONDS):
        for _ in range(CHECK_ROWS):
            reader.count()
    try:
        yield
    finally:
        turn.release()
