"""What single processes do to a table in the tests; see `Nursery.run`."""

from __future__ import annotations

import resource
from pathlib import Path

from holdfast.blobstore.errors import StoreFailed
from holdfast.blobstore.testkit.faults.nursery import Report, named


def fill(report: Report, *, opening: str, folder: str) -> None:
    """Write and sync rows until no file may grow; says `synced` how many, and `read` them."""
    table = named(opening)(Path(folder))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    synced = 0
    try:
        while True:
            table.write([(b"%06d" % synced, bytes(30_000))])
            table.sync()
            synced += 1
    except StoreFailed as error:
        report.say("refused", str(error))
    report.say("synced", synced)
    report.say("read", len([key for key, value in table.scan() if value == bytes(30_000)]))
    try:
        table.write([(b"more", b"")])
    except StoreFailed as error:
        report.say("refused", str(error))
    table.close()


def count(report: Report, *, opening: str, folder: str) -> None:
    """Open a table again and say how many rows are there, and whether it takes more."""
    table = named(opening)(Path(folder))
    report.say("count", sum(1 for _ in table.scan()))
    table.write([(b"more", b"")])
    table.sync()
    table.close()
