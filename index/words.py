"""Words: what texts are found by, the same for what is stored and for what is asked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

MOST_LETTERS = 40
"""Letters of a word that is posted; longer ones are seldom words."""

MOST_WORDS = 20_000
"""Different words that are kept of one file."""

_WORD = re.compile(r"[^\W_]+")
# Scripts that put no space between words: Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def words_of(text: str) -> Iterator[str]:
    """The words of a text, in order: without case, accents, and what is between them.

    Where a script has no spaces, every letter and every two neighbours are words.
    """
    for found in _WORD.finditer(plain(text)):
        word = found[0]
        if word.isascii() or not _UNSPACED.search(word):
            yield word
            continue
        end = 0
        for run in _UNSPACED.finditer(word):
            if end < run.start():
                yield word[end : run.start()]
            letters = run[0]
            yield from letters
            yield from map("".join, pairwise(letters))
            end = run.end()
        if end < len(word):
            yield word[end:]


def plain(text: str) -> str:
    """A text as its words are compared: without case and accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter for letter in apart if not unicodedata.combining(letter))
    # Taking letters apart can bring new capitals forth.
    return kept.casefold()


def distinct_words(texts: Iterable[str]) -> list[str]:
    """The different words of some texts that are short enough to be posted, sorted.

    At most `MOST_WORDS`, the first that come.
    """
    found: dict[str, None] = {}
    for text in texts:
        for word in words_of(text):
            if len(word) <= MOST_LETTERS:
                found[word] = None
                if len(found) >= MOST_WORDS:
                    return sorted(found)
    return sorted(found)
