"""Questions of every sort, drawn from a ledger, each with its right answer."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from ....schema.timestamps import Timestamp, format_time
from .ledger import Ledger
from .things import DAY, SECOND

PAGE = 50
"""How many things each question asks for: the first of all, or those behind some place."""

QUICK, JOINED = 10.0, 50.0
"""What 95 of 100 questions should take at most in a store of a million, in milliseconds."""


class NothingToAskFor(LookupError):
    """A store is too small to have things of some kind."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask below the search root, and the refs that are the answer, in order."""

    path: str
    body: bytes | None
    """Without one it is a GET."""

    answer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of question, and what its time should be."""

    name: str
    most: float
    draw: Callable[[Ledger, random.Random], Question]


def questions(sort: Sort, ledger: Ledger, count: int, *, seed: int) -> list[Question]:
    """Different questions of a sort, at most `count`; fewer where a store has too few."""
    chance = random.Random(f"{seed} {sort.name}")
    found: dict[tuple[str, bytes | None], Question] = {}
    for _ in range(3 * count):
        if len(found) < count:
            question = sort.draw(ledger, chance)
            found[question.path, question.body] = question
    return list(found.values())


# What there is to ask for -------------------------------------------------------------------

_TAGGED = "number IN (SELECT number FROM tags WHERE tag = ?)"
_WORDED = "number IN (SELECT number FROM words WHERE word = ?)"
_MEMBER = "number IN (SELECT number FROM members WHERE owner = ?)"
_BEHIND = "(time, ref) < (?, ?)"
_WORDS = "(SELECT count(*) FROM words WHERE words.number = things.number)"
_TAGS = "(SELECT count(*) FROM tags WHERE tags.number = things.number)"


class _Found(NamedTuple):
    number: int
    ref: str
    time: int
    modified: int
    title: str


def _some(ledger: Ledger, chance: random.Random, where: str = "TRUE") -> _Found:
    """A thing by chance, of those that a condition lets pass."""
    columns = "SELECT number, ref, time, modified, title FROM things"
    least = chance.randrange(ledger.things)
    for query in (
        f"{columns} WHERE number >= {least} AND {where} ORDER BY number LIMIT 1",
        f"{columns} WHERE number < {least} AND {where} ORDER BY number DESC LIMIT 1",
    ):
        for row in ledger.ask(query):
            return _Found(*row)
    raise NothingToAskFor(where)


def _tags(ledger: Ledger, thing: _Found) -> list[str]:
    return ledger.column("SELECT tag FROM tags WHERE number = ? ORDER BY tag", thing.number)


def _words(ledger: Ledger, thing: _Found) -> list[str]:
    return ledger.column("SELECT word FROM words WHERE number = ? ORDER BY word", thing.number)


def _page(ledger: Ledger, where: str, *values: object, by: str = "time") -> tuple[str, ...]:
    """The newest of the things that a condition lets pass."""
    order = f"{by} DESC, ref DESC LIMIT {PAGE}"
    query = f"SELECT ref FROM things WHERE {where} ORDER BY {order}"  # noqa: S608 - from below
    return tuple(ledger.column(query, *values))


def _typed(typed: str, answer: tuple[str, ...], *, after: _Found | None = None) -> Question:
    """What a person would type, from the beginning or from the page behind a thing on."""
    query: dict[str, object] = {"expression": typed}
    if after is not None:
        query["continue"] = f"pn:{after.time}:{after.ref}"
    return _asked(query, answer)


def _asked(query: dict[str, object], answer: tuple[str, ...]) -> Question:
    return Question("query", json.dumps({**query, "limit": PAGE}).encode(), answer)


def _moment(ns: int) -> str:
    return format_time(Timestamp(ns))


# One constraint -----------------------------------------------------------------------------


def _tag(ledger: Ledger, chance: random.Random) -> Question:
    tag = chance.choice(ledger.column("SELECT DISTINCT tag FROM tags"))
    return _typed(f"tag:{tag}", _page(ledger, _TAGGED, tag))


def _title_prefix(ledger: Ledger, chance: random.Random) -> Question:
    """A title of some thing, of which at least four letters were typed."""
    thing = _some(ledger, chance)
    prefix = thing.title[: chance.randint(4, len(thing.title))].rstrip()
    matches = {"hasPrefix": prefix, "caseInsensitive": False}
    constraint = {"permanode": {"attr": "title", "valueMatches": matches, "skipHidden": True}}
    answer = _page(ledger, "title >= ? AND title < ?", prefix, f"{prefix}\U0010ffff")
    return _asked({"constraint": constraint}, answer)


def _date_range(ledger: Ledger, chance: random.Random) -> Question:
    """From a day to three years."""
    begin = _some(ledger, chance).time // SECOND * SECOND
    end = begin + round(1095 ** chance.random()) * DAY
    typed = f'after:"{_moment(begin)}" before:"{_moment(end)}"'
    return _typed(typed, _page(ledger, "time >= ? AND time < ?", begin, end))


def _images(ledger: Ledger, chance: random.Random) -> Question:
    place = _some(ledger, chance)
    answer = _page(ledger, f"is_image AND {_BEHIND}", place.time, place.ref)
    return _typed("is:image", answer, after=place)


def _members(ledger: Ledger, chance: random.Random) -> Question:
    owner = _some(ledger, chance, "members")
    typed = f"childrenof:{owner.ref}"
    if chance.random() < 0.5:
        return _typed(typed, _page(ledger, _MEMBER, owner.number))
    place = _some(ledger, chance)
    answer = _page(ledger, f"{_MEMBER} AND {_BEHIND}", owner.number, place.time, place.ref)
    return _typed(typed, answer, after=place)


def _recent(ledger: Ledger, chance: random.Random) -> Question:
    before = _some(ledger, chance).modified
    query = urlencode({"n": PAGE, "before": _moment(before)})
    answer = _page(ledger, "modified < ?", before, by="modified")
    return Question(f"recent?{query}", None, answer)


# Words, and two constraints at once ---------------------------------------------------------


def _word(ledger: Ledger, chance: random.Random) -> Question:
    word = chance.choice(_words(ledger, _some(ledger, chance)))
    return _typed(f"text:{word}", _page(ledger, _WORDED, word))


def _two_words(ledger: Ledger, chance: random.Random) -> Question:
    words = chance.sample(_words(ledger, _some(ledger, chance, f"{_WORDS} > 1")), 2)
    answer = _page(ledger, f"{_WORDED} AND {_WORDED}", *words)
    return _typed(f'text:"{" ".join(words)}"', answer)


def _tag_and_image(ledger: Ledger, chance: random.Random) -> Question:
    tag = chance.choice(_tags(ledger, _some(ledger, chance, f"is_image AND {_TAGS} > 0")))
    return _typed(f"tag:{tag} is:image", _page(ledger, f"is_image AND {_TAGGED}", tag))


def _two_tags(ledger: Ledger, chance: random.Random) -> Question:
    tags = _tags(ledger, _some(ledger, chance, f"{_TAGS} = 2"))
    typed = " ".join(f"tag:{tag}" for tag in tags)
    return _typed(typed, _page(ledger, f"{_TAGGED} AND {_TAGGED}", *tags))


def _tag_and_date(ledger: Ledger, chance: random.Random) -> Question:
    """In the month of some thing."""
    thing = _some(ledger, chance, f"{_TAGS} > 0")
    tag = chance.choice(_tags(ledger, thing))
    month = datetime.fromtimestamp(thing.time // SECOND, UTC).replace(
        day=1, hour=0, minute=0, second=0
    )
    following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    ends = (round(end.timestamp()) * SECOND for end in (month, following))
    answer = _page(ledger, f"{_TAGGED} AND time >= ? AND time < ?", tag, *ends)
    return _typed(f"tag:{tag} date:{month:%Y-%m}", answer)


def _title_and_image(ledger: Ledger, chance: random.Random) -> Question:
    title = _some(ledger, chance, "is_image").title.lower()
    word = chance.choice([word for word in title.split() if len(word) > 2])
    answer = _page(ledger, "is_image AND title LIKE ?", f"%{word}%")
    return _typed(f"title:{word} is:image", answer)


SORTS = (
    Sort("tag", QUICK, _tag),
    Sort("title prefix", QUICK, _title_prefix),
    Sort("date range", QUICK, _date_range),
    Sort("images, newest first", QUICK, _images),
    Sort("members of a set", QUICK, _members),
    Sort("recent changes", QUICK, _recent),
    Sort("a word of text", JOINED, _word),
    Sort("two words of text", JOINED, _two_words),
    Sort("tag and image", JOINED, _tag_and_image),
    Sort("two tags", JOINED, _two_tags),
    Sort("tag and month", JOINED, _tag_and_date),
    Sort("title and image", JOINED, _title_and_image),
)
