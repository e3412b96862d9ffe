"""List all blobs in the order of their refs: REF SIZE, one a line."""

from __future__ import annotations

import argparse

from .. import exits
from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--after", default="", metavar="REF", help="only refs behind this one")
    parser.add_argument("--limit", type=_number, metavar="N", help="at most so many")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="one JSON object for each blob")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..client.opening import open_store

    out = context.output
    with open_store(context.config, server=arguments.server) as store:
        for ref, size in store.enumerate(arguments.after, arguments.limit):
            if arguments.json:
                out.json({"ref": ref, "size": size})
            else:
                out.line(f"{ref} {size}")
    return exits.DONE


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of blobs")
    return int(text)
