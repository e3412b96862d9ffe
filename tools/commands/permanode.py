"""Make a permanode: a name for something that may change. Prints its ref.

With --key the same key, date and identity always give the same permanode. --attr NAME=VALUE sets
any attribute; given again for one name, it adds another value.
"""

from __future__ import annotations

import argparse

from .. import exits
from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", help="make the permanode that this text always gives")
    parser.add_argument(
        "--date", metavar="TIME", help="the date that goes with --key (else 1970-01-01T00:00:00Z)"
    )
    parser.add_argument("--title", metavar="TEXT", help="set its title")
    parser.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="TAG,...",
        help="add tags (may be repeated)",
    )
    parser.add_argument("--content", metavar="REF", help="set its content, mostly a file or folder")
    parser.add_argument(
        "--member",
        action="append",
        default=[],
        metavar="REF",
        help="add a permanode that belongs to it (may be repeated)",
    )
    parser.add_argument(
        "--attr",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set an attribute (may be repeated)",
    )
    parser.add_argument("--force", action="store_true", help="also if REF is not stored (yet)")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...schema.permanodes import FILE_DATE
    from ..claiming.attributes import as_text
    from ..claiming.desk import open_desk
    from ..claiming.errors import BadUsage
    from ..claiming.moments import parse_moment
    from ..claiming.permanodes import read_description

    out = context.output
    if arguments.date is not None and arguments.key is None:
        raise BadUsage("--date goes with --key; other permanodes are dated now")
    key = None if arguments.key is None else as_text(arguments.key, "--key")
    date = FILE_DATE if arguments.date is None else parse_moment(arguments.date)
    description = read_description(
        title=arguments.title,
        tags=arguments.tag,
        content=arguments.content,
        members=arguments.member,
        pairs=arguments.attr,
    )
    server = arguments.server
    with open_desk(context.config, server=server, signs=True, note=out.note) as desk:
        description.demand_refs(desk, force=arguments.force)
        if key is None:
            permanode = desk.claimer.permanode()
        else:
            permanode = desk.claimer.planned_permanode(key, date)
        claims = desk.claim(list(description.claims(permanode)))
        if arguments.json:
            out.json({"permanode": permanode, "claims": claims})
        else:
            out.line(permanode)
    return exits.DONE
