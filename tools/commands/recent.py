"""Show the permanodes that were changed last, newest first, each with when that was.

Unlike `holdfast search --sort -mod` it shows hidden ones too. Lines are as there.
"""

from __future__ import annotations

import argparse

from .. import exits
from ..cli import Context

DEFAULT_LIMIT = 50
MOST = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from ..searching.listing import add_list_options

    parser.add_argument("--before", metavar="TIME", help="those changed last before this time")
    add_list_options(parser, limit=DEFAULT_LIMIT, all_too=False)


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..claiming.moments import parse_moment
    from ..searching.asking import open_questions
    from ..searching.items import changed_items
    from ..searching.listing import asked_limit, note_end, write_items

    out, server = context.output, arguments.server
    limit = asked_limit(arguments, most=MOST)
    before = None if arguments.before is None else parse_moment(arguments.before)
    with open_questions(context.config, server=server, note=out.note) as (questions, _):
        answer = questions.recent(limit=limit or DEFAULT_LIMIT, before=before)
    count = write_items(changed_items(answer), arguments, out, by_change=True)
    note_end(count, out, has_more=False)
    return exits.DONE
