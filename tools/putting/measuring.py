"""How much there is to put, found out beside the work, for whoever watches."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress


@contextmanager
def measuring(paths: Sequence[bytes], tell: Callable[[int], None]) -> Iterator[None]:
    """Tell the bytes below all `paths` once they are known, if that is before this ends.

    An estimate: what is left out of the put is counted here.
    """
    over = threading.Event()

    def run() -> None:
        total = 0
        for path in paths:
            for size in _sizes(path):
                if over.is_set():
                    return
                total += size
        tell(total)

    thread = threading.Thread(target=run, name="measure", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()


def _sizes(path: bytes) -> Iterator[int]:
    pending = [path]
    while pending:
        folder = pending.pop()
        with suppress(OSError):
            found = os.lstat(folder)
            if not stat.S_ISDIR(found.st_mode):
                yield found.st_size if stat.S_ISREG(found.st_mode) else 0
                continue
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(entry.path)
                        elif entry.is_file(follow_symlinks=False):
                            yield entry.stat(follow_symlinks=False).st_size
