"""Places in a sorted list, and the tokens that lead on from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.index.query.errors import BadQuery
from holdfast.index.query.pages import Place, Sort, read_token
from holdfast.index.query.reading import read_query
from holdfast.index.query.request import SearchQuery
from holdfast.schema.timestamps import END_NS, FIRST_NS, parse_time

from .strategies import places

REF = Ref.of(b"something")


@given(places)
def test_every_place_in_every_year_has_a_token_that_leads_back(place):
    assert read_token(place.token) == place


@pytest.mark.parametrize("time", ["0000-05-01T00:00:00Z", "9999-12-31T23:59:59-10:00"])
def test_times_that_cannot_be_written_have_tokens_too(time):
    moment = parse_time(time)
    assert not FIRST_NS <= moment.ns < END_NS
    place = Place(moment.ns, REF)
    assert read_token(place.token) == place


def test_tokens_have_the_references_form():
    assert Place(1791072000000000000, REF).token == f"pn:1791072000000000000:{REF}"
    assert read_token(f"pn:-2524521600000000000:{REF}") == Place(-2524521600000000000, REF)


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "pn:5",
        f"pn::{REF}",
        f"pn:x:{REF}",
        f"pn:+5:{REF}",
        f"pn:05:{REF}",
        f"pn:-0:{REF}",
        f"pn:٣:{REF}",
        f"pn:{10**21}:{REF}",
        f"pn:{-(10**21)}:{REF}",
        f"pn:{'9' * 5000}:{REF}",
        "pn:5:sha224-",
        f"pn:5:{REF}\n",
        f"px:5:{REF}",
    ],
)
def test_what_is_no_token_is_refused_and_does_not_lead_to_the_first_page(token):
    with pytest.raises(BadQuery, match="continue token") as caught:
        read_query({"continue": token})
    assert caught.value.path == "continue"


def test_an_empty_token_is_none():
    assert read_query({"continue": ""}) == SearchQuery()


@given(st.lists(places), st.integers(1, 3), st.sampled_from([Sort.CREATED, Sort.CREATED_DESC]))
def test_pages_by_token_hold_everything_once_in_order(everything, size, sort):
    whole = sorted(set(everything), reverse=sort.is_descending)
    rest, found = whole, []
    while rest:
        found += rest[:size]
        last = read_token(found[-1].token)
        rest = [place for place in whole if (place < last if sort.is_descending else place > last)]
    assert found == whole


def test_equal_times_go_by_ref():
    first, second = sorted(Ref.of(bytes([number])) for number in range(2))
    assert Place(5, first) < Place(5, second) < Place(6, first)
    assert Place(0, Ref.of(b"", hash_name="sha1")) < Place(0, first)


def test_sorts_know_their_direction():
    assert {sort for sort in Sort if sort.is_descending} == {Sort.CREATED_DESC, Sort.MODIFIED_DESC}
    assert {sort for sort in Sort if not sort.has_places} == {Sort.UNSORTED, Sort.MAP}
