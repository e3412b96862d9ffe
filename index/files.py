"""Files and folders as the index knows them: what their blobs, names and contents say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ..blobstore.ref import Ref
from ..blobstore.storage import CanFetch
from ..schema.blob import SchemaBlob
from ..schema.directories import read_members
from ..schema.filereader import FileReader
from ..schema.timestamps import NANOSECONDS, Timestamp
from .claims import ReadsRows
from .keys import CHILD, DIRECTORY, FILE, PARENT, WHOLE, WORDS, Row, read_moment, written_moment
from .media.audio import media_tags
from .media.contents import digest, read_contents
from .media.images import Size
from .media.moments import Place

_DOS_EPOCH = 315_532_800 * NANOSECONDS
"""The beginning of 1980, where clocks begin that were never set."""


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


def read_file(
    schema: SchemaBlob, fetch: CanFetch, *, check: Callable[[], None] = lambda: None
) -> FileFacts:
    """What a `file` blob and its contents say; all of them are read, for their digest.

    `check` is called after each mebibyte, and ends the reading by what it raises. Raises
    `BadTree`, and `ChunkUnreadable` where a chunk is missing or damaged.
    """
    name = schema.name.decode("utf-8", "replace")
    with FileReader(fetch, schema) as reader:
        contents = read_contents(reader, name)
        sound = None if contents.audio is None else contents.audio.sound
        digests = digest(reader, sound, also=lambda _: check())
    made = contents.taken or (contents.name_date and contents.name_date.time)
    return FileFacts(
        name,
        digests.size,
        contents.mime,
        digests.whole,
        _times(schema.mtime_ns, made or None),
        contents.size,
        contents.place,
        {} if contents.audio is None else media_tags(contents.audio, digests.part),
    )


def file_rows(ref: Ref, facts: FileFacts) -> Iterator[Row]:
    """The rows of a file."""
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
    if facts.whole is not None:
        yield WHOLE.row(facts.whole, ref)


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
    """The words in a file's name and text that are posted, each once, sorted; none if unread."""
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
