"""Files and folders as the index knows them: what their blobs, names and contents say."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

from ..blobstore.ref import Ref
from ..blobstore.storage import CanFetch
from ..schema.blob import SchemaBlob
from ..schema.directories import read_members
from ..schema.filereader import FileReader
from ..schema.timestamps import NANOSECONDS, Timestamp
from .claims import ReadsRows
from .keys import (
    CHILD,
    DIRECTORY,
    FILE,
    PARENT,
    SIZE,
    TEXT,
    WHOLE,
    WORDS,
    Row,
    number_text,
    read_moment,
    written_moment,
)
from .media.audio import media_tags
from .media.contents import Digests, digest, read_contents
from .media.derived import derived_attributes
from .media.images import Size
from .media.moments import Place
from .media.text import read_text
from .words import distinct_words, uncut

_DOS_EPOCH = 315_532_800 * NANOSECONDS
"""The beginning of 1980, where clocks begin that were never set."""

MOST_DIGESTED = 64 << 30
MOST_PIECES = 2 << 20
"""Bytes, and pieces of chunks, that contents may have to be read for their digest. A few hundred
bytes may claim to be far more, and what comes behind them is to be read too."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file. `times` are none, one, or the earliest and the latest."""

    name: str
    size: int
    mime: str = ""
    whole: Ref | None = None
    times: tuple[Timestamp, ...] = ()
    picture: Size | None = None
    place: Place | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    """Attributes that a permanode with this content has, unless claims give it others."""


class ReadFile(NamedTuple):
    """What is known of a file that was read, and its words, as `distinct_words` gives them."""

    facts: FileFacts
    words: Sequence[str]


def read_file(
    schema: SchemaBlob, fetch: CanFetch, *, check: Callable[[], None] = lambda: None
) -> ReadFile:
    """What a `file` blob and its contents say; all of them are read, for their digest.

    What would take for ever has none: see `MOST_DIGESTED`.
    `check` is called after each mebibyte, and ends the reading by what it raises. Raises
    `BadTree`, and `ChunkUnreadable` where a chunk is missing or damaged.
    """
    name = schema.name.decode("utf-8", "replace")
    with FileReader(fetch, schema) as reader:
        contents = read_contents(reader, name)
        words = distinct_words(chain((name,), uncut(read_text(reader, contents.mime))))
        sound = None if contents.audio is None else contents.audio.sound
        if _can_be_digested(reader):
            digests = digest(reader, sound, also=lambda _: check())
        else:
            digests = Digests(None, None, reader.size)
            _log.warning("%s is too large for its contents to be told by their digest", schema.ref)
    made = contents.taken or (contents.name_date and contents.name_date.time)
    facts = FileFacts(
        name,
        digests.size,
        contents.mime,
        digests.whole,
        _times(schema.mtime_ns, made or None),
        contents.size,
        contents.place,
        {} if contents.audio is None else media_tags(contents.audio, digests.part),
        derived_attributes(contents),
    )
    return ReadFile(facts, words)


def _can_be_digested(reader: FileReader) -> bool:
    if reader.size <= MOST_PIECES:
        return True  # no piece is empty
    pieces = islice(reader.layout(), MOST_PIECES + 1)
    return reader.size <= MOST_DIGESTED and sum(1 for _ in pieces) <= MOST_PIECES


def file_rows(ref: Ref, read: ReadFile) -> Iterator[Row]:
    """The rows of a file."""
    facts, words = read
    yield FILE.row(
        ref,
        value=(
            facts.name,
            facts.size,
            facts.mime,
            facts.whole,
            [written_moment(time) for time in facts.times],
            facts.picture,
            facts.place,
            dict(facts.tags),
            dict(facts.derived),
        ),
    )
    yield SIZE.row("file", number_text(facts.size), ref)
    if facts.whole is not None:
        yield WHOLE.row(facts.whole, ref)
    if words:
        yield WORDS.row(ref, value=(words,))
    for word in words:
        yield TEXT.row(word, ref)


def facts_in(value: bytes) -> FileFacts:
    """What the row of a file holds."""
    name, size, mime, whole, times, picture, place, tags, derived = FILE.value_of(value)
    return FileFacts(
        name,
        size,
        mime,
        None if whole is None else Ref(whole),
        tuple(moment for time in times if (moment := read_moment(time)) is not None),
        None if picture is None else Size(*picture),
        None if place is None else Place(*place),
        tags,
        derived,
    )


def words_in(table: ReadsRows, file: Ref) -> list[str]:
    """The words in a file's name and text, each once, sorted; none if it is not read.

    With the empty word, if it has others that are not told: see `distinct_words`.
    """
    value = table.get(WORDS.key_of(file))
    words: list[str] = [] if value is None else WORDS.value_of(value)[0]
    return words


def directory_rows(schema: SchemaBlob, fetch: CanFetch) -> Iterator[Row]:
    """The rows of a directory. Raises as `read_members` does."""
    members = list(dict.fromkeys(read_members(fetch, schema.ref)))
    name = schema.name.decode("utf-8", "replace")
    yield DIRECTORY.row(schema.ref, value=(name, len(members)))
    for member in members:
        yield CHILD.row(schema.ref, member)
        yield PARENT.row(member, schema.ref)


def _times(modified_ns: int | None, made: Timestamp | None) -> tuple[Timestamp, ...]:
    """The earliest and the latest time a file is known by."""
    modified = None if modified_ns is None else Timestamp(modified_ns)
    known = sorted(time for time in (modified, made) if time is not None and not time.is_any_zero)
    if len(known) == 2 and known[0].ns <= _DOS_EPOCH:
        return (known[1],)
    return tuple(known)
