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

_LONGEST_RUN = 1000
"""Characters without a gap that are kept together where texts are cut."""

# Vowels that are written as signs on letters; `\w` does not know them. From Thaana to Vedic,
# Syloti Nagri to Meetei Mayek, Kharoshthi, and Brahmi to Kawi.
_SIGNS = "".join(
    letter
    for start, end in ((0x780, 0x1D00), (0xA800, 0xAC00), (0x10A00, 0x10A60), (0x11000, 0x12000))
    for letter in map(chr, range(start, end))
    if unicodedata.category(letter) in ("Mc", "Mn") and not unicodedata.combining(letter)
)
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_WORD = re.compile(rf"[\w{_SIGNS}]+")
# Scripts that put no space between words: Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_GAP = re.compile("[\\s!-/:-@\\[-^`{-~\u3000-\u3003\uff01\uff0c\uff0e\uff1f]")
# What is within words to say how they are to be set: soft hyphens, joiners, marks of byte order.
_UNSEEN = dict.fromkeys((0xAD, 0x200C, 0x200D, 0x2060, 0xFEFF))


def words_of(text: str) -> Iterator[str]:
    """The words of a text, in order: without case, accents, and what is between them.

    Where a script has no spaces, every letter and every two neighbours are words.
    """
    bare = plain(text)
    if bare.isascii():
        yield from _ASCII_WORD.findall(bare)
        return
    for found in _WORD.finditer(bare.replace("_", " ")):
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
    """A text as its words are compared: without case, accents, and what is not seen.

    What is said of two texts one after the other is what is said of each, one after the other.
    """
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.translate(_UNSEEN).casefold())
    kept = "".join(letter for letter in apart if not unicodedata.combining(letter))
    # Taking letters apart can bring new capitals forth.
    return kept.casefold()


def is_letter(character: str) -> bool:
    """Whether a character of a plain text belongs to a word."""
    return character != "_" and _WORD.fullmatch(character) is not None


def distinct_words(texts: Iterable[str]) -> list[str]:
    """The different words of some texts, sorted: at most `MOST_WORDS`, the first that come.

    The empty word is with them if there are more, or words longer than `MOST_LETTERS`, which are
    left out.
    """
    found: dict[str, None] = {}
    for text in texts:
        for word in words_of(text):
            if len(word) > MOST_LETTERS:
                found[""] = None
            elif word not in found:
                if len(found) - ("" in found) >= MOST_WORDS:
                    return sorted({"", *found})
                found[word] = None
    return sorted(found)


def uncut(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in other pieces, that end between words; runs of letters may be too long."""
    kept = ""
    for piece in pieces:
        text = kept + piece
        last = _GAP.search(text[-_LONGEST_RUN:][::-1])
        unbroken = last.start() if last else len(text)
        end = len(text) - (unbroken if unbroken < _LONGEST_RUN else 0)
        yield text[:end]
        kept = text[end:]
    yield kept
