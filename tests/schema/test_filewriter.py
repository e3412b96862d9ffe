"""Files into blobs, byte for byte as Perkeep makes them."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.blobstore.errors import StoreFailed
from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import MAX_SCHEMA_SIZE, Part, parse_schema
from holdfast.schema.build import bytes_text, file_fields, file_text
from holdfast.schema.canonical import canonical
from holdfast.schema.errors import SchemaTooLarge
from holdfast.schema.facts import FileFacts
from holdfast.schema.filereader import FileReader
from holdfast.schema.filewriter import (
    SMALL_FILE,
    PartsWriter,
    write_file,
    write_parts,
    write_small_file,
)


def counters() -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in range(900_000))


# What pk-put --contents_only makes of these contents.
@pytest.mark.parametrize(
    ("contents", "parts", "ref"),
    [
        (b"", 0, "sha224-a11145a71bfcf99de09acb843764a5f297a7f21edca8962e130bbb42"),
        (b"x", 1, "sha224-9a20effa0976820b3a22ca25345bbcd219bbfa37c0534bb07a35de94"),
        (bytes(262144), 1, "sha224-70169fa33bd63d8fb6864f10cfbb8cab0e50a325726309c558c255da"),
        (bytes(262145), 2, "sha224-273cfb86c51aa88ae07eba299dc7db5298ac1a0c5da4445d07cb04af"),
        (bytes(20971520), 21, "sha224-bb7e11fa1614a591614e77bbb5e92a0e9a0aef615b1adbd300d8c181"),
        (counters(), 8, "sha224-4494288b84fb5eee71951bf839acc3ae41ebb770848db0d5958b1994"),
        (3000000, 4, "sha224-3c3b330d6351d5ed9556cf3bb555464558a9a166588c581dbaf846a7"),
        (10485760, 11, "sha224-302c0581a2211d8c8d3e91d558a9b8e0c826be562ff857d64f1520da"),
    ],
    ids=["empty", "x", "first", "first+1", "zeros", "counters", "3 MB", "10 MiB"],
)
def test_files_get_the_refs_that_perkeep_gives_them(contents, parts, ref, shelf, stream):
    data = stream[:contents] if isinstance(contents, int) else contents
    assert write_file(FileFacts(), data, shelf.put) == ref
    assert write_file(FileFacts(), io.BytesIO(data).read, shelf.put) == ref
    (blob,) = shelf.fetch((Ref(ref),))
    assert len(parse_schema(*blob).parts) == parts


@pytest.mark.parametrize("size", [1000, 70_001, 262_144, 1_500_000])
def test_contents_that_come_in_pieces_are_written_as_the_same_blobs(size, shelf, stream):
    data = stream[:2_000_000]
    writer = PartsWriter(shelf.put)
    for start in range(0, len(data), size):
        writer.feed(data[start : start + size])
    parts = writer.finish()
    put = []
    assert parts == write_parts(data, lambda blob: put.append(blob.ref))
    assert shelf.put_order == put


def test_the_file_blob_comes_last_and_after_all_it_needs(shelf, stream):
    write_file(FileFacts(name=b"f"), stream[:3_000_000], shelf.put)
    seen = set()
    for ref in shelf.put_order:
        (blob,) = shelf.fetch((ref,))
        if blob.data.startswith(b'{"camliVersion"'):
            for part in parse_schema(*blob).parts:
                assert (part.blob_ref or part.bytes_ref) in seen
        seen.add(ref)
    assert parse_schema(*blob).kind == "file"


def test_another_hash_names_every_blob(shelf, stream):
    write_file(FileFacts(), stream[:1_000_000], shelf.put, hash_name="sha256")
    write_small_file(FileFacts(), b"small", shelf.put, hash_name="sha256")
    assert {ref.hash_name for ref in shelf.put_order} == {"sha256"}


def test_what_put_raises_ends_the_writing(stream):
    def put(_):
        raise StoreFailed("disk", "full")

    with pytest.raises(StoreFailed):
        write_file(FileFacts(), stream[:1_000_000], put)


refs = st.binary().map(Ref.of)
sizes = st.integers(0, 2**40)
parts = st.lists(
    st.one_of(
        st.builds(Part, sizes, refs),
        st.builds(Part, sizes, st.none(), refs),
        st.builds(Part, sizes, refs, st.none(), sizes),
        st.builds(Part, sizes),
    ),
    max_size=4,
)
names = st.one_of(
    st.binary(max_size=20), st.text(max_size=20).map(lambda text: text.encode("utf-8", "ignore"))
)
times = st.one_of(st.none(), st.integers(-(2**61), 2**61), st.integers(), st.integers(0, 2 * 10**9))
owners = st.one_of(st.none(), st.text(max_size=8))
numbers = st.one_of(st.none(), st.integers(0, 2**32 - 1))
facts = st.builds(FileFacts, names, numbers, numbers, numbers, owners, owners, times, times)


@settings(max_examples=400)
@given(facts, parts)
def test_the_fast_text_of_a_file_equals_the_slow_one(facts, parts):
    assert file_text(facts, parts) == canonical(file_fields(facts, parts))


@given(parts)
def test_the_fast_text_of_bytes_equals_the_slow_one(parts):
    slow = canonical({"camliType": "bytes", "parts": file_fields(FileFacts(), parts)["parts"]})
    assert bytes_text(parts) == slow


@given(facts, st.binary(max_size=100))
def test_small_files_are_written_the_same_by_either_way(facts, data):
    fast, slow = [], []
    assert write_small_file(facts, data, fast.append) == write_file(facts, data, slow.append)
    assert fast == slow


def test_a_file_too_large_for_the_small_way_takes_the_other(shelf, stream):
    data = stream[: SMALL_FILE + 100_000]
    assert write_small_file(FileFacts(), data, shelf.put) == write_file(
        FileFacts(), data, shelf.put
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3_000_000), st.integers(0, 1_000_000))
def test_what_was_written_reads_back(new_shelf, stream, size, start):
    shelf = new_shelf()
    data = stream[start : start + size]
    ref = write_file(FileFacts(name=b"n"), io.BytesIO(data).read, shelf.put)
    with FileReader(shelf, ref) as reader:
        assert reader.size == size
        assert reader.read() == data


def test_facts_are_written_as_perkeep_writes_them():
    facts = FileFacts(b"n", 0o104755, 0, 5, "root", None, 1_500_000_000_000_000_000, 10**9)
    fields = json.loads(file_text(facts, []))
    assert fields == {
        "camliVersion": 1,
        "camliType": "file",
        "fileName": "n",
        "parts": [],
        "unixCtime": "1970-01-01T00:00:01Z",
        "unixGroupId": 5,
        "unixMtime": "2017-07-14T02:40:00Z",
        "unixOwner": "root",
        "unixOwnerId": 0,
        "unixPermission": "0755",
    }


def test_the_time_of_change_is_left_out_when_it_says_nothing():
    for ctime_ns in (None, 0, 999_999_999, 7_000_000_001):
        text = file_text(FileFacts(mtime_ns=7_000_000_001, ctime_ns=ctime_ns), [])
        assert b"unixCtime" not in text
    assert b"unixCtime" in file_text(FileFacts(mtime_ns=7_000_000_001, ctime_ns=7 * 10**9), [])
    assert b'"unixPermission": "00"' in file_text(FileFacts(mode=0o100000), [])


def test_times_beyond_the_calendar_do_not_keep_a_file_out(shelf):
    facts = FileFacts(name=b"n", mtime_ns=10**15 * 10**9, ctime_ns=-(10**15) * 10**9)
    ref = write_file(facts, b"abc", shelf.put)
    (blob,) = shelf.fetch((ref,))
    assert b"unixMtime" not in blob.data
    assert b"unixCtime" not in blob.data
    assert parse_schema(*blob).mtime_ns is None


def test_a_list_of_parts_that_outgrows_a_schema_blob_gets_one_level_more(shelf):
    # Ten gigabytes of holes, without writing any: the reading function gives the same zeros.
    zeros = bytes(8 * 1024 * 1024)
    left = 10 * 1024**3

    def read(size: int) -> bytes:
        nonlocal left
        data = zeros[: min(size, left)]
        left -= len(data)
        return data

    ref = write_file(FileFacts(name=b"holes"), read, shelf.put)
    assert all(size <= MAX_SCHEMA_SIZE for _, size in shelf.enumerate())
    with FileReader(shelf, ref) as reader:
        assert reader.size == 10 * 1024**3
        reader.seek(9 * 1024**3 + 5)
        assert reader.read(3) == bytes(3)
    assert len(shelf.put_order) < 20


def test_absurd_facts_are_refused():
    with pytest.raises(SchemaTooLarge, match="at most 1048576"):
        write_file(FileFacts(name=b"n" * 2**20), b"", lambda _: None)
