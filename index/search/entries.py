"""What a description says of one blob."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from ...blobstore.ref import Ref
from ...schema.folding import Reading
from ...schema.timestamps import Timestamp
from ..attributes import Attributes, first, ref_in
from ..files import FileFacts
from ..media.moments import Place
from ..nodes import Node
from ..places import place_of
from .moments import NEVER, shown_text, utc_text
from .reader import IndexReader

_KEPT_FILES = 10_000

_NONE: Attributes = {}


class Entry(NamedTuple):
    """What is said of a blob, and what that leads to."""

    kind: str | None
    """Its `camliType`; None for what is no schema blob, or not read yet."""
    said: dict[str, object] = {}  # noqa: RUF012 (of a tuple, which nobody changes)
    """The rest, as it stands in answers."""
    attributes: Attributes = _NONE
    """All of them, if it is a permanode."""
    children: tuple[Ref, ...] = ()
    """The first members by ref, if it is a folder."""


class Entries:
    """Makes the entries of one answer, for one thread.

    Permanodes are as of `at`, and as they are now if that is None; of folders at most
    `most_children` members are told. Of a permanode that has more than `most_links` members and
    paths, if there is such a bound, only so many are told, the first by attribute and ref, and
    its entry is `truncated`: then its claims are not looked at.
    """

    def __init__(
        self,
        reader: IndexReader,
        *,
        at: Timestamp | None,
        most_children: int,
        most_links: int | None = None,
    ) -> None:
        self._reader = reader
        self._most_links = most_links
        self._at = at
        self._most_children = most_children
        # Asked for by a permanode that has it as its content, and for its own entry.
        self._file: Callable[[Ref], FileFacts | None] = lru_cache(_KEPT_FILES)(reader.file)

    def of(self, ref: Ref) -> Entry:
        """The entry of a blob. Raises as the reader does."""
        kind = self._reader.kind(ref)
        match kind:
            case "permanode":
                return self._permanode(ref)
            case "file":
                return Entry(kind, self._of_file(ref))
            case "directory":
                return self._directory(ref)
        return Entry(kind or None)

    def _permanode(self, ref: Ref) -> Entry:
        node = self._reader.node(ref) if self._at is None else None
        if node is None or not node.is_listed:
            return self._folded(ref)
        if node.is_plain:
            return _of_node(node, node.attributes)
        if self._most_links is not None:
            links = list(islice(self._reader.links(ref), self._most_links + 1))
            if len(links) > self._most_links:
                attributes = dict(node.attributes)
                for link, _ in links[:-1]:
                    attributes[link.attribute] = (*attributes.get(link.attribute, ()), link.child)
                return _of_node(node, attributes, is_cut=True)
        return self._folded(ref)

    def _folded(self, ref: Ref) -> Entry:
        """The entry of a permanode by all that is claimed about it."""
        folded = self._reader.claims_about(ref).fold(ref, at=self._at, reading=Reading.DESCRIBE)
        # One whose last value was deleted is there without any, for whoever looks.
        attributes = {name: values for name, values in folded.attributes.items() if values}
        permanode: dict[str, object] = {
            "attr": {name: list(values) for name, values in folded.attributes.items()},
            "modtime": NEVER if folded.described is None else utc_text(folded.described),
        }
        derived = self._derived(attributes)
        if derived:
            permanode["derived"] = derived
        if folded.is_deleted:
            permanode["deleted"] = True
        place = place_of(attributes, facts_of=self._file, attributes_of=self._attributes_of)
        return Entry("permanode", {"permanode": permanode} | _located(place), attributes)

    def _attributes_of(self, permanode: Ref) -> Attributes:
        return self._reader.claims_about(permanode).fold(permanode, at=self._at).attributes

    def _derived(self, attributes: Attributes) -> dict[str, str]:
        content = ref_in(first(attributes, "camliContent"))
        facts = None if content is None else self._file(content)
        derived = {} if facts is None else facts.derived
        return {name: derived[name] for name in sorted(derived) if name not in attributes}

    def _of_file(self, ref: Ref) -> dict[str, object]:
        facts = self._file(ref)
        if facts is None:
            return {}
        file: dict[str, object] = {"fileName": facts.name, "size": facts.size}
        if facts.mime:
            file["mimeType"] = facts.mime
        for name, time in zip(("time", "modTime"), facts.times, strict=False):
            file[name] = shown_text(time)
        file["wholeRef"] = facts.whole
        said: dict[str, object] = {"file": file}
        if facts.picture is not None and facts.mime.startswith("image/"):
            said["image"] = facts.picture._asdict()
        if facts.tags:
            said["mediaTags"] = dict(sorted(facts.tags.items()))
        return said | _located(facts.place)

    def _directory(self, ref: Ref) -> Entry:
        known = self._reader.directory(ref)
        if known is None:
            return Entry("directory")
        name, members = known
        children = tuple(islice(self._reader.children(ref), self._most_children))
        said: dict[str, object] = {"dir": {"fileName": name, "size": members, "wholeRef": None}}
        if children:
            said["dirChildren"] = list(children)
        return Entry("directory", said, children=children)


def _of_node(node: Node, attributes: Attributes, *, is_cut: bool = False) -> Entry:
    """The entry of a permanode by its row."""
    permanode: dict[str, object] = {
        "attr": {name: list(attributes[name]) for name in sorted(attributes)},
        "modtime": NEVER if node.modified is None else utc_text(node.modified),
    }
    if node.derived:
        permanode["derived"] = dict(sorted(node.derived.items()))
    if is_cut:
        permanode["truncated"] = True
    return Entry("permanode", {"permanode": permanode} | _located(node.place), attributes)


def _located(place: Place | None) -> dict[str, object]:
    return {} if place is None else {"location": place._asdict()}
