"""Suggestions: how what is being typed into a search box may go on, by what there is.

They come with every key that is pressed, so nothing is searched: values are read off the lists of
what has them, each leaped over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from ...blobstore.ref import Ref
from ..keys import CONTENT, GRAM, HAS, LINK, TIME, RowKind, date_of
from ..nodes import VALUE_LENGTH
from ..query.predicates import FIXED, PREDICATES
from ..query.spelling import Typed, atom, can_be_said, typed_at
from ..vocabulary import LETTERS
from ..words import plain
from .moments import utc_text
from .reader import IndexReader
from .saved import ATTRIBUTE
from .tallies import spellings, tally, values_of

MOST = 12
"""Suggestions there are at most."""

_MOST_COUNTED = 50
"""Things that are counted for each."""

_MOST_VALUES = 36
"""Values of which those are suggested that most things have."""

_MOST_TITLED = 200
"""Things whose titles are looked at."""

_FEW = 4
"""Suggestions of one kind, while it is not known yet what is meant."""

_FORMATS = ("jpg", "png", "gif", "pdf")


class Suggestion(NamedTuple):
    """A way to go on."""

    text: str
    """The expression as it would be then."""
    cursor: int
    """Where in it one would go on, in characters."""
    label: str
    kind: str
    """`tag`, `attribute`, `predicate`, `title` or `saved`."""
    things: int | None = None
    """How many things have the value; None if it is no value."""
    is_least: bool = False
    """Whether they may be more."""


class _Ending(NamedTuple):
    """How the atom may end that is being typed."""

    atom: str
    label: str
    kind: str
    things: int | None = None
    is_least: bool = False


def suggestions(reader: IndexReader, expression: str, cursor: int) -> list[Suggestion]:
    """What may be meant by what is being typed at the cursor, the likeliest first."""
    typed = typed_at(expression, min(max(cursor, 0), len(expression)))
    found: dict[str, Suggestion] = {}
    for ending in _Suggester(reader).endings(typed):
        before = expression[: typed.start] + ending.atom
        text = before + expression[typed.end :]
        if text != expression and text not in found:
            found[text] = Suggestion(
                text, len(before), ending.label, ending.kind, ending.things, ending.is_least
            )
        if len(found) == MOST:
            break
    return list(found.values())


class _Suggester:
    def __init__(self, reader: IndexReader) -> None:
        self._reader = reader

    def endings(self, typed: Typed) -> Iterator[_Ending]:
        match typed.parts:
            case (word,):
                yield from self._of_word(word)
            case ("attr", name):
                yield from self._attributes(name)
            case ("attr", name, value):
                yield from self._values(HAS, (name,), value, ("attr", name), "attribute")
            case (name, value):
                yield from self._of_predicate(name, value)

    def _of_word(self, word: str) -> Iterator[_Ending]:
        """What may be meant by a word that is no predicate yet."""
        low = word.lower()
        for usage, finds, _ in chain(PREDICATES, FIXED):
            name, colon, _ = usage.partition(":")
            if usage.startswith(low):
                is_fixed = any(usage == atom for atom, _, _ in FIXED)
                text = usage if is_fixed else f"{name}{colon}"
                yield _Ending(text, f"{usage}: {finds}", "predicate")
        yield from islice(self._saved(word), _FEW)
        yield from islice(self._tags(word), _FEW)
        yield from islice(self._titles(word), _FEW)
        if any(letter.isalnum() for letter in word):
            yield _Ending(atom("text", word), f"text:{word}: these words", "predicate")

    def _of_predicate(self, name: str, value: str) -> Iterator[_Ending]:
        by_name: dict[str, Callable[[str], Iterator[_Ending]]] = {
            "tag": self._tags,
            "title": self._titles,
            "named": self._saved,
            "text": self._words,
            "format": self._formats,
            "filename": self._file_names,
            "with": lambda text: self._values(HAS, ("givenName",), text, ("with",), "attribute"),
            "childrenof": lambda text: self._sets("childrenof", text),
            "parentof": lambda text: self._things("parentof", text),
            "ref": lambda text: self._things("ref", text),
            **dict.fromkeys(("date", "after", "before"), lambda text: self._dates(name, text)),
        }
        for usage, finds, _ in FIXED:
            if usage.startswith(f"{name}:{value.lower()}"):
                yield _Ending(usage, f"{usage}: {finds}", "predicate")
        if name in by_name:
            yield from by_name[name](value)

    # Values

    def _tags(self, text: str) -> Iterator[_Ending]:
        return self._values(HAS, ("tag",), text, ("tag",), "tag")

    def _titles(self, text: str) -> Iterator[_Ending]:
        return self._values(HAS, ("title",), text, ("title",), "title")

    def _saved(self, text: str) -> Iterator[_Ending]:
        return self._values(HAS, (ATTRIBUTE,), text, ("named",), "saved")

    def _file_names(self, text: str) -> Iterator[_Ending]:
        for ending in self._values(CONTENT, ("name",), text, ("filename",), "attribute"):
            if "*" not in ending.label:
                yield ending

    def _formats(self, text: str) -> Iterator[_Ending]:
        for name in _FORMATS:
            if name.startswith(text.lower()):
                yield _Ending(atom("format", name), name, "attribute")
        yield from self._values(CONTENT, ("mime",), text, ("format",), "attribute")

    def _values(
        self, kind: RowKind, parts: tuple[str, ...], text: str, said: tuple[str, ...], shown: str
    ) -> Iterator[_Ending]:
        """The values that begin with a text, whatever its capitals, with what has them counted."""
        found: list[_Ending] = []
        for value in islice(self._distinct(kind, parts, text), _MOST_VALUES):
            # Of attributes a `~` at the beginning says something else.
            if value and can_be_said(value) and not (said[0] == "attr" and value[0] == "~"):
                count, is_least = tally(self._reader, kind, *parts, value, most=_MOST_COUNTED)
                if count:
                    found.append(_Ending(atom(*said, value), value, shown, count, is_least))
        yield from sorted(found, key=lambda ending: (-(ending.things or 0), ending.label))

    def _distinct(self, kind: RowKind, parts: tuple[str, ...], text: str) -> Iterator[str]:
        """Values that begin with a text, those first that may be just that."""
        ways = spellings(text) if text else ("",)
        begun = chain.from_iterable(values_of(self._reader, kind, parts, way) for way in ways)
        seen = set[str]()
        for value in chain(ways, begun):
            if value not in seen:
                seen.add(value)
                yield value

    def _attributes(self, text: str) -> Iterator[_Ending]:
        """Names of attributes."""
        for name in islice(values_of(self._reader, HAS, (), text), MOST):
            if name and can_be_said(name):
                yield _Ending(f"{atom('attr', name)}:", name, "attribute")

    def _words(self, text: str) -> Iterator[_Ending]:
        """Words in use that begin like the last one."""
        before, space, last = text.rpartition(" ")
        part = plain(last)
        if len(part) < LETTERS:
            return
        start = GRAM.key_of(part[:LETTERS], part)
        for key, _ in islice(self._reader.scan(start, start + b"\xff"), MOST):
            word = GRAM.parts_of(key)[1]
            said = f"{before}{space}{word}"
            yield _Ending(atom("text", said), said, "attribute")

    # What is named by its title

    def _sets(self, name: str, text: str) -> Iterator[_Ending]:
        for ref, title in self._titled(text):
            if any(True for _ in self._reader.scan(*LINK.below(ref))):
                yield _Ending(atom(name, ref), title, "title")

    def _things(self, name: str, text: str) -> Iterator[_Ending]:
        for ref, title in self._titled(text):
            yield _Ending(atom(name, ref), title, "title")

    def _titled(self, text: str) -> Iterator[tuple[Ref, str]]:
        """Things whose titles begin with a text."""
        if not text:
            return
        tried = 0
        for way in spellings(text):
            start = HAS.key_of("title", way)
            for key, _ in self._reader.scan(start, start + b"\xff"):
                _, title, _, ref = HAS.parts_of(key)
                yield Ref(ref), title[: VALUE_LENGTH - 1]
                tried += 1
                if tried == _MOST_TITLED:
                    return

    # Dates

    def _dates(self, name: str, text: str) -> Iterator[_Ending]:
        """The years there is something of, the latest first; and the months of one."""
        years = self._years()
        if len(text) < 5:
            for year in years:
                if f"{year:04}".startswith(text):
                    yield _Ending(atom(name, f"{year:04}"), f"{year:04}", "attribute")
        elif text[:4].isdecimal() and text[4] == "-":
            for month in range(1, 13):
                date = f"{text[:4]}-{month:02}"
                if date.startswith(text):
                    yield _Ending(atom(name, date), date, "attribute")

    def _years(self) -> range:
        start, end = TIME.below()
        first = next(self._reader.scan(start, end), None)
        last = next(self._reader.scan(start, end, backwards=True), None)
        if first is None or last is None:
            return range(0)
        oldest, newest = (
            int(utc_text(date_of(TIME.parts_of(key)[0], is_zone_unknown=False))[:4])
            for key, _ in (first, last)
        )
        return range(newest, oldest - 1, -1)
