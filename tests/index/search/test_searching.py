"""What a search finds, by whatever rows it is found, and what finding nothing costs."""

from __future__ import annotations

import json
from typing import Any

from holdfast.blobstore.ref import Ref
from holdfast.index.query.reading import parse_query
from holdfast.index.query.request import SearchQuery
from holdfast.index.search.moments import utc_text
from holdfast.schema.claims import SetAttribute
from holdfast.schema.timestamps import Timestamp

from .conftest import Library

ABSENT = Ref.of(b"what nobody has")


def asked(constraint: Any, **more: Any) -> SearchQuery:
    return parse_query(json.dumps({"constraint": constraint, **more}).encode())


def answer(library: Library, constraint: Any, **more: Any) -> Any:
    assert library.index.settle(10)
    return library.index.search.query(asked(constraint, **more), explain=True)


def found(library: Library, constraint: Any, **more: Any) -> list[str]:
    refs = [one["blob"] for one in answer(library, constraint, **more)["blobs"] or ()]
    assert all(library.index.search.fits(asked(constraint, **more), Ref(ref)) for ref in refs)
    return refs


def related(inner: Any) -> Any:
    return {"permanode": {"relation": {"relation": "child", "any": inner}}}


def test_where_nothing_is_listed_nothing_else_is_looked_through(library: Library) -> None:
    for number in range(30):
        library.permanode(f"{number}", tag="red")
    for nothing in (related({"blobRefPrefix": ABSENT}), {"permanode": {}, "blobRefPrefix": ABSENT}):
        explained = answer(library, nothing)
        assert explained["blobs"] is None
        assert explained["explain"]["rowsRead"] < 5


def test_a_value_names_what_it_names_whether_that_is_here_or_not(library: Library) -> None:
    gone = library.permanode("gone", tag="red")
    dangling = library.permanode("dangling", camliMember=[ABSENT])
    parent = library.permanode("parent", camliMember=[gone])
    library.delete(gone)
    assert found(library, {"permanode": {"attr": "camliMember", "value": ABSENT}}) == [dangling]
    assert found(library, {"permanode": {"attr": "camliMember", "value": gone}}) == [parent]


def test_what_is_not_here_fits_nothing_by_whatever_it_is_named(library: Library) -> None:
    holder = library.permanode("holder", camliMember=[ABSENT], camliContent=ABSENT, tag="red")
    no_file = {"logical": {"op": "not", "a": {"camliType": "file"}}}
    for inner in ({"blobRefPrefix": ABSENT}, {"blobRefPrefix": ABSENT[:12]}, no_file):
        content = {"permanode": {"attr": "camliContent", "valueInSet": inner}}
        for constraint in (related(inner), content):
            either = {"logical": {"op": "or", "a": constraint, "b": {"camliType": "share"}}}
            for one in (constraint, either):
                assert found(library, one) == []
                assert not library.index.search.fits(asked(one), holder)
        assert found(library, inner, around=ABSENT, sort="blobref") == []


def test_a_permanode_of_which_nothing_is_claimed_is_one(library: Library) -> None:
    bare = library.permanode("bare")
    parent = library.permanode("parent", camliMember=[bare])
    assert found(library, related({"camliType": "permanode"})) == [parent]
    untagged = {"logical": {"op": "not", "a": {"permanode": {"attr": "tag", "value": "red"}}}}
    by_ref = found(library, {"camliType": "permanode", **untagged}, sort="blobref")
    assert by_ref == sorted((bare, parent))


def test_words_are_those_of_the_content_that_counts(library: Library) -> None:
    first, second = library.file("one.txt", b"apples"), library.file("two.txt", b"pears")
    node = library.permanode("node", camliContent=[first, second])
    apples, pears = ({"permanode": {"text": word}} for word in ("apples", "pears"))
    assert found(library, apples) == [node]
    assert found(library, pears) == []
    assert not library.index.search.fits(asked(pears), node)


def test_how_many_values_there_are_is_what_equals_says(library: Library) -> None:
    node = library.permanode("node", tag=["red", "blue"])
    library.permanode("none", title="none")
    both = {"permanode": {"attr": "tag", "numValue": {"equals": 2, "zeroMax": True}}}
    assert found(library, both) == [node]


def test_a_check_in_was_where_its_venue_was_then(library: Library) -> None:
    venue = library.permanode("venue", latitude="1", longitude="2")
    visit = library.permanode("visit", camliNodeType="foursquare.com:checkin")
    library.says(SetAttribute(visit, "foursquareVenuePermanode", venue))
    then = utc_text(Timestamp(library.owner.at))
    library.says(SetAttribute(venue, "latitude", "50"))

    def at(when: str | None, north: int) -> list[str]:
        box = {"north": north, "south": north - 2, "west": 1, "east": 3}
        there = {"permanode": {"at": when, "location": box, "skipHidden": True}}
        return [ref for ref in found(library, there) if ref != venue]

    assert [at(then, 2), at(then, 51)] == [[visit], []]
    assert [at(None, 2), at(None, 51)] == [[], [visit]]


def test_numbers_are_written_in_the_digits_of_programs(library: Library) -> None:
    plain = library.permanode("plain", n="12")
    library.permanode("devanagari", n="१२")
    for matches in ("valueMatchesInt", "valueMatchesFloat"):
        assert found(library, {"permanode": {"attr": "n", matches: {"min": 1}}}) == [plain]


def test_looking_for_a_very_long_word_takes_no_longer(library: Library) -> None:
    letters = "".join(f"{number:x}" for number in range(9000))
    long = library.permanode("long", title=f"x{letters}y")
    library.permanode("short", title="short")
    contains = {"valueMatches": {"contains": letters}}
    assert found(library, {"permanode": {"attr": "title", **contains}}) == [long]
    explained = answer(library, {"permanode": {"attr": "title", **contains}})["explain"]
    assert explained["rowsRead"] < 10


def test_folders_deep_in_each_other_are_looked_through_once(library: Library) -> None:
    folder = library.file("deep.txt", b"deep")
    folders = [folder := library.folder(f"{number}", [folder]) for number in range(150)]
    for name, expected in (("deep.txt", folders), ("nowhere.txt", [])):
        file = {"file": {"fileName": {"equals": name}}}
        explained = answer(library, {"dir": {"recursiveContains": file}})
        assert {one["blob"] for one in explained["blobs"] or ()} == set(expected)
        assert explained["explain"]["rowsRead"] < 10 * len(folders)


def test_many_lists_are_collected_where_there_can_be_anything(library: Library) -> None:
    for number in range(80):
        date = f"{2000 + number % 4}-06-01T00:00:00Z"
        library.permanode(f"{number}", of=library.put(b"%d" % number), startDate=date)
    no_schema = {"logical": {"op": "not", "a": {"anyCamliType": True}}}

    def within(after: int, before: int) -> tuple[int, list[str]]:
        time = {"after": f"{after}-01-01T00:00:00Z", "before": f"{before}-01-01T00:00:00Z"}
        asked = {"permanode": {"attr": "of", "valueInSet": no_schema, "time": time}}
        return len(found(library, asked)), [*answer(library, asked)["explain"]["done"].values()]

    assert within(1999, 2010) == (80, ["collected 80"])
    assert within(2001, 2002) == (20, ["collected 20"])
    assert within(2002, 2001) == (0, ["collected 0"])
