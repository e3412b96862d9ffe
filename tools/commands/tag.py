"""Tag a permanode, remove tags, or show those it has."""

from __future__ import annotations

import argparse

from .. import exits
from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("permanode", metavar="PERMANODE", help="ref of a permanode")
    parser.add_argument("tags", nargs="*", metavar="TAG", help="a tag to add; without any: show")
    parser.add_argument(
        "--remove", action="append", default=[], metavar="TAG", help="a tag to remove"
    )
    parser.add_argument("--force", action="store_true", help="also if it is not stored (yet)")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..claiming.attributes import TAG, as_tag, tag_changes
    from ..claiming.desk import open_desk
    from ..claiming.outcomes import tell_claims

    out = context.output
    permanode = Ref.parse(arguments.permanode)
    add = [as_tag(tag) for tag in arguments.tags]
    remove = [as_tag(tag) for tag in arguments.remove]
    changes = bool(add or remove)
    server = arguments.server
    with open_desk(context.config, server=server, signs=changes, note=out.note) as desk:
        desk.permanode(permanode, force=arguments.force)
        if not changes:
            tags = desk.about(permanode).fold(permanode).attributes.get(TAG, ())
            if arguments.json:
                out.json({"permanode": permanode, "tags": list(tags)})
            else:
                for tag in tags:
                    out.line(out.name(tag.encode()))
            return exits.DONE
        told = desk.about_if_told(permanode)
        now = None if told is None else told.fold(permanode)
        claims = desk.claim(tag_changes(permanode, add=add, remove=remove, now=now))
        tell_claims(permanode, claims, out, as_json=arguments.json)
    return exits.DONE
