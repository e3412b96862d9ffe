"""Items: what people are shown of one thing, a picture, a file, a folder, a set, in one tile."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import islice

from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ...schema.timestamps import NANOSECONDS, Timestamp
from ..files import FileFacts
from ..keys import LINK, MEMBER
from ..media.images import Size
from ..nodes import Node, ref_in
from ..trees import tree_of
from .moments import utc_text
from .reader import IndexReader
from .schemas import name_of, schema_of, size_of

MOST_COUNTED = 10_000
"""Members of a set that are counted for its tile."""

MOST_TEXT = 300
"""Characters of a title or a name."""

MOST_TAGS = 50

_MOST_TAG_TEXT = 100

_LOOKED_AT = 10
"""Members of a set or folder among which a picture for its tile is looked for."""

_LONGEST = 100 * 365 * 86400.0

_DOCUMENTS = frozenset(
    (
        *("application/epub+zip", "application/msword", "application/pdf", "application/rtf"),
        *("application/postscript", "application/x-mobipocket-ebook", "image/vnd.djvu"),
        *("application/json", "application/xml", "application/yaml", "message/rfc822"),
    )
)
_DOCUMENT_BEGINNINGS = (
    "text/",
    "application/vnd.ms-",
    "application/vnd.oasis.opendocument.",
    "application/vnd.openxmlformats-officedocument.",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One tile."""

    ref: Ref
    """The permanode; of what has none, the file, folder or blob itself."""
    kind: str
    """`image`, `video`, `audio`, `document`, `file`, `folder`, `set` or `other`."""
    title: str = ""
    content: Ref | None = None
    """The file or folder that it is of; None if there is none."""
    name: str = ""
    """What that is called."""
    mime: str = ""
    size: int | None = None
    """Its bytes; of a folder all that is in it, once that is known."""
    width: int = 0
    """In pixels as shown, like `height`; 0 where that is not known."""
    height: int = 0
    time: str | None = None
    """When it was made or happened; see `shown_moment`."""
    seconds: float | None = None
    """How long it plays."""
    count: int | None = None
    """Members of a set, at most `MOST_COUNTED` are counted; or of a folder."""
    cover: Ref | None = None
    """The file whose thumbnail stands for it."""
    tags: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """As it stands in answers."""
        return {name: getattr(self, name) for name in _FIELDS}


_FIELDS = tuple(field.name for field in fields(Item))


