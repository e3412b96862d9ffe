"""What finds a permanode: lists by what it has, what its content is, its words, and where it is."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Iterator

import pytest
from PIL import Image

from holdfast.blobstore.ref import Ref
from holdfast.index.cells import cells_of
from holdfast.index.keys import (
    CELL,
    CONTENT,
    GRAM,
    HAS,
    TIME,
    WORD,
    Row,
    RowKind,
    date_text,
)
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.media.moments import Place
from holdfast.index.words import MOST_LETTERS, MOST_WORDS
from holdfast.schema.claims import AddAttribute, DelAttribute, Delete, SetAttribute
from holdfast.schema.timestamps import parse_time

from .conftest import DATA
from .stores import Store, file_blobs

POSTINGS = (HAS, CONTENT, WORD, CELL)
VIENNA, LIMA = Place(48.2082, 16.3738), Place(-12.0464, -77.0428)
SONG = (DATA / "index" / "media" / "sound.opus").read_bytes()


def photo(place: Place | None = None) -> bytes:
    """A picture of 8 by 6 pixels, made in a place by a camera."""
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010F], exif[0x0110] = "Acme", "Five"
    if place is not None:
        north, east = "SN"[place.latitude > 0], "WE"[place.longitude > 0]
        degrees = [(abs(part), 0.0, 0.0) for part in place]
        exif.get_ifd(0x8825).update({1: north, 2: degrees[0], 3: east, 4: degrees[1]})
    Image.new("RGB", (8, 6)).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.index.close()


def found(store: Store, kind: RowKind) -> list[tuple[str, ...]]:
    """What is in front of time and permanode in the rows of a kind."""
    return [tuple(row[:-2]) for row in store.rows(kind)]


def cells(store: Store, permanode: Ref) -> set[str]:
    return {row[0] for row in store.rows(CELL) if row[2] == permanode}


def is_at(store: Store, permanode: Ref, place: Place | None) -> bool:
    known = store.node(permanode).place
    if place is None or known is None:
        return known is place and cells(store, permanode) == set()
    near = abs(known.latitude - place.latitude) + abs(known.longitude - place.longitude) < 1e-5
    return near and cells(store, permanode) == {*cells_of(known)}


def located(permanode: Ref, place: Place) -> tuple[SetAttribute, SetAttribute]:
    return (
        SetAttribute(permanode, "latitude", str(place.latitude)),
        SetAttribute(permanode, "longitude", str(place.longitude)),
    )


def checked_in(permanode: Ref, venue: Ref) -> tuple[SetAttribute, SetAttribute]:
    return (
        SetAttribute(permanode, "camliNodeType", "foursquare.com:checkin"),
        SetAttribute(permanode, "foursquareVenuePermanode", venue),
    )


def test_all_lists_that_find_a_permanode_end_in_its_time_and_ref(store: Store) -> None:
    node = store.permanode()
    file = store.file(b"beach.jpg", photo(VIENNA))
    store.says(SetAttribute(node, "camliContent", file), SetAttribute(node, "title", "A beach"))
    for date in ("2001-01-01T00:00:00Z", "1850-01-01T00:00:00Z"):
        store.says(SetAttribute(node, "dateCreated", date))
        end = [date_text(parse_time(date)), node]
        for kind in POSTINGS:
            assert store.rows(kind)
            assert {tuple(row[-2:]) for row in store.rows(kind)} == {tuple(end)}
        assert store.rows(TIME) == [end]


def test_what_a_content_says_counts_where_nobody_claims_it(store: Store) -> None:
    node = store.permanode()
    file = store.file(b"sound.opus", SONG)
    store.says(SetAttribute(node, "camliContent", file))
    derived = {("genre", "Jazz"), ("duration", "2")}
    assert derived <= {*found(store, HAS)}
    assert store.node(node).values("genre") == ("Jazz",)
    store.says(SetAttribute(node, "genre", "Blues"))
    assert ("genre", "Blues") in found(store, HAS)
    assert ("genre", "Jazz") not in found(store, HAS)
    assert store.node(node).values("genre") == ("Blues",)
    assert store.node(node).derived == {"duration": "2"}
    store.says(DelAttribute(node, "genre"))
    assert derived <= {*found(store, HAS)}


def test_contents_are_found_by_type_name_and_size_of_pictures(store: Store) -> None:
    node, other = store.permanode(), store.permanode(b"other")
    name = b"b" * 200 + b".jpg"
    picture, text = store.file(name, photo()), store.file(b"unknown", b"\0\1\2")
    store.says(SetAttribute(node, "camliContent", picture))
    store.says(SetAttribute(other, "camliContent", text))

    def known(permanode: Ref) -> set[tuple[str, ...]]:
        return {tuple(row[:2]) for row in store.rows(CONTENT) if row[3] == permanode}

    assert known(node) == {
        ("mime", "image/jpeg"),
        ("type", "image"),
        ("name", "b" * 120),
        ("width", "0000000008"),
        ("height", "0000000006"),
    }
    assert known(other) == {("mime", ""), ("type", ""), ("name", "unknown")}


@pytest.mark.parametrize("is_first", [True, False])
def test_a_content_counts_once_it_is_read_and_no_longer_once_it_is_removed(
    is_first: bool, store: Store
) -> None:
    node = store.permanode()
    ref, blobs = file_blobs(b"zoo.txt", b"zebras")
    if not is_first:
        store.hub.receive(blobs)
        assert store.index.settle(10)
    store.says(SetAttribute(node, "camliContent", ref))
    if is_first:
        assert found(store, WORD) == found(store, CONTENT) == []
        store.hub.receive(blobs)
        assert store.index.settle(10)
    assert found(store, WORD) == [("txt",), ("zebras",), ("zoo",)]
    assert ("name", "zoo.txt") in found(store, CONTENT)
    store.hub.remove([ref])
    assert found(store, WORD) == found(store, CONTENT) == store.rows(GRAM) == []


def test_the_first_content_counts_alone(store: Store) -> None:
    node = store.permanode()
    first, second = store.file(b"one", b"apples"), store.file(b"two", b"pears")
    store.says(
        AddAttribute(node, "camliContent", first), AddAttribute(node, "camliContent", second)
    )
    assert {("apples",), ("one",)} == {*found(store, WORD)}
    store.says(DelAttribute(node, "camliContent", first))
    assert {("pears",), ("two",)} == {*found(store, WORD)}


def test_words_of_all_titles_find_a_permanode(store: Store) -> None:
    node = store.permanode()
    store.says(
        AddAttribute(node, "title", "D\u00e9j\u00e0 vu"), AddAttribute(node, "title", "again")
    )
    assert found(store, WORD) == [("again",), ("deja",), ("vu",)]
    store.says(DelAttribute(node, "title", "D\u00e9j\u00e0 vu"))
    assert found(store, WORD) == [("again",)]
    store.says(Delete(node))
    assert found(store, WORD) == store.rows(GRAM) == []


def test_that_there_are_more_words_than_are_posted_is_posted(store: Store) -> None:
    node = store.permanode()
    fits, is_longer = "a" * MOST_LETTERS, "a" * (MOST_LETTERS + 1)
    store.says(SetAttribute(node, "title", f"{fits} b"))
    assert found(store, WORD) == [(fits,), ("b",)]
    store.says(SetAttribute(node, "title", f"{is_longer} b"))
    assert found(store, WORD) == [("b",), ("",)]
    store.says(SetAttribute(node, "title", " ".join(map(str, range(MOST_WORDS)))))
    assert len(found(store, WORD)) == MOST_WORDS
    store.says(SetAttribute(node, "title", " ".join(map(str, range(MOST_WORDS + 5)))))
    assert len(found(store, WORD)) == MOST_WORDS + 1
    assert ("",) in found(store, WORD)


def test_a_word_is_found_by_any_three_letters_in_it_as_long_as_any_node_has_it(
    store: Store,
) -> None:
    one, other = store.permanode(b"one"), store.permanode(b"other")
    store.says(SetAttribute(one, "title", "banana of"))
    grams = [["ana", "banana"], ["ban", "banana"], ["nan", "banana"], ["of", "of"]]
    assert store.rows(GRAM) == grams
    store.says(SetAttribute(other, "title", "of a banana"))
    store.says(SetAttribute(one, "title", "nothing"))
    assert [row for row in store.rows(GRAM) if row[1] in ("banana", "of")] == grams
    # One gets what the other loses, at once.
    store.says(SetAttribute(one, "title", "banana"), SetAttribute(other, "title", "of"))
    assert store.rows(GRAM) == grams
    store.says(Delete(one))
    assert store.rows(GRAM) == [["of", "of"]]


def test_a_tag_for_a_long_text_has_no_word_of_it_written_again() -> None:
    store = Store(table := Noting())
    node = store.permanode()
    words = [f"{number:x}z" for number in range(3000)]
    file = store.file(b"book.txt", " ".join(words).encode())
    store.says(SetAttribute(node, "camliContent", file), SetAttribute(node, "title", "Book"))
    assert table.written(WORD) >= 3000
    table.keys.clear()
    store.says(AddAttribute(node, "tag", "read"), SetAttribute(node, "genre", "novel"))
    assert table.written(WORD) == table.written(GRAM) == 0
    store.says(SetAttribute(node, "title", "Another book"))
    assert table.written(WORD) == 1
    assert table.written(GRAM) == 5
    table.keys.clear()
    store.says(SetAttribute(node, "dateCreated", "2001-01-01T00:00:00Z"))
    assert table.written(WORD) >= 6000  # gone from one time, come to another
    assert table.written(GRAM) == 0
    store.index.close()


class Noting(MemoryTable):
    """Notes the keys that are put and deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[bytes] = []

    def write(self, puts: Iterable[Row], deletes: Iterable[bytes] = ()) -> None:
        puts, deletes = list(puts), list(deletes)
        self.keys += (*(key for key, _ in puts), *deletes)
        super().write(puts, deletes)

    def written(self, kind: RowKind) -> int:
        return sum(key.startswith(kind.below()[0]) for key in self.keys)


