"""Lists of what there is: sets, tags, saved searches, what changed last, what is there twice."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest, nsmallest
from itertools import groupby, islice
from typing import NamedTuple

from ...blobstore.errors import BadRef, BlobNotFound, CorruptBlob
from ...blobstore.ref import Ref
from ...blobstore.storage import fetch_one
from ..keys import COPIES, HAS, LINK, MODIFIED, date_text
from ..nodes import Node
from ..query.constraints import HIDDEN
from ..query.errors import BadQuery
from ..query.reading import MAX_QUERY_SIZE
from .desk import Desk
from .items import Item, Items
from .largest import largest
from .reader import IndexReader
from .saved import ATTRIBUTE
from .shelves import Page
from .tallies import Tally, tally, values_of

MOST_LISTED = 1000
"""Tags and saved searches there are in one answer."""

_MOST_SETS = 20_000
"""Sets that are looked at."""

_MOST_RECENT = 2000
"""Things changed last among which sets are looked for that nothing is in yet."""

_MOST_TAGS = 20_000
_MOST_ALIKE = 100
"""Things with the same contents that are shown."""

_SET_TYPES = ("set", "album")


class Saved(NamedTuple):
    """A saved search."""

    ref: Ref
    name: str
    expression: str


class Group(NamedTuple):
    """Things that have the same contents."""

    whole: Ref
    size: int
    items: list[Item]


def sets(desk: Desk, match: str, limit: int) -> list[Item]:
    """Sets whose titles have all these words, or parts of words, in them; newest changed first."""
    words = match.casefold().split()
    found = (
        (date_text(node.modified), node.permanode, node)
        for node in _sets(desk.reader)
        if node.modified is not None and not node.is_deleted and not _is_hidden(node)
        if all(word in node.value("title").casefold() for word in words)
    )
    items = Items(desk.reader, desk.storage)
    return [items.of_node(node) for _, _, node in nlargest(limit, found, key=lambda one: one[:2])]


def _sets(reader: IndexReader) -> Iterator[Node]:
    seen = set[Ref]()
    for parent in islice(values_of(reader, LINK, ()), _MOST_SETS):
        seen.add(Ref(parent))
        if (node := reader.node(Ref(parent))) is not None:
            yield node
    # What nothing is in yet is no longer known from others once much has changed since.
    empty = (ref for kind in _SET_TYPES for ref in _having(reader, "camliNodeType", kind))
    newest = reader.scan(*MODIFIED.below(), backwards=True)
    typed = set(islice(empty, _MOST_SETS))
    recent = (Ref(MODIFIED.parts_of(key)[1]) for key, _ in islice(newest, _MOST_RECENT))
    for ref in (*typed, *recent):
        node = None if ref in seen else reader.node(ref)
        seen.add(ref)
        if node is None:
            continue
        is_bare = node.content is None and not node.value("camliNodeType")
        if ref in typed or (is_bare and node.value("title")):
            yield node


def _having(reader: IndexReader, attribute: str, value: str) -> Iterator[Ref]:
    for key, _ in reader.scan(*HAS.below(attribute, value)):
        yield Ref(HAS.parts_of(key)[3])


def tags(desk: Desk, match: str, limit: int) -> list[Tally]:
    """Tags that have a text in them, whatever its capitals; those first that most things have."""
    text = match.casefold()
    found = (
        Tally(value, *tally(desk.reader, HAS, "tag", value))
        for value in islice(values_of(desk.reader, HAS, ("tag",)), _MOST_TAGS)
        if value and text in value.casefold()
    )
    return nsmallest(limit, found, key=lambda one: (-one.things, one.value))


def saved_searches(desk: Desk) -> list[Saved]:
    """Searches that are saved, by name; of those with the same name the newest."""
    found: dict[str, Saved] = {}
    for key, _ in islice(desk.reader.scan(*HAS.below(ATTRIBUTE)), MOST_LISTED):
        node = desk.reader.node(Ref(HAS.parts_of(key)[3]))
        if node is None or node.content is None:
            continue
        try:
            text = fetch_one(desk.storage, node.content)
        except (BlobNotFound, CorruptBlob):
            continue  # searching for it tells what is wrong
        if len(text) <= MAX_QUERY_SIZE:
            name = node.value(ATTRIBUTE)
            found[name] = Saved(node.permanode, name, text.decode("utf-8", "replace").strip())
    return sorted(found.values(), key=lambda one: one.name.casefold())


def recent(desk: Desk, after: str, limit: int) -> Page:
    """What was changed last, newest first, but for what is hidden."""
    start, end = MODIFIED.below()
    if after:
        date, _, ref = after.partition("|")
        end = MODIFIED.key_of(date, _ref(ref, "from"))
    items = Items(desk.reader, desk.storage)
    found: list[Item] = []
    token = ""
    for key, _ in desk.reader.scan(start, end, backwards=True):
        if len(found) == limit:
            return Page(found, token)
        token = "|".join(MODIFIED.parts_of(key))
        node = desk.reader.node(Ref(MODIFIED.parts_of(key)[1]))
        if node is not None and not _is_hidden(node):
            found.append(items.of_node(node))
    return Page(found, None)


def _is_hidden(node: Node) -> bool:
    return any(node.values(name)[:1] == (value,) for name, value in HIDDEN)


def alike(desk: Desk, after: str, limit: int) -> tuple[list[Group], str | None]:
    """Things with the same contents, those first whose copies come to most bytes.

    They may be files with the same contents, or several permanodes of one file.
    """
    reader, items = desk.reader, Items(desk.reader, desk.storage)
    places = sorted((-size * more, whole) for whole, (size, more) in _several(reader).items())
    if after:
        wasted, _, ref = after.partition(":")
        if not (wasted.isascii() and wasted.isdigit() and len(wasted) < 30):
            raise BadQuery("no token of a page before; start again without one", path="after")
        last = -int(wasted), _ref(ref, "after")
        places = [place for place in places if place > last]
    groups: list[Group] = []
    token = ""
    for order, whole in places:
        shown = (item for file in reader.files(whole) for item in _shown(desk, items, file))
        found = list(islice(shown, _MOST_ALIKE))
        if len(found) < 2:
            continue
        if len(groups) == limit:
            return groups, token
        groups.append(Group(whole, next((i.size for i in found if i.size is not None), 0), found))
        token = f"{-order}:{whole}"
    return groups, None


def _several(reader: IndexReader) -> dict[Ref, tuple[int, int]]:
    """Contents that are there more than once: their size, and how many times more."""
    found: dict[Ref, tuple[int, int]] = {}
    for key, value in reader.scan(*COPIES.below()):
        size, whole = COPIES.parts_of(key)
        found[Ref(whole)] = int(size, 16), COPIES.value_of(value)[0] - 1
    contents = (HAS.parts_of(key)[1] for key, _ in reader.scan(*HAS.below("camliContent")))
    for content, same in groupby(contents):
        more = sum(1 for _ in same) - 1
        facts = reader.file(Ref(content)) if more else None
        if facts is not None and facts.whole is not None:
            whole_ref = Ref(facts.whole)
            _, before = found.get(whole_ref, (0, 0))
            found[whole_ref] = facts.size, before + more
    return found


def by_size(
    desk: Desk, kind: str, after: str, limit: int
) -> tuple[list[dict[str, object]], str | None]:
    """The largest files or folders, as items; folders also with the `files` in them."""
    items = Items(desk.reader, desk.storage)
    found: list[dict[str, object]] = []
    document = largest(desk.reader, kind=kind, limit=limit, after=after)
    rows = document["largest"]
    assert isinstance(rows, list)
    for row in rows:
        for item in islice(_shown(desk, items, row["ref"]), 1):
            more = {"files": row["files"]} if "files" in row else {}
            found.append({**item.document(), "size": row["size"], **more})
    token = document.get("continue")
    return found, None if token is None else str(token)


def _shown(desk: Desk, items: Items, ref: Ref) -> Iterator[Item]:
    """The permanodes of a file or folder; or it by itself, unless all it was in is deleted."""
    has_any = False
    for permanode in desk.reader.having("camliContent", ref):
        node = desk.reader.node(permanode)
        if node is not None and node.is_listed and node.content == ref:
            has_any = True
            yield items.of_node(node)
    if has_any:
        return
    in_folder = any(True for _ in desk.reader.folders(ref))
    if in_folder or not any(True for _ in desk.reader.claimants(ref)):
        item = items.of(ref)
        if item is not None:
            yield item


def _ref(text: str, path: str) -> Ref:
    try:
        return Ref.parse(text)
    except BadRef:
        raise BadQuery("no token of a page before; start again without one", path=path) from None
