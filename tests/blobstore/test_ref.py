"""Refs."""

from __future__ import annotations

import hashlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.errors import BadRef, Blame, UnknownHash
from holdfast.blobstore.ref import DEFAULT_HASH, MAX_BLOB_SIZE, Blob, Ref, SizedRef

FOO = "sha224-0808f64e60d58979fcb676c96ec938270dea42445aeefcd3a4e6f8db"

GOOD = [
    FOO,
    "sha1-0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
    "sha256-2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "perma-0123",
    "x-a",
    "sha2242-abc",
    "sha3-" + "0" * 256,
    "md5-d41d8cd98f00b204e9800998ecf8427e",
]

BAD = [
    *("", "-", "sha224", "sha224-", "-abc", "foo", "foo-", "foo-xyz", "foo-ABC", "Foo-abc"),
    *(FOO[:-1], FOO + "0", FOO.upper(), FOO + "\n", " " + FOO, FOO + " ", FOO + "\0"),
    *("sha1-" + FOO[7:], "sha256-" + FOO[7:], "sha224_" + FOO[7:], FOO + "-0"),
    *("foo-" + "0" * 257, "foo-0-1", "fo_o-abc", "foo/../x-ab", "føø-abc", "foo-١٢٣", "foo-½"),
    *("[!missing", "../../etc/passwd", "sha224-" + "../" * 18 + "ab"),
]


@pytest.mark.parametrize("text", GOOD)
def test_refs_are_their_text(text: str) -> None:
    ref = Ref.parse(text)
    assert str(ref) == text
    assert ref == text
    assert f"{ref.hash_name}-{ref.hex}" == text


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_ref_is_refused(text: str) -> None:
    with pytest.raises(BadRef) as caught:
        Ref.parse(text)
    assert caught.value.text == text
    assert caught.value.blame is Blame.CALLER


def test_a_very_long_text_is_refused_in_a_short_message() -> None:
    with pytest.raises(BadRef) as caught:
        Ref.parse("x" * 100_000)
    assert len(str(caught.value)) < 200


@given(st.binary(max_size=200))
def test_a_ref_matches_the_bytes_it_was_made_of(data: bytes) -> None:
    for name in ("sha1", "sha224", "sha256"):
        ref = Ref.of(data, hash_name=name)
        assert ref == f"{name}-{hashlib.new(name, data).hexdigest()}"
        assert Ref.parse(ref) == ref
        assert ref.matches(data)
        assert ref.matches(memoryview(data))
        assert not ref.matches(data + b"\0")


def test_new_blobs_are_named_by_the_default_hash() -> None:
    assert Ref.of(b"foo") == FOO
    assert Ref.of(b"foo").hash_name == DEFAULT_HASH
    assert MAX_BLOB_SIZE == 16_777_216


@pytest.mark.parametrize("name", ["md5", "sha512", "", "SHA224"])
def test_unknown_hashes_name_nothing(name: str) -> None:
    with pytest.raises(UnknownHash) as caught:
        Ref.of(b"foo", hash_name=name)
    assert caught.value.name == name


def test_refs_of_unknown_hashes_can_be_asked_for_but_not_verified() -> None:
    ref = Ref.parse("perma-0123")
    assert not ref.is_known
    with pytest.raises(UnknownHash):
        ref.matches(b"")
    assert Ref.parse(FOO).is_known


def test_refs_sort_as_text() -> None:
    names = ["sha1", "sha224", "sha256"]
    refs = [Ref.of(b"%d" % number, hash_name=name) for name in names for number in range(50)]
    assert sorted(refs) == sorted(refs, key=str)
    assert [ref.hash_name for ref in sorted(refs)] == sorted(ref.hash_name for ref in refs)


def test_refs_are_found_among_texts_and_survive_pickling() -> None:
    ref = Ref.parse(FOO)
    assert {ref} == {FOO}
    assert FOO in {ref: 1}
    again = pickle.loads(pickle.dumps(ref))
    assert again == ref
    assert type(again) is Ref


def test_sized_refs_and_blobs_are_tuples_in_ref_order() -> None:
    ref = Ref.parse(FOO)
    assert SizedRef(ref, 3) == (ref, 3)
    assert Blob(ref, b"foo") == (ref, b"foo")
    assert SizedRef(ref, 9) < SizedRef(Ref.parse("sha256-" + "0" * 64), 1)
