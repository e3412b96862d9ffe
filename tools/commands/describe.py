"""Show what things are: attributes, contents, times, places.

  holdfast describe sha224-...                   one thing
  holdfast describe sha224-... --depth 3         with what it leads to, and what that leads to
  holdfast describe sha224-... --at 2025-06-01   a permanode as it was then

Each thing has a line with its ref and what it is, and below a line for each thing known of it.
What is unknown is told of, and the exit code is 4.
"""

from __future__ import annotations

import argparse

from .. import exits
from ..cli import Context

MOST_REFS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("refs", nargs="+", metavar="REF", help="a ref")
    parser.add_argument(
        "--depth", type=int, default=1, metavar="N", help="levels to go down; 1 is the thing alone"
    )
    parser.add_argument("--at", metavar="TIME", help="as it was at this time")
    parser.add_argument("--json", action="store_true", help="one JSON object for each thing")
    parser.add_argument("--server", metavar="URL", help="use this server")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ...index.query.request import DescribeRequest
    from ..claiming.errors import BadUsage
    from ..claiming.moments import parse_moment
    from ..searching.asking import open_questions
    from ..searching.descriptions import write_description
    from ..searching.documents import object_in

    out, server = context.output, arguments.server
    refs = tuple(dict.fromkeys(Ref.parse(text) for text in arguments.refs))
    if arguments.depth < 1:
        raise BadUsage("--depth is 1 or more")
    if len(refs) > MOST_REFS:
        raise BadUsage(f"more than {MOST_REFS} refs; describe some at a time")
    request = DescribeRequest(
        blobrefs=refs,
        depth=arguments.depth,
        at=None if arguments.at is None else parse_moment(arguments.at),
    )
    with open_questions(context.config, server=server, note=out.note) as (questions, store):
        answer = questions.describe(request)
    meta = object_in(answer, "meta")
    for ref in dict.fromkeys((*refs, *meta)):
        if ref not in meta:
            continue
        entry = object_in(meta, ref)
        if arguments.json:
            out.json(entry)
        else:
            write_description(ref, entry, out)
    if answer.get("truncated") is True:
        out.note("holdfast: there is more around these than one answer holds; lower --depth")
    missing = [ref for ref in refs if ref not in meta]
    for ref in missing:
        out.note(f"holdfast: {ref} is not in {store.name}")
    return exits.NOT_FOUND if missing else exits.DONE
