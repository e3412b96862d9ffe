"""Ask that blobs, and all they need, be spared when garbage is collected. Prints the wish's ref."""

from __future__ import annotations

import argparse

from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from ..claiming.outcomes import add_refs

    add_refs(parser, "ref of what to keep")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..claiming.desk import open_desk
    from ..claiming.outcomes import Outcomes

    out = context.output
    outcomes = Outcomes(arguments.refs, out, as_json=arguments.json)
    server = arguments.server
    with open_desk(context.config, server=server, signs=True, note=out.note) as desk:
        things = list(outcomes.accepted(desk, lambda _: None, force=arguments.force))
        keeps = desk.claimer.keep(*(thing.ref for thing in things))
        for thing, keep in zip(things, keeps, strict=True):
            outcomes.tell(thing.ref, keep=keep)
    return outcomes.code
