"""Where files are cut."""

from __future__ import annotations

import io
import random
import subprocess
import sys
from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.schema.chunking import FIRST, MAXIMUM, MINIMUM, Chunk, chunks

FIRST_CONTENT_CUT = FIRST + MINIMUM + 1


def chunks_byte_by_byte(data: bytes) -> list[tuple[int, int]]:
    """(end, weight) of every cut, straight from the description of the reference."""
    window = deque(bytes(64), 64)
    s1, s2 = 1984, 124992
    cuts = []
    last = 0
    for n, new in enumerate(data, 1):
        old = window[0]
        window.append(new)
        s1 += new - old
        s2 += s1 - 64 * (old + 31)
        weight = 0
        if n - last == 1048576:
            weight = 20
        elif s2 & 8191 == 8191 and n > 262144 and n - last > 65536:
            bits = ((s1 << 16) | (s2 & 65535)) >> 14
            weight = 13
            while bits & 1:
                weight += 1
                bits >>= 1
        elif n == 262144:
            weight = 18
        if weight:
            cuts.append((n, weight))
            last = n
    return cuts


def cuts_of(source: bytes | Callable[[int], bytes]) -> list[tuple[int, int]]:
    cuts = []
    end = 0
    for data, weight in chunks(source):
        end += len(data)
        if weight:
            cuts.append((end, weight))
    return cuts


def segments() -> st.SearchStrategy[bytes]:
    lengths = st.one_of(
        st.sampled_from([1, 63, 64, 65, 8191, 65473, 65536, 65537, 131072, 262144]),
        st.integers(0, 150_000),
    )
    kinds = st.sampled_from(["random", "constant", "periodic", "two letters", "text"])
    return st.builds(segment, kinds, lengths, st.integers(0, 2**32))


def segment(kind: str, length: int, seed: int) -> bytes:
    source = random.Random(seed)
    if kind == "random":
        return source.randbytes(length)
    if kind == "constant":
        return bytes([source.choice([0, 1, 127, 255])]) * length
    if kind == "periodic":
        period = source.randbytes(source.choice([2, 3, 63, 64, 65, 4096]))
        return (period * (length // len(period) + 1))[:length]
    letters = b"\x00\xff" if kind == "two letters" else b"etaoin shrdlu\n"
    return bytes(source.choices(letters, k=length))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([0, FIRST - 1, FIRST, FIRST_CONTENT_CUT, FIRST_CONTENT_CUT - 64]),
    st.lists(segments(), max_size=12),
)
def test_cuts_are_those_of_the_description_byte_by_byte(head, parts):
    data = bytes(head) + b"".join(parts)
    assert cuts_of(data) == chunks_byte_by_byte(data)


@settings(max_examples=15, deadline=None)
@given(st.lists(segments(), max_size=12), st.integers(1000, 3_000_000), st.integers(0, 2**32))
def test_cuts_do_not_depend_on_how_the_file_is_read(parts, most, seed):
    data = segment("random", 300_000, seed) + b"".join(parts) + bytes(1_500_000)
    file = io.BytesIO(data)
    sizes = random.Random(seed)
    assert cuts_of(lambda size: file.read(min(size, sizes.randint(1, most)))) == cuts_of(data)


def test_reading_in_the_usual_size_cuts_the_same_across_every_read(stream):
    data = stream * 3
    assert cuts_of(io.BytesIO(data).read) == cuts_of(data)


@pytest.mark.parametrize("repeat", [b"\0", b"\xff", b"\x01\x02", b"0123456789abcdef" * 512])
def test_data_without_content_cuts_is_cut_by_size(repeat):
    data = (repeat * (3_500_000 // len(repeat)))[:3_500_000]
    assert cuts_of(data) == chunks_byte_by_byte(data)


@pytest.mark.parametrize("byte", [0, 1, 46, 127, 255])
def test_equal_bytes_are_only_cut_by_size(byte):
    data = bytes([byte]) * 1_400_000
    assert cuts_of(data) == chunks_byte_by_byte(data) == [(FIRST, 18), (FIRST + MAXIMUM, 20)]


def test_a_content_cut_may_be_the_very_end(stream):
    end, weight = cuts_of(stream)[1]
    assert list(chunks(stream[:end]))[-1] == Chunk(stream[FIRST:end], weight)
    assert list(chunks(stream[: end - 1]))[-1] == Chunk(stream[FIRST : end - 1], 0)


def test_the_smallest_content_cut_is_found_with_and_without_vectors():
    # 65 537 bytes behind the first cut, the first place where the content counts.
    window = window_that_cuts()
    data = bytes(FIRST_CONTENT_CUT - 64) + window
    assert cuts_of(data)[1][0] == FIRST_CONTENT_CUT
    assert cuts_of(data + bytes(100_000))[1][0] == FIRST_CONTENT_CUT
    assert len(cuts_of(data[1:])) == 1
    assert cuts_of(data)[1] == chunks_byte_by_byte(data)[1]


@pytest.mark.parametrize("background", [b"\0", b"\0\1"], ids=["constant", "alternating"])
@pytest.mark.parametrize("block_end", [16384, 16384 + 65536, 16384 + 2 * 65536])
def test_a_cut_at_the_edge_of_what_is_looked_at_together_is_found(background, block_end):
    window = window_that_cuts()
    for behind in (block_end - 1, block_end, block_end + 1, block_end + 63):
        end = FIRST_CONTENT_CUT - 1 + behind
        head = (background * end)[: end - 64]
        data = head + window + bytes(1000)
        assert cuts_of(data)[1][0] == end
        assert cuts_of(data) == chunks_byte_by_byte(data)


def window_that_cuts() -> bytes:
    source = random.Random(1)
    while True:
        window = source.randbytes(64)
        total = sum(weight * byte for weight, byte in zip(range(64, 0, -1), window, strict=True))
        if (124992 + total) & 8191 == 8191:
            return window


def test_a_forced_cut_has_its_own_weight_even_where_the_content_asks_for_one():
    data = bytes(FIRST + MAXIMUM - 64) + window_that_cuts()
    assert cuts_of(data) == [(FIRST, 18), (FIRST + MAXIMUM, 20)]


def test_an_empty_file_has_no_chunks_and_a_short_one_is_its_own_tail():
    assert list(chunks(b"")) == []
    assert list(chunks(lambda _: b"")) == []
    assert list(chunks(b"x")) == [Chunk(b"x", 0)]
    assert list(chunks(bytes(FIRST))) == [Chunk(bytes(FIRST), 18)]


def test_memory_stays_bounded_however_large_the_file(stream):
    asked = []

    def read(size: int) -> bytes:
        asked.append(size)
        return stream[:size] if len(asked) <= 30 else b""

    largest = max(len(data) for data, _ in chunks(read))
    assert largest <= MAXIMUM
    assert max(asked) <= 1024 * 1024


def test_small_files_do_not_pay_for_importing_numpy():
    program = (
        "import sys; from holdfast.schema.chunking import chunks;"
        f"list(chunks(bytes({FIRST_CONTENT_CUT + 50}))); print('numpy' in sys.modules)"
    )
    paths = ":".join(path for path in sys.path if path)
    answer = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "False", answer.stderr
