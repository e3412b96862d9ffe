"""A program that becomes another, which then may not take much; it imports nothing of ours.

Its arguments are the seconds of processor time, the bytes of memory and the bytes of a file that
the other may have, and that one's own command line.
"""

from __future__ import annotations

import os
import resource
import sys


def main() -> None:
    seconds, memory, written = map(int, sys.argv[1:4])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)
    os.execv(sys.argv[4], sys.argv[4:])  # noqa: S606 - what this is for


if __name__ == "__main__":
    main()
