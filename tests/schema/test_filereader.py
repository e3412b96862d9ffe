"""Files out of blobs."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.blobstore.errors import BlobNotFound
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.blob import Part, parse_schema
from holdfast.schema.build import bytes_text, file_text
from holdfast.schema.errors import BadTree, ChunkUnreadable, NotSchema, WrongKind
from holdfast.schema.facts import FileFacts
from holdfast.schema.filereader import FileReader, Piece
from holdfast.schema.filewriter import write_file

SIZE = 3_000_000


def put_file(shelf, *parts: Part) -> Ref:
    return shelf.put_text(file_text(FileFacts(), parts))


def put_bytes(shelf, *parts: Part) -> Ref:
    return shelf.put_text(bytes_text(parts))


@pytest.fixture(scope="module")
def stored(new_shelf, stream):
    shelf = new_shelf()
    return shelf, write_file(FileFacts(name=b"f"), stream[:SIZE], shelf.put), stream[:SIZE]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, SIZE + 10), st.integers(0, 300_000))
def test_every_range_is_the_slice_of_the_file(stored, start, length):
    shelf, ref, data = stored
    with FileReader(shelf, ref) as reader:
        reader.seek(start)
        assert reader.read(length) == data[start : start + length]
        assert reader.tell() == max(start, min(start + length, SIZE))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, 5000)), max_size=20))
def test_jumping_about_in_a_buffered_reader_reads_the_same(stored, jumps):
    shelf, ref, data = stored
    with io.BufferedReader(FileReader(shelf, ref, ranged=shelf), 4096) as reader:
        for start, length in jumps:
            reader.seek(start)
            assert reader.read(length) == data[start : start + length]


def test_it_is_a_file_like_any_other(stored):
    shelf, ref, data = stored
    reader = FileReader(shelf, ref)
    assert reader.readable()
    assert reader.seekable()
    assert not reader.writable()
    assert reader.seek(-5, os.SEEK_END) == SIZE - 5
    assert reader.seek(2, os.SEEK_CUR) == SIZE - 3
    assert reader.read() == data[-3:]
    assert reader.read(1) == b""
    reader.seek(SIZE + 100)
    assert reader.read(5) == b""
    with pytest.raises(ValueError, match="no position"):
        reader.seek(-1)
    with pytest.raises(ValueError, match="whence"):
        reader.seek(0, 9)
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.read(1)
    with pytest.raises(ValueError, match="closed"):
        reader.seek(0)


def test_the_size_is_known_without_reading_a_chunk(stored):
    shelf, ref, _ = stored
    shelf.fetches.clear()
    assert FileReader(shelf, ref).size == SIZE
    assert shelf.fetched == [ref]


def test_a_file_blob_at_hand_is_not_fetched_again(stored):
    shelf, ref, data = stored
    (blob,) = shelf.fetch((ref,))
    shelf.fetches.clear()
    reader = FileReader(shelf, parse_schema(*blob))
    assert (reader.size, reader.ref) == (SIZE, ref)
    assert reader.read(10) == data[:10]
    assert ref not in shelf.fetched


def test_a_range_touches_only_the_chunks_it_needs(stored):
    shelf, ref, data = stored
    reader = FileReader(shelf, ref)
    (piece,) = reader.layout(1_000_000, 1_000_001)
    shelf.fetches.clear()
    reader.seek(1_000_000)
    assert reader.read(10) == data[1_000_000:1_000_010]
    chunks = [fetched for fetched in shelf.fetched if fetched == piece.chunk]
    assert len(chunks) == 1
    sizes = dict(shelf.stat(shelf.fetched))
    assert sum(size for size in sizes.values() if size > 2000) == sizes[piece.chunk]
    shelf.fetches.clear()
    reader.read(10)
    assert shelf.fetched == []


def test_with_ranges_no_chunk_is_fetched_for_a_small_read(stored):
    shelf, ref, data = stored
    reader = FileReader(shelf, ref, ranged=shelf)
    reader.seek(1_000_000)
    list(reader.layout(1_000_000, 1_000_100))
    shelf.fetches.clear()
    assert reader.read(100) == data[1_000_000:1_000_100]
    assert shelf.fetched == []


def test_the_layout_tells_where_every_byte_is_with_few_fetches(stored):
    shelf, ref, data = stored
    shelf.fetches.clear()
    pieces = list(FileReader(shelf, ref).layout())
    assert len(shelf.fetches) <= 8
    chunks = {blob.ref: blob.data for blob in shelf.fetch({piece.chunk for piece in pieces})}
    offset = 0
    for piece in pieces:
        assert piece.offset == offset
        assert piece.chunk_offset == 0
        assert chunks[piece.chunk] == data[offset : offset + piece.size]
        offset += piece.size
    assert offset == SIZE


def test_a_large_read_fetches_many_chunks_at_once(stored):
    shelf, ref, data = stored
    reader = FileReader(shelf, ref)
    list(reader.layout())
    shelf.fetches.clear()
    assert reader.read() == data
    assert len(shelf.fetches) == 1


def test_parts_have_offsets_holes_and_trees(shelf):
    ten = shelf.put_text("0123456789")
    tree = put_bytes(shelf, Part(4, ten, offset=3), Part(2), Part(3, ten))
    file = put_file(
        shelf, Part(3), Part(5, bytes_ref=tree, offset=2), Part(0, ten), Part(1, ten, offset=9)
    )
    whole = b"\0\0\0" + b"56\0\0" + b"0" + b"9"
    reader = FileReader(shelf, file)
    assert reader.read() == whole
    assert list(reader.layout(1)) == [
        Piece(1, 2, None, 0),
        Piece(3, 2, ten, 5),
        Piece(5, 2, None, 0),
        Piece(7, 1, ten, 0),
        Piece(8, 1, ten, 9),
    ]
    for start in range(len(whole) + 1):
        for end in range(start, len(whole) + 1):
            reader.seek(start)
            assert reader.read(end - start) == whole[start:end]


def test_a_read_that_begins_within_a_part_ends_with_the_part(shelf):
    ten = shelf.put_text("0123456789")
    file = put_file(shelf, Part(4, ten), Part(2, ten, offset=8))
    reader = FileReader(shelf, file)
    reader.seek(2)
    assert reader.read() == b"2389"
    tree = put_file(shelf, Part(3, bytes_ref=file), Part(1, bytes_ref=file, offset=5))
    reader = FileReader(shelf, tree)
    reader.seek(1)
    assert reader.read() == b"129"


def test_a_file_may_be_a_part_of_a_file(shelf):
    inner = put_file(shelf, Part(3, shelf.put_text("abc")))
    assert FileReader(shelf, put_file(shelf, Part(2, bytes_ref=inner, offset=1))).read() == b"bc"


def test_a_missing_chunk_is_named_with_the_file_and_the_place(shelf, stream):
    ref = write_file(FileFacts(), stream[:SIZE], shelf.put)
    reader = FileReader(shelf, ref)
    (piece,) = reader.layout(2_000_000, 2_000_001)
    shelf.remove([piece.chunk])
    reader.seek(1_999_990)
    with pytest.raises(ChunkUnreadable, match=f"{ref} .* byte .* {piece.chunk}.*not found") as info:
        reader.read(1000)
    assert (info.value.chunk, info.value.file) == (piece.chunk, ref)
    assert 1_999_990 <= info.value.offset <= 2_000_000
    assert isinstance(info.value.__cause__, BlobNotFound)
    assert reader.tell() == 1_999_990
    reader.seek(0)
    assert reader.read(1000) == stream[:1000]


def test_a_damaged_chunk_is_named_and_never_given(shelf, stream):
    ref = write_file(FileFacts(), stream[:500_000], shelf.put)
    reader = FileReader(shelf, ref)
    *_, piece = reader.layout()
    shelf.damaged.add(piece.chunk)
    with pytest.raises(ChunkUnreadable, match="is damaged"):
        reader.read()


def test_a_missing_tree_is_told_only_when_its_turn_has_come(shelf):
    ten = shelf.put_text("0123456789")
    good, after = put_bytes(shelf, Part(10, ten)), put_bytes(shelf, Part(5, ten))
    missing = Ref.of(b"nowhere")
    trees = [Part(10, bytes_ref=good), Part(10, bytes_ref=missing), Part(5, bytes_ref=after)]
    file = put_file(shelf, Part(2), *trees)
    pieces = FileReader(shelf, file).layout()
    assert [next(pieces), next(pieces)] == [Piece(0, 2, None, 0), Piece(2, 10, ten, 0)]
    with pytest.raises(ChunkUnreadable, match="at byte 12") as info:
        next(pieces)
    assert (info.value.chunk, info.value.offset) == (missing, 12)
    assert list(FileReader(shelf, file).layout(22)) == [Piece(22, 5, ten, 0)]


def test_a_store_that_gives_another_blob_is_not_believed(shelf, stream):
    class Confused:
        def fetch(self, refs):
            return (Blob(first, b"") for first in reversed(tuple(refs)))

    ref = write_file(FileFacts(), stream[:SIZE], shelf.put)
    reader = FileReader(shelf, ref)
    list(reader.layout())
    reader._fetch = Confused()
    with pytest.raises(ChunkUnreadable):
        reader.read()


def test_what_is_no_file_is_refused(shelf):
    with pytest.raises(NotSchema):
        FileReader(shelf, shelf.put_text("hello"))
    with pytest.raises(WrongKind, match="not a file"):
        FileReader(shelf, shelf.put_text('{"camliVersion": 1, "camliType": "directory"}'))
    with pytest.raises(BlobNotFound):
        FileReader(shelf, Ref.of(b"nowhere"))


def test_parts_that_contradict_themselves_are_errors(shelf):
    ten = shelf.put_text("0123456789")
    tree = put_bytes(shelf, Part(10, ten))
    with pytest.raises(BadTree, match="two places"):
        FileReader(shelf, put_file(shelf, Part(1, ten, tree)))
    with pytest.raises(BadTree, match="has 10 bytes, not 11"):
        FileReader(shelf, put_file(shelf, Part(10, ten, offset=1))).read()
    with pytest.raises(BadTree, match="has 10 bytes, not 11"):
        FileReader(shelf, put_file(shelf, Part(10, bytes_ref=tree, offset=1))).read()
    with pytest.raises(BadTree, match="not a schema blob"):
        FileReader(shelf, put_file(shelf, Part(10, bytes_ref=ten))).read()
    with pytest.raises(BadTree, match="claims to have"):
        FileReader(shelf, put_file(shelf, Part(2**63)))
    short = FileReader(shelf, put_file(shelf, Part(11, ten)), ranged=shelf)
    with pytest.raises(BadTree, match="has 10 bytes, not 11"):
        short.read()
    beyond = FileReader(shelf, put_file(shelf, Part(1, ten, offset=20)), ranged=shelf)
    with pytest.raises(ChunkUnreadable):
        beyond.read()


def test_a_contradiction_is_told_only_when_its_turn_has_come(shelf):
    ten = shelf.put_text("0123456789")
    good, bad = put_bytes(shelf, Part(10, ten)), put_bytes(shelf, Part(5, ten))
    file = put_file(shelf, Part(10, bytes_ref=good), Part(10, bytes_ref=bad))
    pieces = FileReader(shelf, file).layout()
    assert next(pieces) == Piece(0, 10, ten, 0)
    with pytest.raises(BadTree, match="at byte 10"):
        next(pieces)


def test_trees_within_themselves_end_in_an_error():
    ref = Ref.of(b"self")

    class Mirrors:
        def fetch(self, refs):
            text = file_text(FileFacts(), [Part(1, bytes_ref=ref)] * 5000)
            return (Blob(asked, text) for asked in refs)

    with pytest.raises(BadTree, match="more than 64"):
        FileReader(Mirrors(), ref).read(1)


def test_exabytes_of_nested_trees_are_read_here_and_there_at_once(shelf):
    level, size = shelf.put_text("x"), 1
    level = put_bytes(shelf, Part(1, level))
    for _ in range(10):
        level = put_bytes(shelf, *[Part(size, bytes_ref=level)] * 64)
        size *= 64
    reader = FileReader(shelf, level)
    assert reader.size == 2**60
    reader.seek(2**59)
    shelf.fetches.clear()
    assert reader.read(100) == b"x" * 100
    assert len(shelf.fetches) < 15
    assert next(reader.layout()) == Piece(0, 1, Ref.of(b"x"), 0)


def test_endless_empty_trees_cost_nothing(shelf):
    level = put_bytes(shelf)
    for _ in range(30):
        level = put_bytes(shelf, *[Part(0, bytes_ref=level)] * 1000)
    assert FileReader(shelf, level).read() == b""


def test_holes_of_any_size_are_zeros(shelf):
    reader = FileReader(shelf, put_file(shelf, Part(2**62), Part(1, shelf.put_text("x"))))
    reader.seek(2**62 - 3)
    assert reader.read() == b"\0\0\0x"
