"""Whoever claims: what is signed, in which order it applies, and when it is sent."""

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.blob import parse_schema
from holdfast.schema.claims import AddAttribute, Delete, SetAttribute
from holdfast.schema.errors import BadClaim
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.timestamps import Timestamp, parse_time
from holdfast.schema.verifying import SignerKeys, verify
from holdfast.tools.claiming.claimer import Claimer
from holdfast.tools.claiming.desk import Desk
from holdfast.tools.claiming.errors import ValueTooLong
from holdfast.tools.client.store import Fetching, Store


def blob(store: Store, ref: Ref) -> Blob:
    (found,) = store.fetch((ref,))
    assert isinstance(found, Blob)
    return found


def test_what_is_claimed_verifies_from_the_store_alone(desk: Desk, owner: SecretKey) -> None:
    permanode = desk.claimer.permanode()
    (claim,) = desk.claim([SetAttribute(permanode, "title", "x")])
    keys = SignerKeys(Fetching(desk.store))
    for ref in (permanode, claim):
        signed = verify(blob(desk.store, ref).data, keys)
        assert signed.key.fingerprint == owner.public.fingerprint


def test_claims_apply_in_their_order_though_the_clock_stands_still(
    desk: Desk, owner: SecretKey
) -> None:
    still = Claimer(desk.store, owner, clock_ns=lambda: 1_700_000_000_000_000_000)
    permanode = still.permanode()
    for title in "abcdefgh":
        still.claim(SetAttribute(permanode, "title", title))
    assert desk.about(permanode).fold(permanode).value("title") == "h"


def test_the_same_key_and_date_give_the_same_permanode(desk: Desk) -> None:
    date = Timestamp(0)
    first = desk.claimer.planned_permanode("diary", date)
    assert desk.claimer.planned_permanode("diary", date) == first
    assert desk.claimer.planned_permanode("diary", Timestamp(10**9)) != first
    assert desk.claimer.permanode() != desk.claimer.permanode()


@pytest.mark.parametrize("date", ["1865-05-17T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_odd_dates_are_dates(desk: Desk, date: str) -> None:
    permanode = desk.claimer.permanode()
    moment = parse_time(date)
    desk.claimer.claim(SetAttribute(permanode, "title", date), date=moment)
    folded = desk.about(permanode).fold(permanode)
    assert folded.value("title") == date
    assert folded.modified == moment


def test_the_first_second_of_1970_is_refused_with_what_to_do(desk: Desk) -> None:
    with pytest.raises(BadClaim, match="another date"):
        desk.claimer.claim(SetAttribute(desk.claimer.permanode(), "a", "b"), date=Timestamp(5))


def test_large_values_are_kept_whole_up_to_the_limit_and_refused_beyond(desk: Desk) -> None:
    permanode = desk.claimer.permanode()
    largest = "é" * ((1 << 19) - 1000)
    desk.claim([SetAttribute(permanode, "text", largest)])
    assert desk.about(permanode).fold(permanode).value("text") == largest
    with pytest.raises(ValueTooLong, match="give the file's ref"):
        desk.claim([SetAttribute(permanode, "text", "é" * (1 << 19))])
    assert desk.about(permanode).fold(permanode).value("text") == largest


def test_many_large_claims_go_in_several_batches(desk: Desk) -> None:
    permanode = desk.claimer.permanode()
    values = [letter * 900_000 for letter in "abcdefg"]
    refs = desk.claim([AddAttribute(permanode, "text", value) for value in values])
    assert len(set(refs)) == 7
    assert desk.about(permanode).fold(permanode).attributes["text"] == tuple(values)


def test_nothing_is_said_when_a_part_of_it_cannot_be(desk: Desk) -> None:
    permanode = desk.claimer.permanode()
    with pytest.raises(BadClaim):
        desk.claim([SetAttribute(permanode, "title", "x"), SetAttribute(permanode, "", "y")])
    assert desk.about(permanode).claims == ()


def test_claiming_nothing_sends_nothing(desk: Desk) -> None:
    assert desk.claim([]) == []
    assert list(desk.store.enumerate()) == []


def test_a_wish_to_keep_is_signed_and_the_same_each_time(desk: Desk, plain: Ref) -> None:
    (keep,) = desk.claimer.keep(plain)
    assert desk.claimer.keep(plain) == [keep]
    found = blob(desk.store, keep)
    schema = parse_schema(keep, found.data)
    assert (schema.kind, schema.claim.target) == ("keep", plain)
    verify(found.data, SignerKeys(Fetching(desk.store)))


def test_a_delete_may_come_before_its_target(desk: Desk, owner: SecretKey) -> None:
    clock = iter([100, 200, 300, 400])
    later = Claimer(desk.store, owner, clock_ns=lambda: next(clock) * 10**9, random=bytes)
    told = Ref("sha224-5f9a2f6a3f6a7b4b0fbd2bd0ed32c55d7ee9ae3d5ab0bba1f53cfd3f")
    (delete,) = later.claim(Delete(told))
    assert told in desk.about(told).deleted
    assert delete not in desk.about(told).deleted
