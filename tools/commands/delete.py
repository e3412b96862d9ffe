"""Delete permanodes, or take claims back. Prints the ref of the claim that does it.

Nothing is removed from the store: `holdfast undelete` brings back what was deleted.
"""

from __future__ import annotations

import argparse

from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from ..claiming.outcomes import add_refs

    add_refs(parser, "ref of a permanode or a claim")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...schema.claims import Delete
    from ..claiming.desk import open_desk
    from ..claiming.outcomes import Outcomes
    from ..claiming.things import demand_deletable

    out = context.output
    outcomes = Outcomes(arguments.refs, out, as_json=arguments.json)
    server = arguments.server
    with open_desk(context.config, server=server, signs=True, note=out.note) as desk:
        things = list(outcomes.accepted(desk, demand_deletable, force=arguments.force))
        claims = desk.claim([Delete(thing.ref) for thing in things])
        for thing, claim in zip(things, claims, strict=True):
            outcomes.tell(thing.ref, claim=claim)
    return outcomes.code
