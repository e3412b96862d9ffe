"""The cache on disk: bounded, and nothing that happens to its file is ever an error."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import holdfast
from holdfast.blobstore.ref import Ref
from holdfast.ui.thumbs.cache import ThumbnailCache
from holdfast.ui.thumbs.kept import Kept, Key
from holdfast.ui.thumbs.thumbnail import Box, Thumbnail

MIB = 1 << 20
BOX = Box(2000, 256)


def key(number: int, box: Box = BOX) -> Key:
    return Key(Ref.of(b"%d" % number), box)


def picture(number: int, size: int = 10_000) -> Thumbnail:
    return Thumbnail(random.Random(number).randbytes(size), "image/jpeg")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "thumbnails.sqlite"


@pytest.fixture
def cache(path: Path) -> ThumbnailCache:
    return ThumbnailCache(path, most=4 * MIB)


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def test_what_was_put_is_found_also_later(path: Path, cache: ThumbnailCache) -> None:
    cache.put(key(1), picture(1))
    cache.put(key(1, Box(64, 64)), Thumbnail(b"small", "image/png"))
    assert cache.get(key(1)) == picture(1)
    assert cache.get(key(2)) is None
    cache.close()
    later = ThumbnailCache(path, most=4 * MIB)
    assert later.get(key(1)) == picture(1)
    assert later.get(key(1, Box(64, 64))) == Thumbnail(b"small", "image/png")


def test_putting_it_twice_changes_nothing(cache: ThumbnailCache) -> None:
    for _ in range(2):
        cache.put(key(1), picture(1))
    assert cache.get(key(1)) == picture(1)


def test_it_never_has_more_than_it_may(path: Path, cache: ThumbnailCache) -> None:
    for number in range(1500):
        cache.put(key(number), picture(number, 1000 + number * 37 % 30_000))
        assert path.stat().st_size <= 4 * MIB
    assert size_of(path.parent) < 4 * MIB + 10 * MIB
    assert cache.get(key(1499)) == picture(1499, 1000 + 1499 * 37 % 30_000)
    assert cache.get(key(0)) is None


def test_what_is_used_stays(path: Path) -> None:
    now = [1e9]
    cache = ThumbnailCache(path, most=4 * MIB, clock=lambda: now[0])
    for number in range(1000):
        now[0] += 4000
        cache.put(key(number), picture(number))
        assert cache.get(key(0)) == picture(0)
    assert cache.get(key(1)) is None


def test_uses_are_known_after_a_restart(path: Path) -> None:
    now = [1e9]
    cache = ThumbnailCache(path, most=4 * MIB, clock=lambda: now[0])
    for number in range(200):
        cache.put(key(number), picture(number))
    now[0] += 100_000
    assert cache.get(key(0))
    cache.close()
    later = ThumbnailCache(path, most=4 * MIB, clock=lambda: now[0])
    for number in range(200, 500):
        later.put(key(number), picture(number))
    assert later.get(key(0)) == picture(0)
    assert later.get(key(1)) is None


def test_what_is_much_too_large_is_not_kept(cache: ThumbnailCache) -> None:
    cache.put(key(1), picture(1))
    cache.put(key(2), picture(2, 2 * MIB))
    assert cache.get(key(2)) is None
    assert cache.get(key(1)) == picture(1)


def test_one_that_may_have_less_now_begins_anew(path: Path, cache: ThumbnailCache) -> None:
    for number in range(350):
        cache.put(key(number), picture(number))
    cache.close()
    assert path.stat().st_size > 2 * MIB
    later = ThumbnailCache(path, most=2 * MIB)
    later.put(key(1), picture(1))
    assert path.stat().st_size < MIB


def test_what_is_removed_is_forgotten_in_all_sizes(cache: ThumbnailCache) -> None:
    for number in range(3):
        for box in (BOX, Box(64, 64)):
            cache.put(key(number, box), picture(number))
    cache.forget([key(1).ref, Ref.of(b"never there")])
    assert cache.get(key(1)) is None
    assert cache.get(key(1, Box(64, 64))) is None
    assert cache.get(key(0)) == picture(0)
    assert cache.get(key(2, Box(64, 64))) == picture(2)


@pytest.mark.parametrize("what", ["file", "folder", "log", "all but the file"])
def test_it_may_be_deleted_at_any_time(path: Path, cache: ThumbnailCache, what: str) -> None:
    cache.put(key(1), picture(1))
    if what == "file":
        path.unlink()
    elif what == "folder":
        shutil.rmtree(path.parent)
    else:
        for file in path.parent.iterdir():
            if file != path and (what != "log" or file.name.endswith("-wal")):
                file.unlink()
    cache.get(key(1))
    cache.put(key(2), picture(2))
    assert cache.get(key(2)) == picture(2)
    assert path.exists()
    cache.close()
    later = ThumbnailCache(path, most=4 * MIB)
    later.put(key(3), picture(3))
    assert later.get(key(3)) == picture(3)


@pytest.mark.parametrize("place", ["head", "middle", "everywhere", "short", "empty", "text"])
def test_a_damaged_file_is_made_anew(
    path: Path, cache: ThumbnailCache, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(100):
        cache.put(key(number), picture(number))
    cache.close()
    data = bytearray(path.read_bytes())
    if place == "head":
        data[:100] = bytes(100)
    elif place == "middle":
        data[len(data) // 2 : len(data) // 2 + 20_000] = b"x" * 20_000
    elif place == "everywhere":
        for at in range(100, len(data), 1000):
            data[at] ^= 255
    elif place == "short":
        del data[len(data) // 2 :]
    elif place == "empty":
        data.clear()
    else:
        data[:] = b"no database\n" * 9999
    path.write_bytes(data)
    later = ThumbnailCache(path, most=4 * MIB)
    for number in range(100):
        # Never the bytes of another, nor changed ones.
        assert later.get(key(number)) in (None, picture(number))
    later.put(key(1000), picture(1000))
    assert later.get(key(1000)) == picture(1000)
    damage = [record for record in caplog.records if "damaged" in record.message]
    assert len(damage) == (0 if place == "empty" else 1)


def test_damage_while_it_runs_is_survived(path: Path, cache: ThumbnailCache) -> None:
    for number in range(100):
        cache.put(key(number), picture(number))
    for file in path.parent.iterdir():
        os.truncate(file, 0)
    for number in range(100):
        assert cache.get(key(number)) in (None, picture(number))
    for number in range(100, 200):
        cache.put(key(number), picture(number))
        assert cache.get(key(number)) in (None, picture(number))
    assert cache.get(key(199)) == picture(199)


def test_one_of_another_version_is_made_anew(path: Path, cache: ThumbnailCache) -> None:
    cache.put(key(1), picture(1))
    cache.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    later = ThumbnailCache(path, most=4 * MIB)
    assert later.get(key(1)) is None
    later.put(key(1), picture(1))
    assert later.get(key(1)) == picture(1)


def test_where_no_file_can_be_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file" / "cache", tmp_path):
        cache = ThumbnailCache(path, most=4 * MIB)
        cache.put(key(1), picture(1))
        assert cache.get(key(1)) is None
        cache.close()


def test_one_that_another_process_uses_is_left_to_it(path: Path, cache: ThumbnailCache) -> None:
    cache.put(key(1), picture(1))
    other = ThumbnailCache(path, most=4 * MIB)
    other.put(key(2), picture(2))
    assert other.get(key(1)) is None
    assert cache.get(key(1)) == picture(1)


def test_a_closed_one_knows_nothing(cache: ThumbnailCache) -> None:
    cache.put(key(1), picture(1))
    cache.close()
    cache.put(key(2), picture(2))
    assert cache.get(key(1)) is None
    cache.close()


def test_many_threads_may_use_it(cache: ThumbnailCache) -> None:
    wrong: list[int] = []

    def work(first: int) -> None:
        for number in range(first, first + 100):
            cache.put(key(number), picture(number))
            if cache.get(key(number)) not in (None, picture(number)):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(first * 50,)) for first in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


_WRITER = """
import sys
from pathlib import Path
from holdfast.blobstore.ref import Ref
from holdfast.ui.thumbs.cache import ThumbnailCache
from holdfast.ui.thumbs.kept import Key
from holdfast.ui.thumbs.thumbnail import Box, Thumbnail
cache = ThumbnailCache(Path(sys.argv[1]), most=4 << 20)
for number in range(10**9):
    ref = Ref.of(b"%d" % number)
    cache.put(Key(ref, Box(2000, 256)), Thumbnail(ref.encode() * 200, "image/jpeg"))
    print(number, flush=True)
"""


def test_it_survives_that_its_process_is_killed(path: Path) -> None:
    assert holdfast.__file__ is not None
    environ = {"PYTHONPATH": str(Path(holdfast.__file__).absolute().parent.parent)}
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, env=environ
        ) as writer:
            assert writer.stdout is not None
            said = [int(writer.stdout.readline()) for _ in range(400)]
            writer.send_signal(signal.SIGKILL)
        cache = ThumbnailCache(path, most=4 * MIB)
        last = key(said[-1])
        assert cache.get(last) == Thumbnail(last.ref.encode() * 200, "image/jpeg")
        cache.close()


def test_memory_keeps_what_was_used_last() -> None:
    kept = Kept(1 * MIB)
    for number in range(200):
        kept.put(key(number), picture(number))
        kept.get(key(0))
        assert kept.held <= MIB
    assert kept.get(key(0)) == picture(0)
    assert kept.get(key(1)) is None
    assert kept.get(key(199)) == picture(199)
    kept.put(key(0), picture(5))
    assert kept.get(key(0)) == picture(5)
    kept.forget([key(0).ref])
    assert kept.get(key(0)) is None
    kept.put(key(7), picture(7, 100_000))
    assert kept.get(key(7)) is None
