"""Names in queries: saved searches and places, replaced by what they stand for."""

from __future__ import annotations

import json

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.index.query.constraints import (
    BASE,
    Constraint,
    FileConstraint,
    PermanodeConstraint,
    both,
    either,
    finds_only_permanodes,
    negated,
)
from holdfast.index.query.errors import BadQuery
from holdfast.index.query.expression import parse_expression
from holdfast.index.query.request import SearchQuery
from holdfast.index.query.scalars import LocationConstraint, StringConstraint
from holdfast.index.query.trees import nodes
from holdfast.index.query.writing import to_json
from holdfast.index.search.errors import BadSavedSearch, UnknownPlace, UnknownSearch
from holdfast.index.search.saved import MOST_NESTED, resolve
from holdfast.schema.claims import SetAttribute
from holdfast.schema.timestamps import Timestamp

from .conftest import Library

ONE = LocationConstraint(north=2, south=1, west=3, east=4)
TWO = LocationConstraint(north=6, south=5, west=7, east=8)
PLACES = {"one": (ONE,), "two": (ONE, TWO)}


def boxes_of(name: str) -> tuple[LocationConstraint, ...]:
    if name not in PLACES:
        raise UnknownPlace(name)
    return PLACES[name]


def save(library: Library, name: str, text: str) -> Ref:
    return library.permanode(name, camliNamedSearch=name, camliContent=library.put(text.encode()))


def resolved(library: Library, asked: str | Constraint) -> Constraint:
    constraint = parse_expression(asked) if isinstance(asked, str) else asked
    return resolve(constraint, library.reader, library.storage, find_place=boxes_of)


def here(box: LocationConstraint) -> Constraint:
    return Constraint(permanode=PermanodeConstraint(location=box))


# Saved searches


def test_a_saved_expression_stands_for_what_it_says(library: Library) -> None:
    save(library, "mine", "tag:a or tag:b\n")
    assert resolved(library, "named:mine tag:c") == parse_expression("(tag:a or tag:b) tag:c")


def test_a_saved_constraint_is_json(library: Library) -> None:
    save(library, "json", json.dumps({"camliType": "file"}))
    assert resolved(library, "named:json") == both(BASE, Constraint(camli_type="file"))


def test_what_is_asked_beside_a_name_counts_too(library: Library) -> None:
    save(library, "mine", "tag:a")
    asked = Constraint(camli_type="permanode", named="mine")
    said = parse_expression("tag:a").logical
    assert said is not None
    assert said.b is not None
    assert resolved(library, asked) == both(Constraint(camli_type="permanode"), said.b)


def test_saved_searches_may_name_others(library: Library) -> None:
    save(library, "inner", "tag:a loc:one")
    save(library, "middle", "-named:inner named:inner")
    save(library, "outer", "named:middle tag:b")
    assert resolved(library, "named:outer") == resolved(
        library, "(-(tag:a loc:one) (tag:a loc:one)) tag:b"
    )


def test_names_are_replaced_wherever_they_stand(library: Library) -> None:
    save(library, "mine", "tag:a")
    inner = Constraint(named="mine")
    asked = Constraint(permanode=PermanodeConstraint(attr="with", value_in_set=negated(inner)))
    found = resolved(library, asked)
    assert not any(isinstance(n, Constraint) and n.named for n, _ in nodes(found))


def test_the_newest_search_of_a_name_counts(library: Library) -> None:
    save(library, "mine", "tag:old")
    newest = save(library, "mine", "tag:new")
    assert resolved(library, "named:mine") == parse_expression("tag:new")
    library.says(SetAttribute(newest, "camliContent", library.put(b"tag:changed")))
    assert resolved(library, "named:mine") == parse_expression("tag:changed")
    library.delete(newest)
    assert resolved(library, "named:mine") == parse_expression("tag:old")


def test_long_names_are_told_apart(library: Library) -> None:
    save(library, "x" * 200, "tag:x")
    save(library, "x" * 200 + "y", "tag:y")
    assert resolved(library, "named:" + "x" * 200) == parse_expression("tag:x")