def test_a_permanode_is_where_its_attributes_say(store: Store) -> None:
    node = store.permanode()
    store.says(SetAttribute(node, "camliContent", store.file(b"a.jpg", photo(LIMA))))
    assert is_at(store, node, LIMA)
    store.says(SetAttribute(node, "latitude", "48.2082"))
    assert is_at(store, node, LIMA)
    store.says(SetAttribute(node, "longitude", "16.3738"))
    assert is_at(store, node, VIENNA)
    store.says(AddAttribute(node, "longitude", "0"))
    assert is_at(store, node, VIENNA)
    store.says(Delete(node))
    assert is_at(store, node, None)


@pytest.mark.parametrize(
    "said", ["north", "90.1", "-91", "nan", "inf", "1e999", "48_2", " 48", "48,2", "0x10", "\u0664"]
)
def test_attributes_that_make_no_sense_say_that_it_is_nowhere(said: str, store: Store) -> None:
    node = store.permanode()
    store.says(
        SetAttribute(node, "camliContent", store.file(b"a.jpg", photo(LIMA))),
        SetAttribute(node, "latitude", said),
        SetAttribute(node, "longitude", "16"),
    )
    assert is_at(store, node, None)
    store.says(SetAttribute(node, "latitude", ""))
    assert is_at(store, node, LIMA)


