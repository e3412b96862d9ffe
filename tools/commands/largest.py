"""Show the largest files or folders, largest first.

Each line has the ref, the size, for a folder the number of files in it and below, and the name
behind that of the first folder it is in. A folder's size is that of all files in it, each counted
as often as it is there; folders of which a part is not stored are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ..searching.tables import Table

DEFAULT_LIMIT = 50

_KINDS = {"files": "file", "folders": "directory"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from ..searching.listing import add_list_options

    parser.add_argument(
        "what", nargs="?", choices=tuple(_KINDS), default="files", help="files, unless folders"
    )
    add_list_options(parser, limit=DEFAULT_LIMIT)


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..searching.asking import open_questions
    from ..searching.listing import note_end, wanted_number
    from ..searching.paged import Paged
    from ..searching.tables import Column, Table

    out, server, kind = context.output, arguments.server, _KINDS[arguments.what]
    most = wanted_number(arguments, default=DEFAULT_LIMIT)
    columns = (Column(10, is_right=True), *((Column(14, is_right=True),) * (kind == "directory")))
    table = Table(out, columns)
    with open_questions(context.config, server=server, note=out.note) as (questions, _):
        found = Paged(
            lambda limit, after: questions.largest(kind=kind, limit=limit, after=after),
            "largest",
            most=most,
        )
        for thing in found:
            _write(thing, kind, table, arguments, context)
    note_end(found.given, out, has_more=found.has_more)
    return exits.DONE


def _write(
    thing: Mapping[str, object],
    kind: str,
    table: Table,
    arguments: argparse.Namespace,
    context: Context,
) -> None:
    from ..output import counted, human_size
    from ..searching.documents import number_in, text_in
    from ..searching.tables import harmless, placed_name

    out, ref = context.output, text_in(thing, "ref")
    if arguments.json:
        out.json(thing)
    elif arguments.refs:
        out.line(harmless(ref))
    else:
        cells = [human_size(number_in(thing, "size") or 0)]
        if kind == "directory":
            cells.append(counted(number_in(thing, "files") or 0, "file"))
        table.line(ref, cells, placed_name(thing))