def test_a_name_under_which_nothing_is_saved_is_told(library: Library) -> None:
    save(library, "mine", "named:other")
    for name in ("other", "mine"):
        with pytest.raises(UnknownSearch, match="No named search found for: other") as unknown:
            resolved(library, f"named:{name}")
        assert unknown.value.name == "other"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("tag:", None),
        ("nonsense:x", "Unknown search predicate"),
        ('{"unknown": 1}', "unknown field"),
        ("x" * 1_100_000, "shorten it"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_name(
    text: str, problem: str | None, library: Library
) -> None:
    save(library, "mine", text)
    if problem is None:
        assert resolved(library, "named:mine") == parse_expression(text)
        return
    with pytest.raises(BadSavedSearch, match=problem) as bad:
        resolved(library, "named:mine")
    assert bad.value.name == "mine"


def test_content_that_is_not_there_is_told_with_a_remedy(library: Library) -> None:
    library.permanode("bare", camliNamedSearch="bare")
    library.permanode("gone", camliNamedSearch="gone", camliContent=Ref.of(b"gone"))
    with pytest.raises(BadSavedSearch, match="empty; save it again"):
        resolved(library, "named:bare")
    with pytest.raises(BadSavedSearch, match="not found; save it again"):
        resolved(library, "named:gone")


def test_searches_that_lead_back_to_themselves_are_refused(library: Library) -> None:
    save(library, "self", "named:self")
    save(library, "a", "named:b")
    save(library, "b", "tag:x or named:a")
    for name in ("self", "a", "b"):
        with pytest.raises(BadSavedSearch, match="leads back to itself"):
            resolved(library, f"named:{name}")


def test_searches_that_name_each_other_without_end_are_refused(library: Library) -> None:
    for number in range(MOST_NESTED + 1):
        save(library, f"n{number}", f"named:n{number + 1}")
    save(library, f"n{MOST_NESTED + 1}", "tag:end")
    assert resolved(library, "named:n2") == parse_expression("tag:end")
    with pytest.raises(BadSavedSearch, match="name each other"):
        resolved(library, "named:n0")


def test_searches_that_double_each_other_are_too_large(library: Library) -> None:
    save(library, "n0", "tag:a tag:b")
    for number in range(1, MOST_NESTED - 1):
        save(library, f"n{number}", f"named:n{number - 1} named:n{number - 1}")
    with pytest.raises(BadQuery, match="more than 10000 objects"):
        resolved(library, f"named:n{MOST_NESTED - 2}")


def test_searches_that_are_deep_one_in_the_other_are_too_large(library: Library) -> None:
    for number in range(MOST_NESTED - 1):
        deep = Constraint(named=f"s{number + 1}")
        for _ in range(70):
            deep = negated(deep)
        save(library, f"s{number}", json.dumps(to_json(deep)))
    save(library, f"s{MOST_NESTED - 1}", "tag:a")
    with pytest.raises(BadQuery, match="levels"):
        resolved(library, Constraint(named="s0"))


# Places


def test_a_place_becomes_its_boxes(library: Library) -> None:
    assert resolved(library, "loc:one") == both(BASE, here(ONE))
    assert resolved(library, "loc:two") == both(BASE, either(here(ONE), here(TWO)))
    assert finds_only_permanodes(resolved(library, here(LocationConstraint(place="two"))))


def test_what_else_is_asked_of_a_permanode_stays(library: Library) -> None:
    at = Timestamp(5)
    asked = PermanodeConstraint(
        at=at, attr="tag", value="a", location=LocationConstraint(place="two", any=True)
    )
    there = [Constraint(permanode=PermanodeConstraint(at=at, location=box)) for box in (ONE, TWO)]
    left = PermanodeConstraint(at=at, attr="tag", value="a", location=LocationConstraint(any=True))
    assert resolved(library, Constraint(permanode=asked)) == both(
        Constraint(permanode=left), either(*there)
    )


def test_files_can_be_in_a_place_too(library: Library) -> None:
    asked = Constraint(file=FileConstraint(location=LocationConstraint(place="one")))
    assert resolved(library, asked) == Constraint(file=FileConstraint(location=ONE))
    named = StringConstraint(has_prefix="IMG")
    asked = Constraint(
        file=FileConstraint(file_name=named, location=LocationConstraint(place="one"))
    )
    assert resolved(library, asked) == both(
        Constraint(file=FileConstraint(file_name=named)),
        Constraint(file=FileConstraint(location=ONE)),
    )


def test_unknown_places_are_told(library: Library) -> None:
    with pytest.raises(UnknownPlace, match='No location found for "three"'):
        resolved(library, "loc:three")


def test_a_search_finds_what_its_names_stand_for(library: Library) -> None:
    save(library, "mine", "tag:a loc:zermatt")
    there = library.permanode("there", tag=["a"], latitude="46.02", longitude="7.74")
    library.permanode("elsewhere", tag=["a"], latitude="1", longitude="1")
    found = library.index.search.query(SearchQuery(expression="named:mine"))
    assert found["blobs"] == [{"blob": there}]
    with pytest.raises(UnknownSearch):
        library.index.search.query(SearchQuery(expression="named:nothing"))


def test_what_names_nothing_stays_as_it_is(library: Library) -> None:
    asked = parse_expression("tag:a -is:image locrect:1,2,3,4")
    assert resolved(library, asked) is asked


def test_places_are_those_of_the_world_unless_told_otherwise(library: Library) -> None:
    found = resolve(parse_expression("loc:zermatt"), library.reader, library.storage)
    (box,) = (n for n, _ in nodes(found) if isinstance(n, LocationConstraint))
    assert box.south < 46.02 < box.north
