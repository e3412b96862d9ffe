"""Set the title of a permanode, or show it."""

from __future__ import annotations

import argparse

from .. import exits
from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("permanode", metavar="PERMANODE", help="ref of a permanode")
    parser.add_argument("title", nargs="?", metavar="TEXT", help="the title; without: show")
    parser.add_argument("--force", action="store_true", help="also if it is not stored (yet)")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ...schema.claims import SetAttribute
    from ..claiming.attributes import TITLE, as_text
    from ..claiming.desk import open_desk
    from ..claiming.outcomes import tell_claims

    out = context.output
    permanode = Ref.parse(arguments.permanode)
    title = None if arguments.title is None else as_text(arguments.title, "the title")
    server, signs = arguments.server, title is not None
    with open_desk(context.config, server=server, signs=signs, note=out.note) as desk:
        desk.permanode(permanode, force=arguments.force)
        if title is None:
            found = desk.about(permanode).fold(permanode).value(TITLE)
            if arguments.json:
                out.json({"permanode": permanode, "title": found})
            else:
                out.line(out.name(found.encode()))
            return exits.DONE
        claims = desk.claim([SetAttribute(permanode, TITLE, title)])
        tell_claims(permanode, claims, out, as_json=arguments.json)
    return exits.DONE
