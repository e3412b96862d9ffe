"""What was generated, in a SQLite file: where the right answers are looked up.

It is made by who makes the blobs, and never by what is measured.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from .saying import Said
from .things import Photo, Text, Thing

_TABLES = """
CREATE TABLE things (
    number INTEGER PRIMARY KEY, ref TEXT, time INTEGER, modified INTEGER, title TEXT,
    is_image INTEGER, members INTEGER
);
CREATE TABLE tags (tag TEXT, number INTEGER);
CREATE TABLE words (word TEXT, number INTEGER);
CREATE TABLE members (owner INTEGER, number INTEGER);
CREATE TABLE store (blobs INTEGER, bytes INTEGER);
INSERT INTO store VALUES (0, 0);
"""

_INDEXES = """
CREATE INDEX by_time ON things (time, ref);
CREATE INDEX by_change ON things (modified, ref);
CREATE INDEX by_title ON things (title);
CREATE INDEX images ON things (time, ref) WHERE is_image;
CREATE INDEX sets ON things (members) WHERE members;
CREATE INDEX by_tag ON tags (tag, number);
CREATE INDEX tags_of ON tags (number);
CREATE INDEX by_word ON words (word, number);
CREATE INDEX words_of ON words (number);
CREATE INDEX by_owner ON members (owner, number);
ANALYZE;
"""

_WORD = re.compile("[a-z0-9]+")


class Line(NamedTuple):
    """What the ledger has of one thing."""

    number: int
    ref: str
    time: int
    modified: int
    title: str
    is_image: bool
    members: int
    tags: tuple[str, ...]
    words: tuple[str, ...]


def line_of(thing: Thing, said: Said) -> Line:
    """What is to be found of a thing.

    Its time is what it says of when it happened, or the earliest of its content, or when it was
    changed last. Its words are those of its title, and of its content's name and text.
    """
    texts = [thing.title]
    match thing.content:
        case Photo(name, _, taken, _):
            time = taken
            texts.append(name)
        case Text(name, text, modified):
            time = modified
            texts += (name, text)
        case _:
            time = thing.created or said.modified
    words = {word for text in texts for word in _WORD.findall(text.lower())}
    return Line(
        thing.number,
        said.permanode,
        time,
        said.modified,
        thing.title,
        isinstance(thing.content, Photo),
        thing.members,
        thing.tags,
        tuple(sorted(words)),
    )


class Ledger:
    """The lines of a store, written while that is made, and asked afterwards."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, lines: Iterable[Line], *, blobs: int, size: int) -> None:
        """Enter things, of which so many blobs of so many bytes were stored."""
        lines = list(lines)
        run = self._connection.executemany
        run("INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, ?)", (line[:7] for line in lines))
        run("INSERT INTO tags VALUES (?, ?)", ((tag, x.number) for x in lines for tag in x.tags))
        run("INSERT INTO words VALUES (?, ?)", ((w, x.number) for x in lines for w in x.words))
        self._count(blobs, size)

    def put_members(
        self, owner: int, members: Sequence[int], modified: int, *, blobs: int, size: int
    ) -> None:
        """Enter that others belong to a thing, which changed it last, and gave it that time."""
        self._connection.execute(
            "UPDATE things SET time = ?, modified = ? WHERE number = ?", (modified, modified, owner)
        )
        self._connection.executemany(
            "INSERT INTO members VALUES (?, ?)", ((owner, member) for member in members)
        )
        self._count(blobs, size)

    def finish(self) -> None:
        """Sort it, so that it can be asked."""
        self._connection.executescript(_INDEXES)

    def said_of(self, numbers: Sequence[int]) -> list[tuple[str, int]]:
        """The refs of things, in that order, and when each was changed last."""
        query = "SELECT ref, modified FROM things WHERE number = ?"
        return [self._connection.execute(query, (number,)).fetchone() for number in numbers]

    def store(self) -> tuple[int, int]:
        """How many blobs there are, and of how many bytes together."""
        blobs, size = self._connection.execute("SELECT blobs, bytes FROM store").fetchone()
        return blobs, size

    @cached_property
    def things(self) -> int:
        """How many things there are."""
        ((count,),) = self.ask("SELECT count(*) FROM things")
        return int(count)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._connection.execute(query, values).fetchall()

    def column(self, query: str, *values: object) -> list[str]:
        """The texts that are first in each row of a query."""
        return [str(first) for first, *_ in self.ask(query, *values)]

    def _count(self, blobs: int, size: int) -> None:
        self._connection.execute(
            "UPDATE store SET blobs = blobs + ?, bytes = bytes + ?", (blobs, size)
        )


@contextmanager
def new_ledger(path: Path) -> Iterator[Ledger]:
    """An empty ledger in a new file; what was put into it counts when this ends well."""
    connection = sqlite3.connect(path)
    try:
        # Should the power fail, all is made again.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA cache_size = -64000")
        connection.executescript(_TABLES)
        yield Ledger(connection)
        connection.commit()
    finally:
        connection.close()


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """A finished ledger, to be asked."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        yield Ledger(connection)
    finally:
        connection.close()
