"""Whatever is in a store, and whatever is asked of it: the answer is the one that is defined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.index.query.pages import Sort, read_token
from holdfast.index.query.request import SearchQuery
from holdfast.index.query.scalars import LocationConstraint
from holdfast.index.query.trees import nodes
from holdfast.index.search import opening, searching, walking
from holdfast.index.search.opening import Effort
from holdfast.index.search.service import SearchService

from .corpora import Corpus, corpora
from .naive import Naive
from .naive_things import area_of
from .searches import queries

NOW = 0
"""Nothing here asks for what was lately."""

EFFORTS = {
    "as it is": None,
    "little at first": (1, Effort(rows=1, results=1, tests=2), opening.HEAVY),
    "little ever": (0, Effort(rows=1, results=0, tests=1), Effort(rows=3, results=2, tests=5)),
    "much at once": (500, opening.HEAVY, opening.HEAVY),
}
"""When to spend more on a query, and how much on it before and after."""


@pytest.fixture(params=EFFORTS)
def effort(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds are made for a million things. Set low, they are met in small stores too."""
    bounds = EFFORTS[request.param]
    if bounds is not None:
        misses, light, heavy = bounds
        monkeypatch.setattr(walking, "MISSES", misses)
        monkeypatch.setattr(searching, "MISSES", misses)
        monkeypatch.setattr(walking, "LIGHT", light)
        monkeypatch.setattr(walking, "HEAVY", heavy)
        monkeypatch.setattr(searching, "HEAVY", heavy)
        monkeypatch.setattr(searching, "MANY", misses)
        monkeypatch.setattr(searching, "MANY_OF_ALL", misses)


class Asked:
    """An index to ask, and what it is to answer."""

    def __init__(self, service: SearchService, naive: Naive) -> None:
        self.service, self.naive = service, naive

    def found(self, query: SearchQuery) -> list[str]:
        return refs_in(self.service.query(query))


def refs_in(answer: dict[str, Any]) -> list[str]:
    return [str(one["blob"]) for one in answer["blobs"] or ()]


@st.composite
def asked(draw: st.DrawFn) -> tuple[Corpus, list[SearchQuery]]:
    return draw(corpora()), draw(st.lists(queries, min_size=4, max_size=10))


def whole(naive: Naive, query: SearchQuery) -> list[str]:
    assert query.constraint is not None
    return [str(place.ref) for place in naive.all(query, query.constraint, NOW)]


COMMON = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


@pytest.mark.usefixtures("effort")
@COMMON
@given(asked=asked(), data=st.data())
def test_a_search_finds_what_is_defined(
    asked: tuple[Corpus, list[SearchQuery]], data: st.DataObject
) -> None:
    corpus, some = asked
    naive = corpus.naive()
    with corpus.indexed() as service:
        index = Asked(service, naive)
        for query in some:
            note(f"{query}")
            check(index, replace(query, limit=-1))
            limit = data.draw(st.integers(1, 4), "limit")
            some_refs = data.draw(st.lists(st.sampled_from(sorted(naive.kinds)), max_size=3))
            check_pages(index, query, limit, around=some_refs)


@pytest.mark.usefixtures("effort")
@COMMON
@given(asked=asked(), sort=st.sampled_from((Sort.CREATED, Sort.CREATED_DESC)))
def test_all_at_once_is_what_is_found_page_by_page(
    asked: tuple[Corpus, list[SearchQuery]], sort: Sort
) -> None:
    corpus, some = asked
    naive = corpus.naive()
    with corpus.indexed() as service:
        for query in some:
            note(f"{query}")
            everything = replace(query, sort=sort, limit=-1)
            places = service.answer(
                lambda desk, asked=everything: list(desk.search(asked).all_by_time())
            )
            refs = [place.decode().rpartition("|")[2] for place in places]
            assert refs == whole(naive, everything)


def check(index: Asked, query: SearchQuery) -> None:
    """All that fits is found, in order, and nothing else; each fits by itself, too."""
    constraint = query.constraint
    assert constraint is not None
    expected = whole(index.naive, query)
    answer = index.service.query(query)
    found = refs_in(answer)
    assert "continue" not in answer
    if query.sort_of(constraint).has_places:
        assert found == expected
    else:
        assert sorted(found) == sorted(expected)
    is_about_places = query.sort is Sort.MAP or any(
        isinstance(node, LocationConstraint) for node, _ in nodes(constraint)
    )
    if is_about_places:
        points = (index.naive.place_of(Ref(ref)) for ref in found)
        area = area_of(point for point in points if point is not None)
        assert answer["LocationArea"] == area
    else:
        assert answer["LocationArea"] is None
    for ref in index.naive.kinds:
        assert index.service.fits(query, ref) == index.naive.fits(constraint, ref, NOW)


def check_pages(index: Asked, query: SearchQuery, limit: int, *, around: list[Ref]) -> None:
    """Pages of a few give the same as no limit does; so do pages around something."""
    constraint = query.constraint
    assert constraint is not None
    expected = whole(index.naive, query)
    query = replace(query, limit=limit)
    if query.sort is Sort.MAP:
        found = index.found(query)
        located = [ref for ref in expected if index.naive.place_of(Ref(ref)) is not None]
        of = located if located and len(expected) > limit else expected
        assert len(found) == len(set(found)) == min(len(of), limit)
        assert set(found) <= set(of)
        return
    if query.sort is Sort.UNSORTED:
        found = index.found(query)
        assert len(found) == len(set(found)) == min(len(expected), limit)
        assert set(found) <= set(expected)
        return
    assert [ref for page in pages(index, query) for ref in page] == expected
    for ref in [*around, *map(Ref, expected[:1])]:
        page = replace(query, around=ref)
        assert index.found(page) == [str(one) for one in index.naive.page(page, constraint, NOW)]


def pages(index: Asked, query: SearchQuery) -> Iterator[list[str]]:
    for _ in range(100):
        answer = index.service.query(query)
        yield refs_in(answer)
        if "continue" not in answer:
            return
        query = replace(query, after=read_token(str(answer["continue"])))
    raise AssertionError("no last page")
