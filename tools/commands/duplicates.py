"""Show contents that are stored as several files, those first whose copies come to most bytes.

Each has a line with how many files have it, how large it is, and the ref of all of it; below are
the files, each with the first folder that it is in. Equal bytes are kept once, however many files
have them: this is to find what is filed twice, not to free room.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from .. import exits
from ..cli import Context

DEFAULT_LIMIT = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    how_many = parser.add_mutually_exclusive_group()
    how_many.add_argument(
        "--limit", type=int, metavar="N", help=f"at most so many; else {DEFAULT_LIMIT}"
    )
    how_many.add_argument("--all", action="store_true", help="all there are, written as they come")
    parser.add_argument("--json", action="store_true", help="one JSON object for each")
    parser.add_argument("--server", metavar="URL", help="use this server")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..searching.asking import open_questions
    from ..searching.listing import note_end, wanted_number
    from ..searching.paged import Paged

    out, server = context.output, arguments.server
    most = wanted_number(arguments, default=DEFAULT_LIMIT)
    with open_questions(context.config, server=server, note=out.note) as (questions, _):
        found = Paged(
            lambda limit, after: questions.duplicates(limit=limit, after=after),
            "duplicates",
            most=most,
        )
        for copies in found:
            if arguments.json:
                out.json(copies)
            else:
                _write(copies, context)
    note_end(found.given, out, has_more=found.has_more)
    return exits.DONE


def _write(copies: Mapping[str, object], context: Context) -> None:
    from ..output import counted, human_size
    from ..searching.documents import number_in, objects_in, text_in
    from ..searching.tables import Table, harmless, placed_name

    out = context.output
    whole = text_in(copies, "whole")
    count, size = number_in(copies, "count") or 0, number_in(copies, "size") or 0
    out.line(f"{counted(count, 'file')} of {human_size(size)}: {harmless(whole)}")
    table = Table(out, (), indent="  ")
    files = list(objects_in(copies, "files"))
    for file in files:
        table.line(text_in(file, "ref"), (), placed_name(file))
    if count > len(files):
        out.line(f"  and {count - len(files):,} more: holdfast files --whole {harmless(whole)}")
