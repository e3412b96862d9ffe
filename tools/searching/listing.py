"""Lists of items: which options commands over them take, and how they are written."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

from ..claiming.errors import BadUsage
from ..output import Output
from .items import Item, item_fields
from .tables import ItemTable, harmless


def add_list_options(parser: ArgumentParser, *, limit: int, all_too: bool = True) -> None:
    """Let a command say how much of a list is wanted, and how it is to be written."""
    how_many = parser.add_mutually_exclusive_group()
    how_many.add_argument("--limit", type=int, metavar="N", help=f"at most so many; else {limit}")
    if all_too:
        how_many.add_argument(
            "--all", action="store_true", help="all there are, written as they come"
        )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--refs", action="store_true", help="refs alone, one a line")
    form.add_argument("--json", action="store_true", help="one JSON object for each")
    parser.add_argument("--server", metavar="URL", help="use this server")


def asked_limit(arguments: Namespace, *, most: int | None = None) -> int | None:
    """How many are asked for: None if nobody says, -1 for all. Raises `BadUsage`."""
    if getattr(arguments, "all", False):
        return -1
    limit: int | None = arguments.limit
    if limit is not None and (limit < 1 or (most is not None and limit > most)):
        raise BadUsage(
            "--limit is 1 or more" if most is None else f"--limit is a number from 1 to {most}"
        )
    return limit


def wanted_number(arguments: Namespace, *, default: int) -> int | None:
    """How many are wanted at most; None for all. Raises `BadUsage`."""
    limit = asked_limit(arguments) or default
    return None if limit < 0 else limit


def write_items(
    items: Iterable[Item], arguments: Namespace, out: Output, *, by_change: bool = False
) -> int:
    """Write items as the options say; how many they were."""
    table = ItemTable(out, by_change=by_change)
    count = 0
    for item in items:
        count += 1
        if arguments.json:
            out.json(item_fields(item))
        elif arguments.refs:
            out.line(harmless(item.ref))
        else:
            table.line(item)
    return count


def note_end(count: int, out: Output, *, has_more: bool) -> None:
    """Say what the list itself does not: that it is empty, or not all there is."""
    if not count:
        out.note("holdfast: nothing found")
    elif has_more:
        out.note(f"holdfast: there are more than these {count}; add --all, or --limit N")
