"""Runs one program and says how long it took and how much memory it had; a program by itself.

The kernel starts a new program's peak memory with that of the process that starts it. The
benchmark holds data, so it has this small one started, without `site`, which then starts what
is to be measured. It is called with the file for the result and the command.
"""

import os
import sys
import time

if __name__ == "__main__":
    result, *command = sys.argv[1:]
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - started
    with open(result, "w") as file:  # noqa: PTH123 - an import of pathlib costs memory
        file.write(f"{seconds} {usage.ru_maxrss * 1024} {usage.ru_utime + usage.ru_stime}")
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
