"""Which words there are: rows that find a word by letters in it, kept up with the words posted."""

from __future__ import annotations

from collections.abc import Iterable

from .batch import Batch
from .keys import GRAM, WORD

LETTERS = 3
"""Letters of the parts by which words are found."""


def grams_of(word: str) -> list[str]:
    """What a word is found by: all three letters in a row, or all of it if it has fewer."""
    if len(word) <= LETTERS:
        return [word] if word else []
    return [word[at : at + LETTERS] for at in range(len(word) - LETTERS + 1)]


class Vocabulary:
    """Keeps `gram` rows in a batch: a word has its own as long as any node has it posted."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._known: set[str] = set()
        self._lost: set[str] = set()

    def gained(self, words: Iterable[str]) -> None:
        """Some words are posted, in this batch, for one more node."""
        for word in words:
            if word and word not in self._known:
                self._known.add(word)
                # All rows of a word come and go together, so one tells of all.
                if self._batch.get(GRAM.key_of(word[:LETTERS], word)) is None:
                    self._batch.put_keys(_keys(word))

    def lost(self, words: Iterable[str]) -> None:
        """Some words are no longer posted for a node."""
        self._lost.update(words)

    def settle(self) -> None:
        """Forget the words that no node has any longer. To be called last."""
        gone = [
            word
            for word in self._lost
            if not any(True for _ in self._batch.scan(*WORD.below(word)))
        ]
        for word in gone:
            self._batch.delete(_keys(word))
        self._known.difference_update(gone)
        self._lost.clear()


def _keys(word: str) -> list[bytes]:
    return [GRAM.key_of(gram, word) for gram in grams_of(word)]
