"""Set, add, remove or show attributes of a permanode.

  set PERMANODE NAME VALUE...   from now on NAME has this value; several make a list
  add PERMANODE NAME VALUE...   NAME has these values too
  del PERMANODE NAME [VALUE...] NAME has these values no more; without VALUE, none at all
  show PERMANODE [NAME]         prints NAME=VALUE lines, or the values of NAME

Nothing is overwritten: `holdfast claims` shows what was said before, and `show --at TIME` what it
came to then, without what has been deleted since: deletes hold at all times. What begins
with a dash goes behind `--`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ...blobstore.ref import Ref
    from ...schema.claims import AttributeChange
    from ..claiming.desk import Desk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("set", "add", "del", "show"), metavar="ACTION", help="as above"
    )
    parser.add_argument("permanode", metavar="PERMANODE", help="ref of a permanode")
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of an attribute")
    parser.add_argument("values", nargs="*", metavar="VALUE", help="a value")
    parser.add_argument(
        "--value-file", type=Path, metavar="FILE", help="a value is all of FILE; - is stdin"
    )
    parser.add_argument("--at", metavar="TIME", help="show what held at this time")
    parser.add_argument("--force", action="store_true", help="also if it is not stored (yet)")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..claiming.desk import open_desk
    from ..claiming.outcomes import tell_claims

    permanode = Ref.parse(arguments.permanode)
    shows = arguments.action == "show"
    changes = [] if shows else _changes(arguments, permanode)
    out = context.output
    server = arguments.server
    with open_desk(context.config, server=server, signs=not shows, note=out.note) as desk:
        desk.permanode(permanode, force=arguments.force)
        if shows:
            _show(desk, permanode, arguments, context)
            return exits.DONE
        claims = desk.claim(changes)
        tell_claims(permanode, claims, out, as_json=arguments.json)
    return exits.DONE


def _changes(arguments: argparse.Namespace, permanode: Ref) -> list[AttributeChange]:
    from ...schema.claims import AddAttribute
    from ..claiming.attributes import as_text, new_values, read_value, removed_values
    from ..claiming.errors import BadUsage

    if arguments.at is not None:
        raise BadUsage("--at goes with `show`; what is claimed is claimed now")
    if not arguments.name:
        raise BadUsage(f"name the attribute: holdfast attr {arguments.action} PERMANODE NAME ...")
    name = as_text(arguments.name, "the name of the attribute")
    values = [as_text(value, "a value") for value in arguments.values]
    if arguments.value_file is not None:
        values.append(read_value(arguments.value_file))
    if arguments.action == "del":
        return [*removed_values(permanode, name, values)]
    if not values:
        raise BadUsage("give a value, or --value-file; `del` removes all values")
    if arguments.action == "set":
        return [*new_values(permanode, ((name, value) for value in values))]
    return [AddAttribute(permanode, name, value) for value in values]


def _show(desk: Desk, permanode: Ref, arguments: argparse.Namespace, context: Context) -> None:
    from ...schema.folding import Standing
    from ...schema.timestamps import format_time
    from ..claiming.attributes import as_text
    from ..claiming.errors import BadUsage
    from ..claiming.moments import parse_moment

    if arguments.values or arguments.value_file is not None:
        raise BadUsage("`show` takes one name, and no values")
    at = None if arguments.at is None else parse_moment(arguments.at)
    folded = desk.about(permanode).fold(permanode, at=at)
    found = folded.attributes
    if arguments.name is not None:
        name = as_text(arguments.name, "the name of the attribute")
        found = {name: found.get(name, ())}
    out = context.output
    if arguments.json:
        modified = folded.modified
        out.json(
            {
                "permanode": permanode,
                "attributes": {name: list(values) for name, values in found.items()},
                "deleted": folded.is_deleted,
                "modified": None if modified is None else format_time(modified),
            }
        )
        return
    for name, values in found.items():
        for value in values:
            line = value if arguments.name is not None else f"{name}={value}"
            out.line(out.name(line.encode()))
    if folded.is_deleted:
        out.note(f"holdfast: it is deleted; `holdfast undelete {permanode}` brings it back")
    if folded.history and all(e.standing is Standing.UNTRUSTED for e in folded.history):
        out.note(
            f"holdfast: nobody trusted has said anything of it; `holdfast claims {permanode}`"
            " shows who has, and identity.trusted says who is trusted besides the owner"
        )
