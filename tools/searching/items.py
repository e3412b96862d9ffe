"""Items: what an answer tells of one thing, what is in it included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...schema.timestamps import Timestamp, format_time
from .documents import moment_in, moment_of, number_in, object_in, objects_in, text_in, texts_in

CONTENT = "camliContent"
NODE_TYPE = "camliNodeType"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A file or a folder."""

    kind: str
    name: str = ""
    mime: str = ""
    size: int | None = None
    """Bytes in a file."""
    members: int | None = None
    """How many a folder has."""
    times: tuple[Timestamp, ...] = ()
    """None, one, or the earliest and the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A blob as a line of a list tells of it."""

    ref: str
    kind: str = ""
    """Its `camliType`; empty if it has none, or is not described."""
    contents: Contents | None = None
    """Itself if it is a file or folder; that of a permanode if the answer describes it."""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    modified: Timestamp | None = None
    """When anything was claimed of it last."""
    location: Mapping[str, object] | None = None
    is_deleted: bool = False

    @property
    def title(self) -> str:
        """What a person calls it, else what its file is called."""
        return self.value("title") or ("" if self.contents is None else self.contents.name)

    @property
    def tags(self) -> tuple[str, ...]:
        return self.attributes.get("tag", ())

    @property
    def time(self) -> Timestamp | None:
        """When it was made or happened, as searches sort by it, as far as the answer tells."""
        times = () if self.contents is None else self.contents.times
        found = (
            *(moment_of(self.value(name)) for name in _BEFORE_FILE),
            *times[:1],
            *(moment_of(self.value(name)) for name in _BEHIND_FILE),
            self.modified,
        )
        return next((moment for moment in found if moment is not None), None)

    def value(self, attribute: str) -> str:
        """The first value of an attribute; empty if it has none."""
        return next(iter(self.attributes.get(attribute, ())), "")


def item_of(ref: str, meta: Mapping[str, object]) -> Item:
    """What the `meta` of an answer tells of a blob."""
    entry = object_in(meta, ref)
    location = object_in(entry, "location") or None
    kind = text_in(entry, "camliType")
    if kind != "permanode":
        return Item(ref=ref, kind=kind, contents=_contents(entry), location=location)
    permanode = object_in(entry, "permanode")
    said = object_in(permanode, "attr")
    attributes = {name: values for name in said if (values := texts_in(said, name))}
    content = next(iter(attributes.get(CONTENT, ())), "")
    return Item(
        ref=ref,
        kind=kind,
        contents=_contents(object_in(meta, content)),
        attributes=attributes,
        modified=moment_in(permanode, "modtime"),
        location=location,
        is_deleted=permanode.get("deleted") is True,
    )


def changed_items(answer: Mapping[str, object]) -> Iterator[Item]:
    """The items of an answer to what was changed last, each as of its last change."""
    meta = object_in(answer, "meta")
    for recent in objects_in(answer, "recent"):
        item = item_of(text_in(recent, "blobref"), meta)
        yield replace(item, modified=moment_in(recent, "modtime") or item.modified)


def item_fields(item: Item) -> dict[str, object]:
    """An item for a program; null for what is not known of it."""
    contents = item.contents or Contents(kind="")
    return {
        "ref": item.ref,
        "type": item.kind or None,
        "title": item.value("title") or None,
        "name": contents.name or None,
        "mimeType": contents.mime or None,
        "size": contents.size,
        "members": contents.members,
        "time": _text(item.time),
        "modified": _text(item.modified),
        "tags": list(item.tags),
        "attributes": {name: list(values) for name, values in item.attributes.items()},
        "location": item.location,
    }


def _contents(entry: Mapping[str, object]) -> Contents | None:
    kind = text_in(entry, "camliType")
    if kind == "file":
        file = object_in(entry, "file")
        times = (moment_in(file, key) for key in ("time", "modTime"))
        return Contents(
            kind=kind,
            name=text_in(file, "fileName"),
            mime=text_in(file, "mimeType"),
            size=number_in(file, "size"),
            times=tuple(time for time in times if time is not None),
        )
    if kind == "directory":
        folder = object_in(entry, "dir")
        return Contents(
            kind=kind, name=text_in(folder, "fileName"), members=number_in(folder, "size")
        )
    return None


def _text(moment: Timestamp | None) -> str | None:
    return None if moment is None else format_time(moment)


_BEFORE_FILE = ("paymentDueDate", "startDate", "dateCreated")
_BEHIND_FILE = ("datePublished", "dateModified")
"""Attributes with the time of a thing, before and behind that of its file, as the index has it."""
