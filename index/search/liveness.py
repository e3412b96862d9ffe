"""Liveness: which files and folders are still somebody's, and what stands for them in lists.

A file or folder is somebody's if

- a permanode that is not deleted has it, as its content or otherwise; or
- a folder holds it that is somebody's; or
- no folder holds it, and no claim that counts ever gave it to a permanode: somebody has put it into
  the store and nothing else.

So what was only in things that are deleted is nobody's, and neither is what is in a folder all of
whose permanodes are deleted.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...blobstore.ref import Ref
from .desk import Desk
from .items import Item, Items
from .reader import IndexReader

MOST_KNOWN = 200_000
"""Files and folders of which is remembered whether they are somebody's."""

_MOST_LOOKED_AT = 5000
"""Folders above something that are looked at; what is in more is taken for somebody's."""


class Liveness:
    """Knows whose files and folders are, in one state of the index. Safe for many threads."""

    def __init__(self) -> None:
        self._known: dict[Ref, bool] = {}

    def items(self, desk: Desk, ref: Ref) -> Iterator[Item]:
        """What stands for a file or folder: the permanodes of it; without any, it by itself if it
        is somebody's."""
        items = Items(desk.reader, desk.storage)
        if self._known.get(ref) is False:
            return
        has_any = False
        for permanode in desk.reader.having("camliContent", ref):
            node = desk.reader.node(permanode)
            if node is not None and node.is_listed and node.content == ref:
                has_any = True
                yield items.of_node(node)
        if not has_any and self.is_somebodys(desk.reader, ref):
            item = items.of(ref)
            if item is not None:
                yield item

    def is_somebodys(self, reader: IndexReader, ref: Ref) -> bool:
        """Whether a file or folder is. Raises as the reader does."""
        known = self._known.get(ref)
        if known is None:
            known = self._look(reader, ref)
        return known

    def _look(self, reader: IndexReader, ref: Ref) -> bool:
        """Go up from folder to folder until one is known for somebody's, or there are no more."""
        seen = {ref}
        above = [ref]
        while above:
            one = above.pop()
            folders = tuple(reader.folders(one))
            is_somebodys = self._known.get(one)
            if is_somebodys is None:
                is_somebodys = _is_by_itself(reader, one, is_loose=not folders)
            if is_somebodys or len(seen) > _MOST_LOOKED_AT:
                self._remember({one, ref} if is_somebodys else {ref}, True)
                return True
            above += (folder for folder in folders if folder not in seen)
            seen.update(folders)
        self._remember(seen, False)
        return False

    def _remember(self, refs: set[Ref], is_somebodys: bool) -> None:
        if len(self._known) + len(refs) > MOST_KNOWN:
            self._known = {}  # others may be at the old one
        self._known.update(dict.fromkeys(refs, is_somebodys))


def _is_by_itself(reader: IndexReader, ref: Ref, *, is_loose: bool) -> bool:
    """Whether something is somebody's whatever folders it is in."""
    was_given = False
    for permanode in reader.claimants(ref):
        node = reader.node(permanode)
        if node is None or (node.modified is None and not node.is_deleted):
            continue  # nothing that counts is said of it
        was_given = True
        if not node.is_listed:
            continue
        if any(ref in values for values in node.attributes.values()):
            return True
        if any(True for _ in reader.links_between(permanode, ref)):
            return True
    return is_loose and not was_given