def test_a_check_in_is_where_its_venue_is(store: Store) -> None:
    venue, visit = store.permanode(b"venue"), store.permanode(b"visit")
    store.says(SetAttribute(visit, "camliContent", store.file(b"a.jpg", photo(LIMA))))
    store.says(*checked_in(visit, venue))
    assert is_at(store, visit, LIMA)
    store.says(*located(venue, VIENNA))
    assert is_at(store, visit, VIENNA)
    store.says(*located(visit, LIMA))
    assert is_at(store, visit, LIMA)
    store.says(DelAttribute(visit, "latitude"))
    assert is_at(store, visit, VIENNA)
    store.says(SetAttribute(visit, "camliNodeType", "something else"))
    assert is_at(store, visit, LIMA)


def test_a_venue_that_is_elsewhere_takes_its_check_ins_along(store: Store) -> None:
    venue = store.permanode(b"venue")
    visits = [store.permanode(f"visit {number}".encode()) for number in range(3)]
    store.says(*(claim for visit in visits for claim in checked_in(visit, venue)))
    for place in (VIENNA, LIMA):
        store.says(*located(venue, place))
        assert all(is_at(store, visit, place) for visit in visits)
    # Also one of which something is said at the same time, and one that is new.
    new = store.owner.permanode(b"new")
    store.hub.receive([store.owner.made[-1]])
    store.says(
        *checked_in(new, venue),
        AddAttribute(visits[0], "camliMember", new),
        SetAttribute(visits[1], "title", "one"),
        *located(venue, VIENNA),
    )
    assert all(is_at(store, visit, VIENNA) for visit in (*visits, new))
    store.says(DelAttribute(venue, "latitude"))
    assert all(is_at(store, visit, None) for visit in (*visits, new))


