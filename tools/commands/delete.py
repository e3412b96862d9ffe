"""Delete permanodes, or take claims back. Prints the ref of the claim that does it.

Nothing is removed from the store: `holdfast undelete` brings back what was deleted.
"""

from __future__ import annotations

import argparse

from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("refs", nargs="+", metavar="REF", help="ref of a permanode or a claim")
    parser.add_argument("--force", action="store_true", help="also what is not stored (yet)")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="one JSON object for each ref")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...schema.claims import Delete
    from ..claiming.desk import open_desk
    from ..claiming.refusals import Refusals
    from ..claiming.things import demand_deletable

    out = context.output
    refusals = Refusals(arguments.refs, out, as_json=arguments.json)
    server = arguments.server
    with open_desk(context.config, server=server, signs=True, note=out.note) as desk:
        things = list(refusals.accepted(desk, demand_deletable, force=arguments.force))
        claims = desk.claim([Delete(thing.ref) for thing in things])
        for thing, claim in zip(things, claims, strict=True):
            if arguments.json:
                out.json({"ref": thing.ref, "claim": claim})
            else:
                out.line(claim)
    return refusals.code