class Items:
    """Makes items for one question, in one thread. Raises as the reader does."""

    def __init__(self, reader: IndexReader, storage: Storage) -> None:
        self._reader = reader
        self._storage = storage

    def all(self, refs: Iterable[Ref]) -> list[Item]:
        """The items of what is here."""
        return [item for ref in refs if (item := self.of(ref)) is not None]

    def of(self, ref: Ref) -> Item | None:
        """The item of a blob, deleted or not; None if it is not here."""
        node = self._reader.node(ref)
        if node is not None:
            return self.of_node(node)
        if (facts := self._reader.file(ref)) is not None:
            return self._of_file(ref, facts)
        if (folder := self._reader.directory(ref)) is not None:
            return self._of_folder(ref, *folder)
        return self._of_blob(ref)

    def of_node(self, node: Node) -> Item:
        """The item of a permanode."""
        item = None if node.content is None else self._of_content(node.content)
        if item is None:
            item = self._of_bare(node)
        chosen = ref_in(node.value("camliContentImage"))
        titles = node.values("title")
        title = next((shown for text in titles if (shown := one_line(text))), "")
        return replace(
            item,
            ref=node.permanode,
            title=title or item.name,
            time=None if node.time is None else shown_moment(node.time),
            seconds=_seconds(node.value("duration")),
            cover=chosen or item.cover,
            tags=tuple(tag[:_MOST_TAG_TEXT] for tag in node.values("tag")[:MOST_TAGS]),
        )

    def holder(self, ref: Ref) -> Item | None:
        """The item of the permanode that a file or folder is the content of, else its own."""
        for permanode in self._reader.having("camliContent", ref):
            node = self._reader.node(permanode)
            if node is not None and node.content == ref:
                return self.of_node(node)
        return self.of(ref)

    def _of_content(self, ref: Ref) -> Item | None:
        if (facts := self._reader.file(ref)) is not None:
            return self._of_file(ref, facts)
        if (folder := self._reader.directory(ref)) is not None:
            return self._of_folder(ref, *folder)
        return self._of_blob(ref)

    def _of_file(self, ref: Ref, facts: FileFacts) -> Item:
        kind = kind_of(facts.mime)
        name = one_line(facts.name)
        size = facts.picture or Size(0, 0)
        return Item(
            ref,
            kind,
            title=name,
            content=ref,
            name=name,
            mime=facts.mime,
            size=facts.size,
            width=size.width,
            height=size.height,
            time=shown_moment(facts.times[0]) if facts.times else None,
            seconds=_seconds(facts.derived.get("duration", "")),
            cover=ref if kind in ("image", "video") else None,
        )

    def _of_folder(self, ref: Ref, text: str, members: int) -> Item:
        name = one_line(text)
        tree = tree_of(self._reader, ref)
        total = None if tree is None else tree.total
        return Item(
            ref,
            "folder",
            title=name,
            content=ref,
            name=name,
            size=None if total is None else total.size,
            count=members,
            cover=self._picture(islice(self._reader.children(ref), _LOOKED_AT)),
        )

    def _of_bare(self, node: Node) -> Item:
        """The item of a permanode without content that is here: a set, if anything."""
        links = self._reader.scan(*LINK.below(node.permanode))
        count = sum(1 for _ in islice(links, MOST_COUNTED))
        is_named = node.value("title") and not node.value("camliNodeType")
        if not count and (node.content is not None or not is_named):
            return Item(node.permanode, "other")
        # A title without anything that has it is a set that nothing is in yet.
        newest = self._reader.scan(*MEMBER.below(node.permanode), backwards=True)
        members = (Ref(MEMBER.parts_of(key)[2]) for key, _ in islice(newest, _LOOKED_AT))
        cover = self._picture(self._contents(members)) if count else None
        return Item(node.permanode, "set", count=count, cover=cover)

    def _of_blob(self, ref: Ref) -> Item | None:
        """The item of what no row tells of, or only its type."""
        schema = schema_of(self._storage, ref)
        if schema is None:
            size = size_of(self._storage, ref)
            return None if size is None else Item(ref, "other", size=size)
        name = one_line(name_of(schema))
        kind = {"file": "file", "directory": "folder"}.get(schema.kind, "other")
        content = None if kind == "other" else ref
        return Item(ref, kind, title=name, content=content, name=name)

    def _contents(self, permanodes: Iterable[Ref]) -> Iterator[Ref]:
        for ref in permanodes:
            node = self._reader.node(ref)
            if node is not None and node.content is not None:
                yield node.content

    def _picture(self, files: Iterable[Ref]) -> Ref | None:
        """The first of these files that is a picture, else the first that is a film."""
        film = None
        for ref in files:
            facts = self._reader.file(ref)
            kind = "" if facts is None else kind_of(facts.mime)
            if kind == "image":
                return ref
            if kind == "video" and film is None:
                film = ref
        return film


def kind_of(mime: str) -> str:
    """What people call a file of a MIME type: one of the kinds of items."""
    kind = mime.partition("/")[0]
    if mime in _DOCUMENTS or mime.startswith(_DOCUMENT_BEGINNINGS):
        return "document"
    if kind in ("image", "video", "audio"):
        return kind
    return "audio" if mime == "application/ogg" else "file"


def shown_moment(moment: Timestamp) -> str:
    """A moment to the second, in UTC; or, where its zone is not known, what the clock showed, as
    if that had been in UTC: pages that show UTC show what the camera did."""
    if moment.is_zone_unknown:
        moment = Timestamp(moment.ns - 60 * NANOSECONDS)
    return f"{utc_text(moment)[:19]}Z"


def one_line(text: str) -> str:
    """The beginning of a text, without line breaks."""
    return " ".join(text[: 2 * MOST_TEXT].split())[:MOST_TEXT]


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text) if len(text) < 30 else 0.0
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 < seconds < _LONGEST else None