def test_a_deleted_venue_is_where_it_was(store: Store) -> None:
    venue, visit = store.permanode(b"venue"), store.permanode(b"visit")
    store.says(*located(venue, VIENNA), *checked_in(visit, venue), Delete(venue))
    assert is_at(store, visit, VIENNA)
    assert is_at(store, venue, None)


def test_the_place_of_a_venue_is_not_asked_of_its_own_venue(store: Store) -> None:
    far, near, visit = (store.permanode(name) for name in (b"far", b"near", b"visit"))
    store.says(*located(far, VIENNA), *checked_in(near, far), *checked_in(visit, near))
    assert is_at(store, near, VIENNA)
    assert is_at(store, visit, None)


def test_check_ins_that_have_each_other_as_venues_are_where_those_say(store: Store) -> None:
    one, other = store.permanode(b"one"), store.permanode(b"other")
    store.says(*checked_in(one, other), *checked_in(other, one), *located(one, LIMA))
    assert is_at(store, one, LIMA)
    assert is_at(store, other, LIMA)
    store.says(*located(other, VIENNA))
    assert is_at(store, one, LIMA)


def test_whoever_watches_is_told_of_check_ins_whose_venue_moves(store: Store) -> None:
    venue, visit = store.permanode(b"venue"), store.permanode(b"visit")
    store.says(*checked_in(visit, venue))
    told: list[Ref] = []
    with store.index.watching(told.extend):
        store.says(*located(venue, LIMA))
    assert {venue, visit} <= {*told}


def test_an_album_of_thousands_is_added_to_without_reading_its_members() -> None:
    store = Store(table := Reading())
    album = store.permanode(b"album")
    photos = [Ref.of(b"%d" % number) for number in random.Random(1).sample(range(9999), 3000)]
    store.says(SetAttribute(album, "title", "All there is"))
    store.says(*(AddAttribute(album, "camliMember", photo) for photo in photos))
    table.rows_read = 0
    store.says(AddAttribute(album, "camliMember", Ref.of(b"one more")))
    assert table.rows_read < 20
    assert found(store, WORD) == [("all",), ("is",), ("there",)]
    store.index.close()


class Reading(MemoryTable):
    """Counts the rows that are scanned."""

    rows_read = 0

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[Row]:
        for row in super().scan(start, end, backwards=backwards):
            self.rows_read += 1
            yield row
