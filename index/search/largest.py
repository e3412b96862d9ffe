"""What takes most room: the largest files and folders, and contents that several files have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple

from ...blobstore.errors import BadRef
from ...blobstore.ref import Ref
from ..keys import COPIES, SIZE, number_text
from ..query.errors import BadQuery
from ..trees import tree_of
from .reader import IndexReader

DEFAULT_LIMIT = 50
MOST = 1000

MOST_NAMED = 10
"""How many of the files with the same contents are named, and of the folders that a file is in."""

KINDS = ("file", "directory")

_TOKEN = re.compile(r"([0-9]{1,30}):(.+)")


def largest(
    reader: IndexReader, *, kind: str = "file", limit: int = DEFAULT_LIMIT, after: str = ""
) -> dict[str, object]:
    """The largest files, or folders by all that is in them, largest first.

    Each with `ref`, `name`, `size` in bytes, and the folders it is in; a folder also with how many
    files are in it. `continue`, given as `after`, leads to the next page. Of folders those are
    told in which everything is known. Raises `BadQuery` and `TooMuchToRead`. A limit that is not 1
    to 1000 is 50.
    """
    if kind not in KINDS:
        raise BadQuery("neither file nor directory", path="kind")
    limit = _limit(limit)
    start, end = SIZE.below(kind)
    if after:
        size, ref = _read_token(after)
        end = SIZE.key_of(kind, number_text(size), ref)
    found = []
    for key, _ in islice(reader.scan(start, end, backwards=True), limit):
        _, size_text, text = SIZE.parts_of(key)
        size, ref = int(size_text, 16), Ref(text)
        item = _named(reader, ref) | {"size": size}
        tree = tree_of(reader, ref) if kind == "directory" else None
        if tree is not None and tree.total is not None:
            item["files"] = tree.total.files
        found.append(item | _folders(reader, ref))
    document: dict[str, object] = {"largest": found}
    if len(found) == limit:  # so there is a last one
        document["continue"] = _token(size, ref)
    return document


def duplicates(
    reader: IndexReader, *, limit: int = DEFAULT_LIMIT, after: str = ""
) -> dict[str, object]:
    """Contents that several files have, those first whose copies come to most bytes.

    Each with the ref of its contents, their `size`, the `count` of files, how many bytes all but
    one of them come to (`wasted`, though the store keeps equal bytes once), and the first of the
    files. The rest is as with `largest`.
    """
    limit = _limit(limit)
    copies = _copies(reader)
    if after:
        wasted, last = _read_token(after)
        copies = (one for one in copies if (one.order, one.whole) > (-wasted, last))
    page = nsmallest(limit, copies)
    document: dict[str, object] = {
        "duplicates": [
            {
                "whole": one.whole,
                "size": one.size,
                "count": one.files,
                "wasted": -one.order,
                "files": [
                    _named(reader, ref) | _folders(reader, ref)
                    for ref in islice(reader.files(one.whole), MOST_NAMED)
                ],
            }
            for one in page
        ]
    }
    if len(page) == limit:
        document["continue"] = _token(-page[-1].order, page[-1].whole)
    return document


class _Copies(NamedTuple):
    """Contents that several files have; they sort by what most bytes are wasted on."""

    order: int
    whole: Ref
    size: int
    files: int


def _copies(reader: IndexReader) -> Iterator[_Copies]:
    for key, value in reader.scan(*COPIES.below()):
        size_text, whole = COPIES.parts_of(key)
        size = int(size_text, 16)
        (count,) = COPIES.value_of(value)
        yield _Copies(-size * (count - 1), Ref(whole), size, count)


def _named(reader: IndexReader, ref: Ref) -> dict[str, object]:
    file = reader.file(ref)
    if file is not None:
        return {"ref": ref, "name": file.name}
    folder = reader.directory(ref)
    return {"ref": ref, "name": "" if folder is None else folder[0]}


def _folders(reader: IndexReader, ref: Ref) -> dict[str, object]:
    folders = islice(reader.folders(ref), MOST_NAMED)
    return {"folders": [_named(reader, folder) for folder in folders]}


def _limit(asked: int) -> int:
    return asked if 0 < asked <= MOST else DEFAULT_LIMIT


def _token(number: int, ref: Ref) -> str:
    return f"{number}:{ref}"


def _read_token(token: str) -> tuple[int, Ref]:
    match = _TOKEN.fullmatch(token)
    if match is not None:
        with suppress(BadRef):
            return int(match[1]), Ref.parse(match[2])
    raise BadQuery("no token of a page before; start again without one", path="after")
