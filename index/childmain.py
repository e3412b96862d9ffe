"""The program of the processes that make an index; `children.py` runs it.

Its arguments are the module whose `main` is to be called, the numbers of the connections that
are given to that, with commas between, and the folders that its modules are imported from.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from importlib import import_module
from multiprocessing.connection import Connection

_NICENESS = 10


def main() -> None:
    module, numbers, *paths = sys.argv[1:]
    sys.path[:0] = paths
    # Such signals are for who started this, and ends it by closing the connections.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(_NICENESS)
    # Rows are many values and hardly a cycle among them.
    gc.set_threshold(100_000, 50, 50)
    connections = [Connection(int(number)) for number in numbers.split(",")]
    try:
        import_module(module).main(*connections)
    except (EOFError, OSError) as error:
        # A connection that ends in the middle of a message says so without a number.
        is_over = isinstance(error, EOFError | ConnectionError) or error.errno is None
        if not is_over:
            raise
        # Nobody wants it any longer. At once, for threads may wait for what never comes.
        os._exit(1)


if __name__ == "__main__":
    main()
