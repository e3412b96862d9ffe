"""Tell whether blobs are stored, and their sizes. The exit code is 4 if any is missing."""

from __future__ import annotations

import argparse
import sys

from .. import exits
from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("refs", nargs="+", metavar="REF", help="a ref; - reads them from stdin")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="one JSON object for each ref")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..client.opening import open_store

    out = context.output
    texts = sys.stdin.read().split() if arguments.refs == ["-"] else arguments.refs
    refs = [Ref.parse(text) for text in texts]
    code = exits.DONE
    with open_store(context.config, server=arguments.server) as store:
        for start in range(0, len(refs), 1000):
            group = refs[start : start + 1000]
            sizes = dict(store.stat(group))
            for ref in group:
                size = sizes.get(ref)
                if size is None:
                    code = exits.NOT_FOUND
                if arguments.json:
                    out.json({"ref": ref, "size": size})
                else:
                    out.line(f"{ref} {'missing' if size is None else size}")
    return code
