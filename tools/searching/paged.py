"""Lists that servers give a part at a time, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..client.search import Document
from .documents import objects_in, text_in

PAGE = 1000
"""Entries that are asked for at once: the most that is given."""


class Paged:
    """The entries of a list, asked for as they are taken; to be taken once."""

    def __init__(
        self,
        ask: Callable[[int, str], Document],
        key: str,
        *,
        most: int | None = None,
        at_once: int = PAGE,
    ) -> None:
        """`ask` gives so many entries, under `key`, from behind a token on.

        They are `most` at most, asked for `at_once`.
        """
        self.has_more = False
        """Whether there are more than were asked for, once these are all taken."""
        self.given = 0
        """How many were taken."""
        self._ask = ask
        self._key = key
        self._most = most
        self._at_once = at_once

    def __iter__(self) -> Iterator[Document]:
        after = ""
        while True:
            # One more than wanted, to see whether there are more.
            left = None if self._most is None else self._most - self.given
            asked = self._at_once if left is None else min(self._at_once, left + 1)
            answer = self._ask(asked, after)
            page = list(objects_in(answer, self._key))
            for entry in page[:left]:
                self.given += 1
                yield entry
            self.has_more = left is not None and len(page) > left
            after = text_in(answer, "continue")
            if self.has_more or not after or not page:
                return
