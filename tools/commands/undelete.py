"""Bring back deleted permanodes and claims, by deleting every delete of them that counts."""

from __future__ import annotations

import argparse

from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from ..claiming.outcomes import add_refs

    add_refs(parser, "ref of a permanode or a claim")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...schema.claims import Delete
    from ..claiming.deleting import standing_deletes
    from ..claiming.desk import open_desk
    from ..claiming.outcomes import Outcomes
    from ..claiming.things import demand_deletable

    out = context.output
    outcomes = Outcomes(arguments.refs, out, as_json=arguments.json)
    server = arguments.server
    with open_desk(context.config, server=server, signs=True, note=out.note) as desk:
        things = list(outcomes.accepted(desk, demand_deletable, force=arguments.force))
        deletes = [standing_deletes(desk.about(thing.ref), thing.ref) for thing in things]
        made = iter(desk.claim([Delete(ref) for refs in deletes for ref in refs]))
        for thing, undone in zip(things, deletes, strict=True):
            claims = [next(made) for _ in undone]
            if arguments.json:
                out.json({"ref": thing.ref, "undone": undone, "claims": claims})
            elif claims:
                for claim in claims:
                    out.line(claim)
            else:
                out.note(f"holdfast: {thing.ref} is not deleted; there is nothing to undo")
    return outcomes.code
