"""Check the index against the blobs: whether it has all rows that follow from them, and no others.

All rows are made again beside, and compared. Each difference is a line: `missing`, `extra` or
`different`, the kind of row, and the parts of its key. If there are any, the exit code is 1, and
`holdfast reindex` puts it right.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ...index.checking import Findings
    from ..output import Output

DEFAULT_LIMIT = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("check",), help="check: compare it with the blobs")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument(
        "--limit",
        type=int,
        default=DEFAULT_LIMIT,
        metavar="N",
        help=f"name so many differences (default: {DEFAULT_LIMIT}); all are counted",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line: each difference, then a count"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..claiming.errors import BadUsage
    from ..client.errors import CannotReindex
    from ..client.opening import open_store
    from ..client.store import TendsIndex
    from ..watching import Watched

    if arguments.limit < 0:
        raise BadUsage("--limit is a number of differences, 0 or more")
    with ExitStack() as running:
        store = running.enter_context(open_store(context.config, server=arguments.server))
        if not isinstance(store, TendsIndex):
            raise CannotReindex(store.name)
        watched = running.enter_context(Watched(context.output, "check"))
        for findings in store.check_index(limit=arguments.limit):
            watched.show(findings.progress)
    _tell(context.output, findings, is_json=arguments.json)
    return exits.DONE if findings.is_good else exits.FAILED


def _tell(out: Output, findings: Findings, *, is_json: bool) -> None:
    from ..output import counted, printable

    for difference in findings.some:
        if is_json:
            out.json(difference._asdict())
        else:
            what, kind, parts = difference
            texts = (printable(part.encode("utf-8", "surrogatepass")) for part in parts)
            out.line("  ".join((f"{what:<9}", kind, *texts)))
    if is_json:
        out.json({"rows": findings.rows, "counts": findings.counts})
        return
    rows = counted(findings.rows, "row")
    if findings.is_good:
        out.line(f"{rows} compared: the index is as the blobs have it")
        return
    counts = ", ".join(f"{number:,} {what}" for what, number in sorted(findings.counts.items()))
    out.line(f"{rows} compared: {counts}")
    out.note("holdfast: the index differs from the blobs; run `holdfast reindex`")
