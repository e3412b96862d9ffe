"""Pack files: what is written, found, skipped and erased, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.backends.packfile import Gap, PackFile, Record, _run_header
from holdfast.blobstore.records import encode
from holdfast.blobstore.ref import Blob, Ref


def blob(data: bytes, hash_name: str = "sha224") -> Blob:
    return Blob(Ref.of(data, hash_name=hash_name), data)


BLOBS = [blob(b""), blob(b"one"), blob(b"two" * 1000, "sha1"), blob(b"three" * 9000, "sha256")]


@pytest.fixture
def pack(tmp_path: Path) -> PackFile:
    made = PackFile(tmp_path / "pack-00000.blobs", writable=True, create=True)
    made.append([encode(BLOBS)])
    return made


def refs(pack: PackFile, start: int = 0) -> list[Ref | None]:
    return [found.ref for found in pack.scan(start) if isinstance(found, Record)]


def gaps(pack: PackFile) -> list[Gap]:
    return [found for found in pack.scan() if isinstance(found, Gap)]


def test_a_scan_finds_every_record_and_where_its_bytes_are(pack: PackFile) -> None:
    found = list(pack.scan())
    assert [record.ref for record in found if isinstance(record, Record)] == [b.ref for b in BLOBS]
    for record, (_, data) in zip(found, BLOBS, strict=True):
        assert isinstance(record, Record)
        assert pack.read(record.data, record.size) == data


def test_the_reference_writes_the_same_bytes() -> None:
    data = b"k" * 449
    ref = Ref.parse("sha224-1b51bbb38f615bd39ca400f187d619fc3c14d15c66c21a50c4ad8487")
    assert encode([Blob(ref, data)]).startswith(b"[" + ref.encode() + b" 449]k")
    assert len(encode([Blob(ref, data)])) == 518


def test_every_torn_tail_is_found_where_it_begins(pack: PackFile, tmp_path: Path) -> None:
    whole = pack.path.read_bytes()
    start = len(encode(BLOBS[:2]))
    tail = encode(BLOBS[2:3])
    for length in range(1, len(tail)):
        path = tmp_path / "torn"
        path.write_bytes(whole[: start + length])
        torn = PackFile(path, writable=False)
        assert gaps(torn) == [Gap(start, start + length, is_tail=True)]
        assert refs(torn) == [b.ref for b in BLOBS[:2]]
        torn.close()


@given(garbage=st.binary(min_size=1, max_size=600))
def test_good_records_behind_damage_are_never_given_up(
    garbage: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("damage") / "pack"
    first, second = encode(BLOBS[:2]), encode(BLOBS[2:])
    path.write_bytes(first + b"\0" + garbage + second)
    damaged = PackFile(path, writable=False)
    assert [ref for ref in refs(damaged) if ref in {b.ref for b in BLOBS}] == [b.ref for b in BLOBS]
    assert all(not gap.is_tail for gap in gaps(damaged))
    damaged.close()


def test_a_header_without_its_bytes_behind_damage_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pack"
    path.write_bytes(encode(BLOBS[:1]) + b"\0\0[" + BLOBS[1].ref.encode() + b" 3]xxx")
    pack = PackFile(path, writable=False)
    (gap,) = gaps(pack)
    assert gap.is_tail


def test_erased_neighbours_become_one_record_and_a_hole(tmp_path: Path) -> None:
    many = [blob(b"%d" % number * 50) for number in range(2000)]
    pack = PackFile(tmp_path / "pack", writable=True, create=True)
    pack.append([encode(many)])
    pack.sync()
    before = pack.path.stat().st_blocks
    records = [found for found in pack.scan() if isinstance(found, Record)]
    pack.erase(records[1:-1])
    assert refs(pack) == [many[0].ref, None, many[-1].ref]
    assert gaps(pack) == []
    assert pack.path.stat().st_blocks < before / 10
    assert pack.path.stat().st_size == pack.size


def test_erasing_joins_what_was_erased_right_behind(pack: PackFile) -> None:
    records = [found for found in pack.scan() if isinstance(found, Record)]
    pack.erase(records[2:3])
    pack.erase(records[1:2])
    assert refs(pack) == [BLOBS[0].ref, None, BLOBS[3].ref]


@given(st.integers(min_value=7, max_value=2**31))
def test_the_header_of_an_erased_run_accounts_for_every_byte(length: int) -> None:
    head = _run_header(length)
    assert head.startswith(b"[x-0")
    assert len(head) + int(head[head.index(b" ") + 1 : -1]) == length
