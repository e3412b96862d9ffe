"""Crumbs: one of the ways by which a thing is reached, from the top down to it."""

from __future__ import annotations

from itertools import islice

from ...blobstore.ref import Ref
from .desk import Desk
from .items import Item, Items
from .surroundings import parents_of

MOST = 30
"""Steps of a way."""

_TRIED = 20
"""Places that each thing may be in of which one is looked for that was not met yet."""


def crumbs_of(desk: Desk, ref: Ref) -> list[Item]:
    """The sets and folders that lead to a thing, and the thing itself, from the top down.

    There may be many ways, and it is the same one each time: from what has it to what has that,
    sets before folders, the first by ref. What has itself in the end is met once.
    """
    way = [ref]
    while len(way) < MOST:
        above = _above(desk, way[-1], frozenset(way))
        if above is None:
            break
        way.append(above)
    return Items(desk.reader, desk.storage).all(reversed(way))


def _above(desk: Desk, ref: Ref, met: frozenset[Ref]) -> Ref | None:
    """What something is in; None if nothing, or nothing new."""
    reader = desk.reader
    for parent in islice(parents_of(reader, ref), _TRIED):
        if parent not in met:
            return parent
    node = reader.node(ref)
    content = ref if node is None else node.content
    if content is None:
        return None
    for folder in islice(reader.folders(content), _TRIED):
        # A permanode that has this folder is in sets, which people made, and so shows more.
        for holder in islice(reader.having("camliContent", folder), _TRIED):
            if holder not in met:
                return holder
        if folder not in met:
            return folder
    if node is None:
        for holder in islice(reader.having("camliContent", ref), _TRIED):
            for parent in islice(parents_of(reader, holder), _TRIED):
                if parent not in met:
                    return parent
    return None
