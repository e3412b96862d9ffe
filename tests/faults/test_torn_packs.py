"""Packs and tables in every state a crash, a copy or another program may leave them in."""

from __future__ import annotations

import gc
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.errors import BlobNotFound, TableDamaged
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.records import encode, header
from holdfast.blobstore.ref import Blob, Ref
from holdfast.blobstore.storage import Storage, fetch_one
from holdfast.index.kv.leveldb import open_leveldb

TABLE = "index.leveldb"


def blob(text: str) -> Blob:
    return Blob(Ref.of(text.encode()), text.encode())


OLD = [blob(f"number {number} " + "x" * (number * 37 % 200)) for number in range(12)]
LATER = blob("appended after all that")


def opened(folder: Path, **options: int) -> Storage:
    return PackedStorage(folder, open_table=open_leveldb, **options)


def put(storage: Storage, *blobs: Blob) -> None:
    for receipt in Hub(storage).receive(blobs):
        assert receipt.error is None


def made(folder: Path, blobs: Sequence[Blob] = OLD, **options: int) -> Path:
    """A store that was closed in order; the path of its last pack."""
    storage = opened(folder, **options)
    for one in blobs:
        put(storage, one)
    storage.close()
    return max(folder.glob("pack-*.blobs"))


def content(storage: Storage) -> set[Ref]:
    """The refs a store lists, all of which it must be able to serve."""
    refs = [ref for ref, _ in storage.enumerate()]
    assert refs == sorted(set(refs))
    for found, ref in zip(storage.fetch(refs), refs, strict=True):
        assert found.ref == ref
        assert ref.matches(found.data)
    return set(refs)


def check(folder: Path, owed: Sequence[Blob], *, lost: Sequence[Blob] = ()) -> None:
    """What is owed is there, what was lost can be put again, and all survives a rebuild."""
    storage = opened(folder)
    here = content(storage)
    assert {ref for ref, _ in owed} <= here
    for one in lost:
        assert one.ref not in here
        with pytest.raises(BlobNotFound):
            fetch_one(storage, one.ref)
    put(storage, LATER, *lost)
    assert fetch_one(storage, LATER.ref) == LATER.data
    storage.close()
    shutil.rmtree(folder / TABLE)
    storage = opened(folder)
    assert content(storage) == here | {LATER.ref} | {ref for ref, _ in lost}
    storage.close()


def copied(folder: Path, to: Path) -> Path:
    if to.exists():
        shutil.rmtree(to)
    return Path(shutil.copytree(folder, to))


# Tails


@pytest.mark.parametrize("keeps_table", [True, False], ids=["with its table", "without"])
def test_a_pack_cut_anywhere_in_its_last_two_records_keeps_the_others(
    tmp_path: Path, keeps_table: bool
) -> None:
    blobs = [blob("first"), blob("second"), blob("last but one, cut"), blob("the last one")]
    pack = made(tmp_path / "store", blobs)
    if not keeps_table:
        shutil.rmtree(tmp_path / "store" / TABLE)
    whole = pack.read_bytes()
    last = len(whole) - len(encode(blobs[3:]))
    last_but_one = last - len(encode(blobs[2:3]))
    # A pack that is shorter than its table knows has none to trust, so every byte once will do.
    for size in range(last_but_one, len(whole) + 1, 1 if keeps_table else 9):
        folder = copied(tmp_path / "store", tmp_path / "cut")
        with (folder / pack.name).open("r+b") as file:
            file.truncate(size)
        kept = 2 + (size >= last) + (size == len(whole))
        check(folder, blobs[:kept], lost=blobs[kept:])
        # Nothing of the cut record stayed, so that other programs can read the pack too.
        packed = (folder / pack.name).read_bytes()
        assert packed == encode([*blobs[:kept], LATER, *blobs[kept:]])


TAILS = {
    "zeros": bytes(5000),
    "garbage": bytes(range(7, 256)) * 20,
    "text": b"this is no record at all" * 9,
    "open brackets": b"[" * 3000,
    "a header alone": header(Ref.of(b"never came"), 10),
    "half a header": header(Ref.of(b"never came"), 10)[:40],
    "a header and half its bytes": header(Ref.of(b"never came"), 10) + b"never",
    "a header and zeros": header(Ref.of(b"never came"), 10) + bytes(10),
    "a huge size": b"[" + Ref.of(b"never came").encode() + b" 99999999999999999999]xx",
    "an unknown hash": b"[sha999-0123456789abcdef 4]data",
    "a header too long": b"[sha224-" + b"0" * 5000,
    "an erased header torn": b"[xxxxxx-0000" + Ref.of(b"y").encode()[12:] + b" 1]y",
}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
@pytest.mark.parametrize("keeps_table", [True, False], ids=["with its table", "without"])
def test_bytes_behind_the_last_record_do_no_harm(
    tmp_path: Path, tail: bytes, keeps_table: bool
) -> None:
    pack = made(tmp_path / "store")
    with pack.open("ab") as file:
        file.write(tail)
    if not keeps_table:
        shutil.rmtree(tmp_path / "store" / TABLE)
    check(tmp_path / "store", OLD)


