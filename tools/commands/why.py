"""Show what a blob belongs to, up to what keeps it.

The first line of each chain is the blob; each further one is what has the one above, and how: as
a part, as an entry of a folder, as the value of an attribute, by a share. The last one nothing else
has. What was so once, and is not any more, has a word for it. If a folder is in many others
only the shortest way to each end is shown; --json tells all of them.
"""

from __future__ import annotations

import argparse

from .. import exits
from ..cli import Context

DEFAULT_LIMIT = 100
MOST = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", metavar="REF", help="ref of a blob")
    parser.add_argument(
        "--limit", type=int, metavar="N", help=f"look at so many ties; else {DEFAULT_LIMIT}"
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.add_argument("--server", metavar="URL", help="use this server")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..searching.asking import open_questions
    from ..searching.chains import is_alone, is_missing, write_chains
    from ..searching.listing import asked_limit

    out, server = context.output, arguments.server
    ref = Ref.parse(arguments.ref)
    limit = asked_limit(arguments, most=MOST) or DEFAULT_LIMIT
    with open_questions(context.config, server=server, note=out.note) as (questions, store):
        answer = questions.why(ref, limit=limit)
    if arguments.json:
        out.json(answer)
    else:
        write_chains(answer, out)
    if is_missing(answer):
        out.note(f"holdfast: {ref} is not in {store.name}")
        return exits.NOT_FOUND
    if is_alone(answer):
        out.note("holdfast: nothing that is stored refers to it")
    elif answer.get("truncated") is True:
        out.note(f"holdfast: there may be more than these {limit} ties; --limit N looks further")
    return exits.DONE
