"""Pack records, made and taken apart."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.errors import BadRecord
from holdfast.blobstore.records import (
    MAX_HEADER,
    Control,
    Decoder,
    encode,
    encode_control,
    header,
)
from holdfast.blobstore.ref import MAX_BLOB_SIZE, Blob, Ref

FOO = "sha224-0808f64e60d58979fcb676c96ec938270dea42445aeefcd3a4e6f8db"


def blob(data: bytes) -> Blob:
    return Blob(Ref.of(data), data)


def decode(*pieces: bytes) -> list[Blob | Control]:
    decoder = Decoder()
    found = [record for piece in pieces for record in decoder.feed(piece)]
    assert decoder.is_between_records
    return found


def test_a_record_is_its_header_and_its_bytes() -> None:
    assert encode([blob(b"foo")]) == b"[" + FOO.encode() + b" 3]foo"
    assert header(Ref.parse(FOO), 3) == b"[" + FOO.encode() + b" 3]"
    assert encode([]) == b""


def test_perkeeps_first_record_is_read() -> None:
    """The beginning of a pack file that diskpacked wrote."""
    ref = "sha224-1b51bbb38f615bd39ca400f187d619fc3c14d15c66c21a50c4ad8487"
    begin = header(Ref.parse(ref), 449)
    assert begin == b"[sha224-1b51bbb38f615bd39ca400f187d619fc3c14d15c66c21a50c4ad8487 449]"
    assert len(begin) == 69
    assert decode(begin + bytes(449)) == [Blob(Ref(ref), bytes(449))]


def test_control_records_carry_words() -> None:
    assert encode_control("missing", FOO) == f"[!missing {FOO}]".encode()
    assert encode_control("end") == b"[!end]"
    assert decode(b"[!end][!ack 12 NNPR]") == [Control("end"), Control("ack", ("12", "NNPR"))]
    assert decode("[!failed 1 zu wenig Platz für Blöbe]".encode()) == [
        Control("failed", ("1", "zu", "wenig", "Platz", "für", "Blöbe"))
    ]


records = st.lists(
    st.one_of(
        st.binary(max_size=300).map(blob),
        st.sampled_from([Control("end"), Control("get", ("1", FOO)), Control("token", ("0", "9"))]),
    ),
    max_size=8,
)


def to_bytes(record: Blob | Control) -> bytes:
    if isinstance(record, Control):
        return encode_control(record.word, *record.arguments)
    return encode([record])


@given(records, st.data())
def test_any_cutting_gives_the_same_records(
    sent: list[Blob | Control], data: st.DataObject
) -> None:
    stream = b"".join(map(to_bytes, sent))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert decode(*pieces) == sent


def test_byte_by_byte_gives_the_same_records() -> None:
    sent = [blob(b"foo"), blob(b""), Control("end")]
    stream = b"".join(map(to_bytes, sent))
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == sent


def test_an_unfinished_record_is_noticed() -> None:
    stream = encode([blob(b"foo"), blob(b"bar")])
    for length in range(1, len(stream)):
        decoder = Decoder()
        found = list(decoder.feed(stream[:length]))
        is_whole = length == len(stream) // 2
        assert decoder.is_between_records == is_whole
        assert decoder.offset == (len(stream) // 2 if found else 0)


BROKEN = {
    "no bracket": b"sha224-00 3]foo",
    "blank first": b" [!end]",
    "line feed between": b"\n[",
    "no size": b"[%b]foo" % FOO.encode(),
    "empty size": b"[%b ]foo" % FOO.encode(),
    "two blanks": b"[%b  3]foo" % FOO.encode(),
    "three words": b"[%b 3 4]foo" % FOO.encode(),
    "negative": b"[%b -3]foo" % FOO.encode(),
    "signed": b"[%b +3]foo" % FOO.encode(),
    "hexadecimal": b"[%b 0x3]foo" % FOO.encode(),
    "underscore": b"[%b 1_0]foo" % FOO.encode(),
    "other digits": f"[{FOO} ٣]foo".encode(),
    "too large": b"[%b %d]" % (FOO.encode(), MAX_BLOB_SIZE + 1),
    "absurdly large": b"[%b %b]" % (FOO.encode(), b"9" * 300),
    "short ref": b"[%b 3]foo" % FOO[:-1].encode(),
    "upper case": b"[%b 3]foo" % FOO.upper().encode(),
    "no ref": b"[hello 3]foo",
    "bytes in the ref": b"[sha224-\xff\xfe 3]foo",
    "empty": b"[]",
    "endless header": b"[" + b"a" * MAX_HEADER,
    "endless control": b"[!" + b"a" * MAX_HEADER,
    "control that is no text": b"[!\xff\xfe]",
}


@pytest.mark.parametrize("stream", BROKEN.values(), ids=BROKEN)
def test_broken_framing_is_refused_where_it_breaks(stream: bytes) -> None:
    good = encode([blob(b"foo")])
    decoder = Decoder()
    assert list(decoder.feed(good)) == [blob(b"foo")]
    with pytest.raises(BadRecord) as caught:
        list(decoder.feed(stream))
    assert caught.value.offset == len(good)


def test_whole_records_before_a_break_are_given() -> None:
    decoder = Decoder()
    found: list[Blob | Control] = []
    with pytest.raises(BadRecord):
        found.extend(decoder.feed(encode([blob(b"foo")]) + b"garbage"))
    assert found == [blob(b"foo")]


def test_the_largest_blob_goes_through_and_takes_no_squares_of_time() -> None:
    large = blob(bytes(MAX_BLOB_SIZE))
    stream = encode([large])
    begin = time.monotonic()
    found = decode(*(stream[at : at + 4096] for at in range(0, len(stream), 4096)))
    assert found == [large]
    assert time.monotonic() - begin < 5


def test_many_empty_records_in_one_piece() -> None:
    one = encode([blob(b"")])
    begin = time.monotonic()
    assert len(decode(one * 100_000)) == 100_000
    assert time.monotonic() - begin < 10


@given(st.binary(max_size=500))
def test_garbage_is_refused_or_read_but_never_crashes(garbage: bytes) -> None:
    decoder = Decoder()
    try:
        for record in decoder.feed(garbage):
            assert isinstance(record, Blob | Control)
    except BadRecord as error:
        assert 0 <= error.offset <= len(garbage)  # noqa: PT017 (garbage may be fine, too)