def test_a_write_of_which_only_the_end_reached_the_disk_is_not_believed(tmp_path: Path) -> None:
    pack = made(tmp_path / "store")
    lost = blob("lost " * 2000)
    record = bytearray(encode([lost]))
    record[1000:5000] = bytes(4000)
    with pack.open("ab") as file:
        file.write(record)
    check(tmp_path / "store", OLD, lost=[lost])


@pytest.mark.parametrize("keeps_table", [True, False], ids=["with its table", "without"])
def test_a_half_written_blob_is_not_listed_once_its_pack_is_an_old_one(
    tmp_path: Path, keeps_table: bool
) -> None:
    store = tmp_path / "store"
    pack = made(store)
    lost = blob("lost " * 2000)
    with pack.open("ab") as file:
        file.write(header(lost.ref, len(lost.data)) + bytes(len(lost.data)))
    if not keeps_table:
        shutil.rmtree(store / TABLE)
    later = [blob(f"makes the pack grow {number} " * 20) for number in range(20)]
    storage = opened(store, max_pack_size=2000)
    put(storage, *later)
    storage.close()
    assert len(list(store.glob("pack-*.blobs"))) > 1
    shutil.rmtree(store / TABLE)
    check(store, [*OLD, *later], lost=[lost])


def test_one_lost_page_in_a_batch_costs_no_other_blob_of_it(tmp_path: Path) -> None:
    pack = made(tmp_path / "store")
    batch = [blob(f"of a batch {number} " * 20) for number in range(40)]
    lost = batch[7]
    raw = encode(batch).replace(lost.data, bytes(len(lost.data)))
    with pack.open("ab") as file:
        file.write(raw)
    check(tmp_path / "store", [*OLD, *(one for one in batch if one != lost)], lost=[lost])


# Damage with good records behind it


def _zero(data: bytearray, start: int, end: int) -> None:
    data[start:end] = bytes(end - start)


def _garble(data: bytearray, start: int, end: int) -> None:
    data[start:end] = bytes((3 * index + 1) % 251 for index in range(end - start))


def _cut(data: bytearray, start: int, end: int) -> None:  # noqa: ARG001
    del data[start:]


def _cut_if_last(is_last: bool) -> Callable[[bytearray, int, int], None]:
    return _cut if is_last else _garble


@pytest.mark.parametrize("part", ["bracket", "header", "header and more", "over two records"])
@pytest.mark.parametrize("spoil", [_zero, _garble])
@pytest.mark.parametrize("number", [0, 5, len(OLD) - 3])
def test_good_records_behind_damage_survive(
    tmp_path: Path, part: str, spoil: Callable[[bytearray, int, int], None], number: int
) -> None:
    pack = made(tmp_path / "store")
    data = bytearray(pack.read_bytes())
    start = len(encode(OLD[:number]))
    spans = {
        "bracket": (start, start + 1),
        "header": (start, start + 69),
        "header and more": (start + 3, len(encode(OLD[: number + 1])) - 1),
        "over two records": (start + 30, len(encode(OLD[: number + 1])) + 20),
    }
    spoil(data, *spans[part])
    pack.write_bytes(data)
    shutil.rmtree(tmp_path / "store" / TABLE)
    hit = 2 if part == "over two records" else 1
    check(
        tmp_path / "store",
        [*OLD[:number], *OLD[number + hit :]],
        lost=OLD[number : number + hit],
    )


def test_damage_in_the_data_of_one_blob_is_that_blobs_alone(tmp_path: Path) -> None:
    pack = made(tmp_path / "store", max_pack_size=700)
    first = min(pack.parent.glob("pack-*.blobs"))
    assert first != pack
    data = bytearray(first.read_bytes())
    at = data.index(OLD[1].data)
    data[at] ^= 1
    first.write_bytes(data)
    shutil.rmtree(tmp_path / "store" / TABLE)
    storage = opened(tmp_path / "store")
    for one in OLD:
        if one != OLD[1]:
            assert fetch_one(storage, one.ref) == one.data
    put(storage, OLD[1])
    storage.close()


