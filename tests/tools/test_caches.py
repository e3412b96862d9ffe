from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from holdfast.blobstore.ref import Ref
from holdfast.tools.cachefile import CacheFile, sweep
from holdfast.tools.havecache import HaveCache
from holdfast.tools.statcache import Folder, Part, StatCache, pack_entry, unpack_entries, unsure


def refs(count: int, start: int = 0) -> list[Ref]:
    return [Ref.of(b"%d" % n) for n in range(start, start + count)]


def test_what_was_added_is_known_also_to_the_next_one(tmp_path: Path) -> None:
    first = HaveCache(tmp_path, store="one")
    first.add(refs(1200))
    assert first.known(refs(1300)) == set(refs(1200))
    first.close()
    assert HaveCache(tmp_path, store="one").known(refs(1300)) == set(refs(1200))


def test_another_generation_knows_nothing(tmp_path: Path) -> None:
    HaveCache(tmp_path, store="one").add(refs(3))
    assert HaveCache(tmp_path, store="two").known(refs(3)) == set()


def test_blobs_of_two_hashes_are_told_apart(tmp_path: Path) -> None:
    cache = HaveCache(tmp_path, store="one")
    cache.add([Ref("sha224-" + "ab" * 28)])
    assert not cache.known([Ref("sha256-" + "ab" * 32), Ref("sha1-" + "ab" * 20)])


def test_the_oldest_half_is_forgotten_at_the_limit(tmp_path: Path) -> None:
    cache = HaveCache(tmp_path, store="one", limit=1000)
    for start in range(0, 5000, 100):
        cache.add(refs(100, start))
    known = cache.known(refs(5000))
    assert known.issuperset(refs(500, 4500))
    assert len(known) <= 1000
    assert not known.intersection(refs(3000))


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    cache = HaveCache(tmp_path, store="one")
    cache.add(refs(2000))
    cache.close()
    (file,) = tmp_path.glob("have-*.sqlite")
    for damage in (b"no database at all" * 100, file.read_bytes()[:5000], b""):
        file.write_bytes(damage)
        again = HaveCache(tmp_path, store="one")
        again.known(refs(10))
        again.add(refs(7))
        assert set(refs(7)) <= again.known(refs(7))
        again.close()


def test_a_cache_damaged_while_it_is_used_loses_only_what_it_knew(tmp_path: Path) -> None:
    cache = HaveCache(tmp_path, store="one")
    cache.add(refs(3000))
    (file,) = tmp_path.glob("have-*.sqlite")
    with file.open("r+b") as damaged:
        damaged.write(b"\xff" * damaged.seek(0, os.SEEK_END))
    for start in range(0, 3000, 500):
        cache.known(refs(500, start))
        cache.add(refs(500, start + 10_000))
    cache.close()
    HaveCache(tmp_path, store="one").add(refs(3))
    assert HaveCache(tmp_path, store="one").known(refs(3)) == set(refs(3))


def test_a_folder_nobody_can_write_to_only_means_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = HaveCache(tmp_path / "file", store="one")
    cache.add(refs(3))
    assert cache.known(refs(3)) == set()


def test_two_at_once_use_one_cache(tmp_path: Path) -> None:
    caches = [HaveCache(tmp_path, store="one") for _ in range(2)]
    threads = [
        threading.Thread(target=lambda c=c, n=n: [c.add(refs(50, 5000 * n + i)) for i in range(40)])
        for n, c in enumerate(caches)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert HaveCache(tmp_path, store="one").known(refs(80)) == set(refs(80))
    assert len(HaveCache(tmp_path, store="one").known(refs(80, 5000))) == 80


def test_caches_that_nobody_used_for_a_month_go(tmp_path: Path) -> None:
    HaveCache(tmp_path, store="old").add(refs(1))
    HaveCache(tmp_path, store="new").add(refs(1))
    old = next(path for path in tmp_path.glob("*.sqlite") if path.exists())
    for path in (old, *tmp_path.glob(old.name + "-*")):
        os.utime(path, (time.time() - 40 * 86400,) * 2)
    sweep(tmp_path)
    assert not old.exists()
    assert len(list(tmp_path.glob("*.sqlite"))) == 1


def test_a_cache_of_another_version_is_made_anew(tmp_path: Path) -> None:
    cache = CacheFile(tmp_path / "c.sqlite", "CREATE TABLE t (x)")
    cache.change([("INSERT INTO t VALUES (?)", [(1,)]), ("PRAGMA user_version=99", [])])
    cache.query("PRAGMA user_version=99", ())
    cache.close()
    again = CacheFile(tmp_path / "c.sqlite", "CREATE TABLE t (x)")
    assert again.query("SELECT * FROM t", ()) == []
    again.change([("INSERT INTO t VALUES (?)", [(2,)])])
    assert again.query("SELECT * FROM t", ()) == [(2,)]


def test_entries_come_back_as_they_were_packed(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    stat = (tmp_path / "f").stat()
    entries = [pack_entry(name, stat) for name in (b"a", b"\xff" * 255, b"")]
    digests = [bytes([n]) * 28 for n in range(3)]
    found = list(unpack_entries(b"".join(entries), b"".join(digests), digest_size=28))
    assert [name for name, _, _ in found] == [b"a", b"\xff" * 255, b""]
    assert [entry for _, entry, _ in found] == entries
    assert [digest for _, _, digest in found] == digests


def test_an_unsure_entry_equals_no_file_and_keeps_its_name(tmp_path: Path) -> None:
    entry = pack_entry(b"name", tmp_path.stat())
    ((name, kept, _),) = unpack_entries(unsure(entry), bytes(28), digest_size=28)
    assert name == b"name"
    assert kept != entry
    assert len(kept) == len(entry)


def test_a_folder_forgets_parts_it_no_longer_has(tmp_path: Path) -> None:
    cache = StatCache(tmp_path, store="one")
    cache.remember(
        [*(Part(b"/p", n, b"facts", b"refs") for n in range(3)), Part(b"/q", 0, b"", b"")]
    )
    cache.remember([Folder(b"/p", b"digest", b"ref", 1)])
    assert cache.part(b"/p", 0) is not None
    assert cache.part(b"/p", 1) is None
    assert cache.part(b"/q", 0) is not None
    assert cache.folder(b"/p") == (b"digest", b"ref")
    assert cache.folder(b"/q") is None
