"""What folders come to, and which files are alike: kept up with the files and folders there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from ..blobstore.ref import Ref
from .batch import Batch
from .claims import ReadsRows
from .keys import BLOB, CHILD, COPIES, FILE, PARENT, SIZE, TREE, WHOLE, Row, number_text

MOST = 1 << 63
"""What no total goes beyond: folders that hold each other's members can come to anything."""


_ADDED = ("file", "directory")
"""Types of blobs that come to anything."""


class Total(NamedTuple):
    """Bytes and files in all of something."""

    size: int
    files: int


class Tree(NamedTuple):
    """What is known of all that is in a folder.

    `size` and `files` are sums over those of its members that are not among the `unknown`. They
    may be more than `MOST`, since what was added must be what is taken away.
    """

    unknown: int
    size: int
    files: int

    @property
    def total(self) -> Total | None:
        """What the folder comes to, if all in it is known."""
        if self.unknown:
            return None
        return Total(min(self.size, MOST), min(self.files, MOST))

    def with_known(self, total: Total) -> Tree:
        """After one more member has become known."""
        return Tree(self.unknown - 1, self.size + total.size, self.files + total.files)

    def without(self, total: Total) -> Tree:
        """After one of those members is known no longer."""
        return Tree(self.unknown + 1, self.size - total.size, self.files - total.files)


def tree_of(table: ReadsRows, directory: Ref) -> Tree | None:
    """What is known of a folder; None if it has not been read."""
    value = table.get(TREE.key_of(directory))
    return None if value is None else Tree(*TREE.value_of(value))


def follow(batch: Batch, put: Iterable[Ref], deleted: Iterable[Ref]) -> None:
    """Bring totals and copies up to date with the schema blobs whose rows a batch puts or deletes.

    Each folder that a blob is in is looked at once when the blob comes to be known, and once when
    it is known no longer, however often it is put.
    """
    wholes = Counter[_Whole]()
    for ref in deleted:
        if (kind := _kind(batch.table, ref)) is None:
            continue
        if kind == "directory":
            _take_down(batch, ref)
            continue
        wholes.subtract(_wholes(batch.table, ref))
        _spread(batch, ref, _size(batch.table, ref), has_come=False)
    folders = []
    for ref in put:
        kind = _kind(batch, ref)
        # Most blobs are claims, and in no folder.
        is_alone = kind not in _ADDED and not any(True for _ in _folders_of(batch, ref))
        if is_alone or batch.table.get(BLOB.key_of(ref)) is not None:
            continue
        if kind == "directory":
            folders.append(ref)
            continue
        wholes.update(_wholes(batch, ref))
        _spread(batch, ref, _size(batch, ref), has_come=True)
    # After all else, and one after the other: nothing is passed on to those not yet added up.
    for ref in folders:
        _add_up(batch, ref)
    for whole, change in wholes.items():
        _count_copies(batch, whole, change)


def add_up(batch: Batch, directories: Iterable[Ref]) -> None:
    """Begin to keep what folders come to whose other rows are in the table already.

    It must be begun of every folder in the table before `follow` is called of any.
    """
    for directory in directories:
        _add_up(batch, directory)


def all_copies(table: ReadsRows) -> Iterator[Row]:
    """The rows that say which contents several files have."""
    keys = (WHOLE.parts_of(key) for key, _ in table.scan(*WHOLE.below()))
    for whole, alike in groupby(keys, itemgetter(0)):
        files = (file for _, file in alike)
        file = next(files)
        count = 1 + sum(1 for _ in files)
        if count > 1:
            for size, _ in _wholes(table, Ref(file)):
                yield COPIES.row(number_text(size), whole, value=(count,))


class _Whole(NamedTuple):
    size: int
    whole: str


def _kind(table: ReadsRows, ref: Ref) -> str | None:
    value = table.get(BLOB.key_of(ref))
    return None if value is None else str(BLOB.value_of(value)[0])


def _wholes(table: ReadsRows, ref: Ref) -> list[_Whole]:
    """The contents of a file; of what is none, nothing."""
    value = table.get(FILE.key_of(ref))
    if value is None:
        return []
    _, size, _, whole, *_ = FILE.value_of(value)
    return [] if whole is None else [_Whole(size, whole)]


def _size(table: ReadsRows, ref: Ref) -> Total:
    """What a blob that is no folder comes to."""
    value = table.get(FILE.key_of(ref))
    return Total(0, 0) if value is None else Total(FILE.value_of(value)[1], 1)


def _known(batch: Batch, ref: Ref) -> Total | None:
    """What any blob comes to; None if that is not known yet."""
    if batch.get(FILE.key_of(ref)) is not None:
        return _size(batch, ref)
    if (tree := tree_of(batch, ref)) is not None:
        return tree.total
    return None if _kind(batch, ref) in (None, "directory") else Total(0, 0)


def _folders_of(batch: Batch, ref: Ref) -> Iterator[Ref]:
    return (Ref(PARENT.parts_of(key)[1]) for key, _ in batch.scan(*PARENT.below(ref)))


def _add_up(batch: Batch, directory: Ref) -> None:
    """Begin to keep what a folder comes to."""
    unknown = size = files = 0
    for key, _ in batch.scan(*CHILD.below(directory)):
        total = _known(batch, Ref(CHILD.parts_of(key)[1]))
        if total is None:
            unknown += 1
        else:
            size, files = size + total.size, files + total.files
    tree = Tree(unknown, size, files)
    batch.put([TREE.row(directory, value=tree)])
    if (total := tree.total) is not None:
        batch.put([SIZE.row(*_by_size(directory, total))])
        _spread(batch, directory, total, has_come=True)


def _take_down(batch: Batch, directory: Ref) -> None:
    """Forget what a folder came to."""
    tree = tree_of(batch, directory)
    assert tree is not None
    batch.delete([TREE.key_of(directory)])
    if (total := tree.total) is not None:
        batch.delete([SIZE.key_of(*_by_size(directory, total))])
        _spread(batch, directory, total, has_come=False)


def _spread(batch: Batch, ref: Ref, total: Total, *, has_come: bool) -> None:
    """Tell the folders that a blob is in what it comes to, or came to, and so on upwards."""
    told = [(ref, total)]
    while told:
        ref, total = told.pop()
        for directory in _folders_of(batch, ref):
            if (before := tree_of(batch, directory)) is None:
                continue
            after = before.with_known(total) if has_come else before.without(total)
            batch.put([TREE.row(directory, value=after)])
            if after.total is not None:
                batch.put([SIZE.row(*_by_size(directory, after.total))])
                told.append((directory, after.total))
            elif before.total is not None:
                batch.delete([SIZE.key_of(*_by_size(directory, before.total))])
                told.append((directory, before.total))


def _by_size(directory: Ref, total: Total) -> tuple[str, str, Ref]:
    return "directory", number_text(total.size), directory


def _count_copies(batch: Batch, of: _Whole, change: int) -> None:
    key = COPIES.key_of(number_text(of.size), of.whole)
    held = batch.get(key)
    if held is None:  # so there was one at most
        count = sum(1 for _ in batch.scan(*WHOLE.below(of.whole)))
    else:
        count = COPIES.value_of(held)[0] + change
    if count > 1:
        batch.put([COPIES.row(number_text(of.size), of.whole, value=(count,))])
    elif held is not None:
        batch.delete([key])