@pytest.mark.parametrize("is_last", [True, False], ids=["in the last pack", "in an older one"])
@pytest.mark.parametrize("cut", [3, 40, 90])
def test_records_another_program_appended_to_a_torn_one_survive(
    tmp_path: Path, cut: int, is_last: bool
) -> None:
    """A diskpacked store goes on behind a torn record as if nothing were: what it then appends
    lies within the bytes the torn record claims."""
    torn = blob("torn " * 100)
    appended = [blob("appended behind it"), blob("and one more " * 40), blob("and a third")]
    store = tmp_path / "store"
    store.mkdir()
    raw = encode(OLD) + encode([torn])[:cut] + encode(appended)
    (store / "pack-00000.blobs").write_bytes(raw)
    if not is_last:
        (store / "pack-00001.blobs").write_bytes(encode([blob("a newer pack")]))
    check(store, [*OLD, *appended], lost=[torn])


def test_a_pack_kept_inside_a_blob_is_only_data(tmp_path: Path) -> None:
    inner = blob("a record in a record")
    outer = Blob(Ref.of(encode([inner]) * 3), encode([inner]) * 3)
    made(tmp_path / "store", [*OLD, outer])
    shutil.rmtree(tmp_path / "store" / TABLE)
    storage = opened(tmp_path / "store")
    assert content(storage) == {ref for ref, _ in [*OLD, outer]}
    storage.close()


