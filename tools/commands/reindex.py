"""Make the index again from the blobs, while the old one goes on answering.

With a server it is the server that does it: this shows how far it is, and may be interrupted and
run again, to find it under way. Without one the work is done here, and goes on where it was when
it was interrupted. The new index takes the place of the old when it is whole.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ...index.work import Progress as State
    from ..output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument(
        "--anew", action="store_true", help="begin from the beginning, if one was cut off"
    )
    parser.add_argument(
        "--json", action="store_true", help="tell how far it is, as one JSON object a line"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="say nothing but what failed")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..client.errors import CannotReindex
    from ..client.opening import open_store
    from ..client.store import TendsIndex
    from ..watching import Watched

    out = context.output
    with ExitStack() as running:
        store = running.enter_context(open_store(context.config, server=arguments.server))
        if not isinstance(store, TendsIndex):
            raise CannotReindex(store.name)
        watched = running.enter_context(Watched(out, "reindex"))
        for state in store.reindex(anew=arguments.anew):
            watched.show(state)
            if arguments.json:
                out.json(state.document())
                out.flush()
    if not (arguments.quiet or arguments.json):
        _tell(out, state)
    return exits.DONE


def _tell(out: Output, state: State) -> None:
    from ..output import counted

    read = f" from {counted(state.blobs, 'blob')}" if state.blobs else ""
    out.line(f"the index was made again{read} in {state.seconds:.1f} s")
