"""Which state of the index answers are of: a text that is another one after every change."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TypeAlias

from ...blobstore.ref import Ref

Watching: TypeAlias = Callable[[Callable[[Iterable[Ref]], None]], AbstractContextManager[None]]
"""`Index.watching`."""


class Stamp:
    """Counts the changes of one index, for as long as the process lives. For any thread.

    Whoever keeps an answer asks for the text before the index is read, and may give that answer
    again as long as the text is the same.
    """

    def __init__(self, watching: Watching) -> None:
        self._lock = threading.Lock()
        self._epoch = secrets.token_hex(4)  # those of the process before mean nothing now
        self._changes = 0
        self._listeners: list[Callable[[Iterable[Ref]], None]] = []
        self._watch = watching(self._note)
        self._watch.__enter__()  # it is left with the process

    @property
    def text(self) -> str:
        """The state of the index now, or a moment ago."""
        return f"{self._epoch}-{self._changes}"

    def tell(self, listener: Callable[[Iterable[Ref]], None]) -> None:
        """From now on tell a listener what changes (`Index.watching`), before the text does."""
        self._listeners.append(listener)

    def _note(self, changed: Iterable[Ref]) -> None:
        for listener in self._listeners:
            listener(changed)
        with self._lock:
            self._changes += 1