@pytest.mark.parametrize("seed", range(60))
def test_damage_anywhere_costs_no_blob_it_did_not_touch(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = tmp_path / "store"
    blobs = [
        blob(f"{seed}/{number} " + "z" * min(9000, int(20 * chance.paretovariate(0.7))))
        for number in range(60)
    ]
    made(store, blobs, max_pack_size=chance.choice((3000, 30_000, 1 << 30)))
    if chance.random() < 0.7:
        shutil.rmtree(store / TABLE)
    packs = sorted(store.glob("pack-*.blobs"))
    touched: set[Ref] = set()
    for _ in range(chance.randrange(1, 5)):
        pack = chance.choice(packs)
        data = bytearray(pack.read_bytes())
        if not data:
            continue
        start = chance.randrange(len(data))
        end = min(len(data), start + chance.choice((1, 10, 100, 5000)))
        spoil = chance.choice((_zero, _garble, _cut_if_last(pack == packs[-1])))
        for one in blobs:
            at = data.find(encode([one]))
            if (
                at >= 0
                and at < (len(data) if spoil is _cut else end)
                and start < at + len(encode([one]))
            ):
                touched.add(one.ref)
        spoil(data, start, end)
        pack.write_bytes(data)
    owed = [one for one in blobs if one.ref not in touched]
    for _ in range(2):
        storage = opened(store)
        for one in owed:
            assert fetch_one(storage, one.ref) == one.data
        put(storage, *(one for one in blobs if one.ref in touched))
        storage.close()
        shutil.rmtree(store / TABLE)


# The table


def test_a_lost_table_is_made_again_and_nothing_is_stored_twice(tmp_path: Path) -> None:
    pack = made(tmp_path / "store")
    size = pack.stat().st_size
    shutil.rmtree(tmp_path / "store" / TABLE)
    storage = opened(tmp_path / "store")
    assert content(storage) == {ref for ref, _ in OLD}
    assert storage.receive(OLD) == [False] * len(OLD)
    storage.close()
    assert pack.stat().st_size == size


def test_an_older_table_put_back_learns_what_came_since(tmp_path: Path) -> None:
    store = tmp_path / "store"
    made(store, OLD[:6], max_pack_size=500)
    shutil.copytree(store / TABLE, tmp_path / "old")
    storage = opened(store, max_pack_size=500)
    put(storage, *OLD[6:])
    storage.close()
    shutil.rmtree(store / TABLE)
    shutil.copytree(tmp_path / "old", store / TABLE)
    check(store, OLD)


@pytest.mark.parametrize("number", [0, 5, 11])
def test_an_older_table_put_back_brings_no_removed_blob_back(tmp_path: Path, number: int) -> None:
    store = tmp_path / "store"
    made(store)
    shutil.copytree(store / TABLE, tmp_path / "old")
    storage = opened(store)
    storage.remove([OLD[number].ref])
    storage.close()
    shutil.rmtree(store / TABLE)
    shutil.copytree(tmp_path / "old", store / TABLE)
    check(store, [one for one in OLD if one != OLD[number]], lost=[OLD[number]])


def test_a_removed_blob_stays_away_when_the_table_is_lost(tmp_path: Path) -> None:
    store = tmp_path / "store"
    made(store)
    storage = opened(store)
    storage.remove([OLD[3].ref, OLD[4].ref, OLD[11].ref])
    storage.close()
    shutil.rmtree(store / TABLE)
    kept = [one for index, one in enumerate(OLD) if index not in (3, 4, 11)]
    check(store, kept, lost=[OLD[3], OLD[4], OLD[11]])


@pytest.mark.parametrize("other_pack", [False, True], ids=["one pack", "two packs"])
def test_a_blob_that_stood_twice_is_gone_when_removed_once(
    tmp_path: Path, other_pack: bool
) -> None:
    """Perkeep writes blobs again when it has lost its table."""
    store = tmp_path / "store"
    store.mkdir()
    (store / "pack-00000.blobs").write_bytes(encode(OLD) + (b"" if other_pack else encode(OLD[:3])))
    if other_pack:
        (store / "pack-00001.blobs").write_bytes(encode(OLD[:3]))
    storage = opened(store)
    storage.remove([OLD[1].ref])
    with pytest.raises(BlobNotFound):
        fetch_one(storage, OLD[1].ref)
    storage.close()
    shutil.rmtree(store / TABLE)
    check(store, [OLD[0], *OLD[2:]], lost=[OLD[1]])


@pytest.mark.parametrize("kept", [0, 3, 9])
def test_rows_of_records_the_pack_does_not_have_are_forgotten(tmp_path: Path, kept: int) -> None:
    pack = made(tmp_path / "store")
    with pack.open("r+b") as file:
        file.truncate(len(encode(OLD[:kept])))
    check(tmp_path / "store", OLD[:kept], lost=OLD[kept:])


def test_rows_of_a_pack_that_is_gone_are_forgotten(tmp_path: Path) -> None:
    store = tmp_path / "store"
    last = made(store, max_pack_size=500)
    held = [one for one in OLD if one.data in last.read_bytes()]
    last.unlink()
    check(store, [one for one in OLD if one not in held], lost=held)


def _each_file(suffixes: tuple[str, ...], change: Callable[[Path], None]) -> Callable[..., None]:
    def apply(table: Path) -> None:
        for path in list(table.iterdir()):
            if path.name.startswith(suffixes) or path.name.endswith(suffixes):
                change(path)

    return apply


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _noise(path: Path) -> None:
    path.write_bytes(bytes((7 * index + 3) % 256 for index in range(path.stat().st_size)))


def _as_file(table: Path) -> None:
    shutil.rmtree(table)
    table.write_bytes(b"a file where a folder should be")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "no CURRENT": _each_file(("CURRENT",), Path.unlink),
    "empty CURRENT": _each_file(("CURRENT",), lambda path: path.write_bytes(b"") and None),
    "CURRENT names no file": _each_file(
        ("CURRENT",), lambda path: path.write_bytes(b"MANIFEST-999999\n") and None
    ),
    "no MANIFEST": _each_file(("MANIFEST",), Path.unlink),
    "noise in MANIFEST": _each_file(("MANIFEST",), _noise),
    "half a MANIFEST": _each_file(("MANIFEST",), _half),
    "no logs": _each_file((".log",), Path.unlink),
    "noise in logs": _each_file((".log",), _noise),
    "half of the logs": _each_file((".log",), _half),
    "no sorted files": _each_file((".ldb", ".sst"), Path.unlink),
    "noise in sorted files": _each_file((".ldb", ".sst"), _noise),
    "half of the sorted files": _each_file((".ldb", ".sst"), _half),
    "all files empty": _each_file(("",), lambda path: path.write_bytes(b"") and None),
    "no checkpoint": _each_file(("checkpoint",), Path.unlink),
    "empty checkpoint": _each_file(("checkpoint",), lambda path: path.write_bytes(b"") and None),
    "noise in the checkpoint": _each_file(("checkpoint",), _noise),
    "a checkpoint beyond the packs": _each_file(
        ("checkpoint",), lambda path: path.write_bytes(b"999 999999 0\n") and None
    ),
    "an empty folder": _each_file(("",), Path.unlink),
    "a file": _as_file,
}


@pytest.mark.parametrize("harm", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("opens", [1, 3], ids=["a fresh table", "a reopened table"])
def test_a_damaged_table_is_made_again(
    tmp_path: Path, harm: Callable[[Path], None], opens: int
) -> None:
    store = tmp_path / "store"
    made(store)
    for _ in range(opens - 1):
        # LevelDB turns its log into a sorted file when it is opened again.
        opened(store).close()
    harm(store / TABLE)
    try:
        check(store, OLD)
    except TableDamaged:
        # Some damage shows only when rows are read. Then a restart must be all it takes.
        gc.collect()
        check(store, OLD)
