"""The program that reads one PDF file from its input and writes its text, under hard limits.

It is run by `pdf.py`, alone and isolated, and imports nothing of ours.
"""

from __future__ import annotations

import io
import os
import resource
import sys

_MEMORY = 512 * 1024 * 1024
_MOST_PAGES = 5000


def main() -> int:
    library, most, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sys.path.append(library)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from pypdf import PdfReader

    out = os.fdopen(sys.stdout.fileno(), "wb", closefd=False)
    # Whatever a broken file makes the library raise, the pages before it are the text.
    try:
        reader = PdfReader(io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False)))
        for number, page in enumerate(reader.pages):
            if number >= _MOST_PAGES or most <= 0:
                break
            if text := page.extract_text().strip()[:most]:
                most -= len(text) + 1
                out.write(text.encode("utf-8", "replace") + b"\n")
                out.flush()
    except Exception:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
