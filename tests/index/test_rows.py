"""The rows of one blob: what it says, names, and is found by."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.files import facts_in, words_in
from holdfast.index.keys import FILE, REFERS, SAID, SIZE, TEXT, RowKind, date_text, number_text
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.index.words import MOST_LETTERS
from holdfast.schema.blob import Part
from holdfast.schema.build import bytes_text, file_text, static_set_text
from holdfast.schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    SetAttribute,
    Share,
    Statement,
)
from holdfast.schema.directories import write_directory
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.timestamps import Timestamp

from .conftest import NOW, OWNER, Speaker, blob, key_blob, rows_in
from .media.samples import TAGGED, film, picture

SOME = Ref.of(b"some blob")


class Store:
    """A store with an index."""

    def __init__(self) -> None:
        self.hub, self.table = Hub(MemoryStorage()), MemoryTable()
        self.index = Index(self.table, self.hub, trusted=frozenset())
        self.owner = Speaker()

    def put(self, *blobs: Blob) -> None:
        self.hub.receive(blobs)
        assert self.index.settle(10)

    def file(self, name: str, text: bytes) -> Ref:
        made: list[Blob] = []
        ref = write_file(FileFacts(name=name.encode()), text, made.append)
        self.put(*made)
        return ref

    def says(self, statement: Statement, *, at: int | None = None) -> Ref:
        ref = self.owner.says(statement, at=at)
        self.put(key_blob(OWNER), self.owner.made[-1])
        return ref

    def rows(self, kind: RowKind, *parts: str) -> list[list[str]]:
        return [kind.parts_of(key)[len(parts) :] for key, _ in self.table.scan(*kind.below(*parts))]


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.index.close()


def derived(store: Store, ref: Ref) -> dict[str, str]:
    value = store.table.get(FILE.key_of(ref))
    assert value is not None
    return dict(facts_in(value).derived)


# What permanodes have by their content


def test_a_photo_gives_the_camera_and_the_lens(store: Store) -> None:
    tags = {0x10F: "Canon", 0x110: "Canon EOS 5D", 0x8769: {0xA434: "EF50mm  f/1.8 "}}
    ref = store.file("photo.jpg", picture("JPEG", tags=tags))
    assert derived(store, ref) == {"camera": "Canon EOS 5D", "lens": "EF50mm f/1.8"}


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
        ("samsung", "SAMSUNG WB30F", "SAMSUNG WB30F"),
        ("LG Electronics", "LG-H870", "LG-H870"),
        ("Go", "Google Pixel", "Google Pixel"),
        ("SONY", "", "SONY"),
        ("", "X100", "X100"),
        ("  ", "", None),
    ],
)
def test_a_camera_is_called_by_its_make_once(
    store: Store, make: str, model: str, camera: str | None
) -> None:
    tags = {number: text for number, text in ((0x10F, make), (0x110, model)) if text}
    ref = store.file("photo.jpg", picture("JPEG", tags=tags))
    assert derived(store, ref).get("camera") == camera


def test_a_film_gives_its_duration_in_seconds(store: Store) -> None:
    assert derived(store, store.file("film.mp4", film())) == {"duration": "12.5"}


def test_sound_gives_what_its_tags_say(store: Store) -> None:
    said = {"artist": "Ann Bob", "album": "Album", "year": "1999"}
    flac = store.file("a.flac", (TAGGED / "sound.flac").read_bytes())
    assert derived(store, flac) == said | {"genre": "Jazz", "duration": "3"}
    mp3 = store.file("a.mp3", (TAGGED / "id3v24.mp3").read_bytes())  # its genre is (20)Alternative
    assert derived(store, mp3) == said | {"genre": "Alternative", "duration": "1.016"}


def test_what_says_nothing_of_itself_gives_nothing(store: Store) -> None:
    assert derived(store, store.file("Jazz 1999.txt", b"Canon EOS")) == {}


# Words


def test_a_file_is_found_by_the_words_of_its_name_and_text(store: Store) -> None:
    ref = store.file("My_Notes.txt", "D\u00e9j\u00e0 vu:\nzebras".encode())
    words = ["deja", "my", "notes", "txt", "vu", "zebras"]
    assert words_in(store.table, ref) == words
    assert store.rows(TEXT) == [[word, ref] for word in words]


def test_a_file_without_text_is_found_by_its_name(store: Store) -> None:
    ref = store.file("IMG_1.jpg", picture("JPEG"))
    assert words_in(store.table, ref) == ["1", "img", "jpg"]
    assert words_in(store.table, SOME) == []


def test_words_are_whole_wherever_a_long_text_is_read_in_pieces(store: Store) -> None:
    ref = store.file("", b"elephants and " * 50_000)
    assert words_in(store.table, ref) == ["and", "elephants"]


def test_the_empty_word_finds_files_with_words_that_are_not_told(store: Store) -> None:
    ref = store.file("", b"a " + b"x" * (MOST_LETTERS + 1))
    assert words_in(store.table, ref) == ["", "a"]
    assert store.rows(TEXT) == [["a", ref], ["", ref]]


def test_a_page_is_found_by_what_it_shows(store: Store) -> None:
    ref = store.file("", b"<!DOCTYPE html><title>Caf&eacute;</title><p class=hidden>open")
    assert words_in(store.table, ref) == ["cafe", "open"]


# What names what


def refs_by(store: Store, one: Blob) -> list[list[str]]:
    store.put(one)
    return [row for row in store.rows(REFERS) if row[1] == one.ref]


def refs(*numbers: int) -> list[Ref]:
    return [Ref.of(bytes([number])) for number in numbers]


def test_files_and_parts_of_them_name_their_chunks_and_parts(store: Store) -> None:
    chunk, part, other = sorted(refs(1, 2, 3))
    parts = [Part(5, blob_ref=chunk), Part(7, bytes_ref=part), Part(9), Part(5, blob_ref=chunk)]
    of_bytes = blob(bytes_text([*parts, Part(1, blob_ref=other)]))
    assert refs_by(store, of_bytes) == [[ref, of_bytes.ref] for ref in (chunk, part, other)]
    ref = store.file("a", b"chunk")
    assert store.rows(REFERS, Ref.of(b"chunk")) == [[ref]]


def test_a_file_whose_contents_are_not_all_there_names_nothing_yet(store: Store) -> None:
    assert refs_by(store, blob(file_text(FileFacts(), [Part(5, blob_ref=SOME)]))) == []


def test_folders_name_lists_and_lists_name_members_and_lists(store: Store) -> None:
    made: list[Blob] = []
    folder = write_directory(FileFacts(), refs(1, 2, 1), made.append)
    store.put(*made)
    (entries, *_) = made
    assert store.rows(REFERS, entries.ref) == [[folder]]
    assert [store.rows(REFERS, ref) for ref in refs(1, 2)] == [[[entries.ref]], [[entries.ref]]]
    of_lists = blob(static_set_text(merge_sets=[entries.ref, SOME]))
    assert refs_by(store, of_lists) == [[ref, of_lists.ref] for ref in sorted([entries.ref, SOME])]


@pytest.mark.parametrize(
    "statement",
    [
        SetAttribute(refs(1)[0], "any", SOME),
        AddAttribute(refs(1)[0], "camliMember", SOME),
        DelAttribute(refs(1)[0], "any", SOME),
        Delete(SOME),
        Share(SOME),
    ],
)
def test_claims_name_what_they_are_about_but_for_their_permanode(
    store: Store, statement: Statement
) -> None:
    assert store.rows(REFERS) == []
    claim = store.says(statement)
    assert store.rows(REFERS) == [[SOME, claim]]


@pytest.mark.parametrize("value", ["", "text", "covid-19", f"{SOME} ", f"camliPath:{SOME}"])
def test_values_that_only_look_like_refs_name_nothing(store: Store, value: str) -> None:
    store.says(SetAttribute(SOME, "title", value))
    assert store.rows(REFERS) == []


def test_what_pretends_to_be_a_claim_names_nothing(store: Store) -> None:
    claim = b'{"camliVersion": 1, "camliType": "claim", "target": "%s"}' % SOME.encode()
    assert refs_by(store, blob(claim)) == []


# What claims are found by


def test_claims_are_found_by_roots_tags_and_titles_that_they_give(store: Store) -> None:
    node = store.owner.permanode()
    named = ("camliRoot", "camliImportRoot", "tag", "title")
    claims = [store.says(SetAttribute(node, name, "a|b"), at=NOW) for name in named]
    claims.append(store.says(AddAttribute(node, "title", "x" * 200), at=NOW))
    date = date_text(Timestamp(NOW))
    values = ["a|b"] * 4 + ["x" * 120]
    expected = zip((*named, "title"), values, claims, strict=True)
    assert store.rows(SAID) == sorted([name, value, date, ref] for name, value, ref in expected)
    for _, value in store.table.scan(*SAID.below()):
        assert SAID.value_of(value) == [node, key_blob(OWNER).ref]


def test_claims_are_not_found_by_what_they_take_away_or_say_else(store: Store) -> None:
    for statement in (
        DelAttribute(SOME, "tag", "a"),
        DelAttribute(SOME, "tag"),
        SetAttribute(SOME, "tag", ""),
        SetAttribute(SOME, "description", "a"),
    ):
        store.says(statement)
    assert store.rows(SAID) == []


# All of it


def test_files_are_found_by_their_size(store: Store) -> None:
    large, small = store.file("a", b"x" * 300), store.file("b", b"xy")
    assert store.rows(SIZE, "file") == [[number_text(2), small], [number_text(300), large]]


def test_a_blob_takes_all_its_rows_with_it(store: Store) -> None:
    node = store.owner.permanode()
    store.put(key_blob(OWNER), *store.owner.made)
    store.put(blob(b"chunk"))
    before = rows_in(store.table)
    store.owner.made.clear()
    store.says(SetAttribute(node, "title", SOME))
    store.says(Share(SOME))
    made: list[Blob] = []
    file = write_file(FileFacts(name=b"a.flac"), (TAGGED / "sound.flac").read_bytes(), made.append)
    write_directory(FileFacts(name=b"folder"), [file, SOME], made.append)
    part = blob(bytes_text([Part(5, blob_ref=SOME)]))
    store.put(*made, part)
    assert len(rows_in(store.table)) > len(before) + 20
    store.hub.remove([each.ref for each in (*made, part, *store.owner.made)])
    assert rows_in(store.table) == before
