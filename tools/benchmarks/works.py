"""What is stored in the benchmark: one large random file, and a tree like a program's source.

Both come from a seed, so every machine measures the same bytes.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

FILE_SIZE = 256 << 20
TREE_FILES = 8_000
TREE_SIZE = 120_000_000

_SEED = 20_240_229
_EPOCH = 1_500_000_000
_SUFFIXES = (".py", ".c", ".h", ".go", ".js", ".html", ".md", ".txt", ".json", ".css")
_SYLLABLES = ("con", "er", "file", "get", "in", "key", "line", "list", "map", "node", "os", "path")
_KEYWORDS = ("if", "for", "while", "return", "def", "class", "import", "from", "try", "not", "None")


def make_file(path: Path, *, size: int = FILE_SIZE) -> Path:
    """A file no compression or deduplication makes smaller."""
    chance = random.Random(_SEED)
    with path.open("wb") as file:
        for start in range(0, size, 1 << 20):
            file.write(chance.randbytes(min(1 << 20, size - start)))
    _set_time(path, _EPOCH)
    return path


def make_tree(top: Path, *, files: int = TREE_FILES, size: int = TREE_SIZE) -> Path:
    """A tree of `files` text files of mixed sizes, `size` bytes together, one in 16 a copy."""
    chance = random.Random(_SEED)
    lines = _lines(chance, 30_000)
    # Common lines are common, as in real source, but most lines of a file are its own.
    odds = list(accumulate(1 / (rank + 200) for rank in range(len(lines))))
    folders = _folders(chance, top, files // 13)
    texts: list[bytes] = []
    for number, wanted in enumerate(_sizes(chance, files, size)):
        kin = [text for text in texts[-40:] if len(text) == wanted]
        text = kin[0] if kin else _text(chance, lines, odds, wanted)
        texts = [*texts[-40:], text]
        folder = chance.choice(folders)
        name = f"{_word(chance)}_{number}{chance.choice(_SUFFIXES)}"
        (folder / name).write_bytes(text)
        (folder / name).chmod(0o755 if chance.random() < 0.03 else 0o644)
        _set_time(folder / name, _EPOCH + chance.random() * 1e8)
    for folder in folders:
        folder.chmod(0o755)
        _set_time(folder, _EPOCH + 2e8)
    return top


def _sizes(chance: random.Random, files: int, total: int) -> Iterator[int]:
    """How large each file is: most are small, few are large; a copy follows its original."""
    drawn = [min(chance.lognormvariate(0, 1.3), 40.0) for _ in range(files)]
    for number in range(16, files, 16):
        drawn[number] = drawn[number - chance.randrange(1, 15)]
    scale = total / sum(drawn)
    left = total
    for number, share in enumerate(drawn, 1):
        size = left if number == files else min(left, int(share * scale))
        left -= size
        yield size


def _folders(chance: random.Random, top: Path, count: int) -> list[Path]:
    top.mkdir()
    folders = [top]
    while len(folders) < max(count, 1):
        parent = chance.choice(folders)
        if len(parent.relative_to(top).parts) < 7:
            folder = parent / f"{_word(chance)}{len(folders)}"
            folder.mkdir()
            folders.append(folder)
    return folders


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randrange(1, 4)))


def _lines(chance: random.Random, count: int) -> list[bytes]:
    words = [*_KEYWORDS * 12, *("_".join((_word(chance), _word(chance))) for _ in range(3000))]
    marks = (" ", " ", " ", ".", "(", ") ", " = ", ", ", ": ")
    lines = []
    for _ in range(count):
        parts = [" " * 4 * chance.randrange(5)]
        for _ in range(chance.randrange(1, 9)):
            parts += (chance.choice(words), chance.choice(marks))
        lines.append("".join(parts).rstrip().encode() + b"\n")
    return lines


def _text(chance: random.Random, lines: list[bytes], odds: list[float], size: int) -> bytes:
    parts: list[bytes] = []
    have = 0
    while have < size:
        more = chance.choices(lines, cum_weights=odds, k=(size - have) // 40 + 1)
        parts += more
        have += sum(map(len, more))
    return b"".join(parts)[:size]


def _set_time(path: Path, seconds: float) -> None:
    os.utime(path, (seconds, seconds))
