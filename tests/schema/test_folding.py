"""The rules by which claims come to attributes: each rule, and any order of the same claims."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import parse_schema
from holdfast.schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    Other,
    SetAttribute,
    SignedClaim,
    read_claim,
)
from holdfast.schema.folding import Folded, Reading, Standing, claim_order, deleted_refs, fold
from holdfast.schema.timestamps import END_NS, FIRST_NS, Timestamp, parse_time

DATA = Path(__file__).parent.parent / "data" / "schema"
SIGNED = json.loads((DATA / "signed.json").read_text("utf-8"))

OWNER, FRIEND, STRANGER = (Ref.of(name) for name in (b"owner", b"friend", b"stranger"))
TRUSTED = frozenset({OWNER, FRIEND})
NODE, ELSEWHERE = Ref.of(b"node"), Ref.of(b"elsewhere")


def claim(name: str, says: object, at: int = 10**9, *, by: Ref = OWNER) -> SignedClaim:
    """A claim; its name gives its ref, and refs are in the order of names of one letter."""
    ref = Ref.parse(f"sha224-{name.encode().hex():0<56}")
    return SignedClaim(ref, by, Timestamp(at), says)


def folded(*claims: SignedClaim, **options: object) -> Folded:
    return fold(NODE, claims, trusted=TRUSTED, **options)


# Few refs, names, values and dates, so that all that can meet does.
claim_refs = st.sampled_from([Ref.parse(f"sha224-{i:056x}") for i in range(12)])
signers = st.sampled_from([OWNER, OWNER, OWNER, FRIEND, STRANGER])
dates = st.sampled_from([FIRST_NS + 1, -(10**9), -1, 10**9, 10**9 + 1, 2 * 10**9, END_NS - 1])
nodes = st.sampled_from([NODE, NODE, NODE, ELSEWHERE])
names = st.sampled_from(["tag", "title"])
values = st.sampled_from(["", "a", "b"])
changes = st.one_of(
    st.builds(SetAttribute, nodes, names, values),
    st.builds(AddAttribute, nodes, names, values),
    st.builds(DelAttribute, nodes, names, values),
)
statements = st.one_of(
    changes,
    st.builds(Delete, claim_refs | nodes),
    st.builds(Other, st.just("likes"), nodes),
)


def claims_of(says: st.SearchStrategy, by: st.SearchStrategy = signers) -> st.SearchStrategy:
    one = st.builds(SignedClaim, claim_refs, by, st.builds(Timestamp, dates), says)
    return st.lists(one, max_size=12, unique_by=lambda claim: claim.ref)


@st.composite
def histories(draw) -> list[SignedClaim]:
    """Claims as hashes allow them: a delete's target was there before the delete."""
    claims = draw(claims_of(statements))
    earlier: list[Ref] = [NODE, ELSEWHERE]
    for place, one in enumerate(claims):
        if isinstance(one.says, Delete):
            claims[place] = replace(one, says=Delete(draw(st.sampled_from(earlier))))
        earlier.append(one.ref)
    return claims


readings = st.sampled_from(Reading)
moments = st.none() | st.builds(Timestamp, dates)


@given(claims_of(statements), st.data(), moments, readings)
def test_any_order_of_arrival_and_any_repetition_gives_the_same_answer(claims, data, at, reading):
    again = data.draw(st.lists(st.sampled_from(claims))) if claims else []
    other = data.draw(st.permutations(claims + again))
    options = {"at": at, "reading": reading}
    assert folded(*other, **options) == folded(*claims, **options)


@given(claims_of(statements), moments, readings)
def test_what_strangers_say_changes_nothing(claims, at, reading):
    ours = [claim for claim in claims if claim.signer in TRUSTED]
    options = {"at": at, "reading": reading}
    with_strangers, without = folded(*claims, **options), folded(*ours, **options)
    assert replace(with_strangers, history=()) == replace(without, history=())
    kept = [event for event in with_strangers.history if event.claim.signer in TRUSTED]
    # Deletes of what a stranger said are about this permanode only if the stranger is heard.
    assert [event for event in kept if event in without.history] == list(without.history)


@given(claims_of(statements), moments, readings)
def test_claims_about_other_things_change_nothing(claims, at, reading):
    options = {"at": at, "reading": reading}
    whole = folded(*claims, **options)
    about = [event.claim for event in whole.history]
    assert folded(*about, **options) == whole


@given(histories())
def test_deleted_is_what_has_a_trusted_delete_that_is_not_deleted(claims):
    def is_deleted(ref: Ref) -> bool:
        return any(
            claim.says == Delete(ref) and claim.signer in TRUSTED and not is_deleted(claim.ref)
            for claim in claims
        )

    everything = {NODE, ELSEWHERE, *(claim.ref for claim in claims)}
    assert deleted_refs(claims, trusted=TRUSTED) == {ref for ref in everything if is_deleted(ref)}


@given(claims_of(st.builds(Delete, claim_refs | nodes)))
def test_deletes_that_lead_back_to_themselves_end_and_delete_nothing_on_their_own(claims):
    deleted = deleted_refs(claims, trusted=TRUSTED)
    targets = {
        claim.says.target
        for claim in claims
        if claim.signer in TRUSTED and claim.ref not in deleted
    }
    # Whatever is deleted has a delete that stands.
    assert deleted <= targets


def test_a_delete_of_itself_and_two_of_each_other_are_as_if_they_were_not_there():
    itself = claim("s", None)
    itself = replace(itself, says=Delete(itself.ref))
    one, two = claim("1", None), claim("2", None)
    one, two = replace(one, says=Delete(two.ref)), replace(two, says=Delete(one.ref))
    node = claim("n", Delete(NODE))
    assert deleted_refs([itself, one, two, node], trusted=TRUSTED) == {NODE}
    end = claim("e", Delete(one.ref))
    assert deleted_refs([itself, one, two, end], trusted=TRUSTED) == {one.ref}


def test_a_chain_of_deletes_as_long_as_one_likes_is_followed_to_its_end():
    chain = [claim("-", Delete(NODE))]
    for _ in range(20_000):
        chain.append(replace(chain[-1], ref=Ref.of(chain[-1].ref.encode())))
        chain[-1] = replace(chain[-1], says=Delete(chain[-2].ref))
    assert not folded(*chain[:-1]).is_deleted
    assert folded(*chain).is_deleted
    assert len(folded(*chain).history) == len(chain)


@given(claims_of(changes), moments)
def test_values_are_those_of_one_list_to_which_each_claim_is_applied_in_turn(claims, at):
    lists: dict[str, list[str]] = {}
    for one in sorted(claims, key=lambda claim: (claim.date.ns, claim.ref)):
        says = one.says
        if one.signer not in TRUSTED or says.permanode != NODE:
            continue
        if at is not None and one.date.ns > at.ns:
            continue
        found = lists.get(says.attribute, [])
        match says:
            case SetAttribute():
                found = [says.value]
            case AddAttribute():
                found = [*found, says.value]
            case DelAttribute():
                found = [v for v in found if says.value not in ("", v)]
        lists[says.attribute] = found
    expected = {name: tuple(found) for name, found in lists.items() if found}
    assert folded(*claims, at=at).attributes == expected


@given(claims_of(changes))
def test_the_describe_reading_is_the_search_reading_without_repetitions_and_empty_values(claims):
    search = folded(*claims).attributes
    describe = folded(*claims, reading=Reading.DESCRIBE).attributes
    for name in {*search, *describe}:
        once = tuple(dict.fromkeys(value for value in search.get(name, ()) if value))
        assert describe.get(name, ()) == once


def test_the_describe_reading_keeps_an_attribute_whose_values_were_removed_by_name():
    claims = [
        claim("1", AddAttribute(NODE, "gone", "x"), 1 * 10**9),
        claim("2", DelAttribute(NODE, "gone", "x"), 2 * 10**9),
        claim("3", AddAttribute(NODE, "cleared", "x"), 3 * 10**9),
        claim("4", DelAttribute(NODE, "cleared"), 4 * 10**9),
        claim("5", SetAttribute(NODE, "emptied", "x"), 5 * 10**9),
        claim("6", SetAttribute(NODE, "emptied", ""), 6 * 10**9),
        claim("7", DelAttribute(NODE, "never", "x"), 7 * 10**9),
    ]
    assert folded(*claims, reading=Reading.DESCRIBE).attributes == {"gone": ()}
    assert folded(*claims).attributes == {"emptied": ("",)}


def test_an_attribute_set_to_the_empty_value_is_first_read_as_empty_whatever_the_reading():
    one = claim("1", SetAttribute(NODE, "title", ""))
    assert folded(one).value("title") == folded(one, reading=Reading.DESCRIBE).value("title") == ""
    assert folded(one).value("unheard of") == ""


def test_equal_dates_are_ordered_by_the_ref_of_the_claim():
    low, high = (
        claim("1", SetAttribute(NODE, "t", "low")),
        claim("9", SetAttribute(NODE, "t", "high")),
    )
    assert folded(low, high).value("t") == folded(high, low).value("t") == "high"
    # The date comes first, and the mark for an unknown zone plays no part in it.
    late = replace(low, date=Timestamp(low.date.ns + 1))
    assert folded(late, high).value("t") == "low"
    marked = replace(low, date=Timestamp(low.date.ns, is_zone_unknown=True))
    assert folded(marked, high).value("t") == "high"


def test_claims_a_nanosecond_apart_and_before_1970_are_in_the_order_of_time():
    dates = ["1969-12-31T23:59:59.999999998Z", "1969-12-31T23:59:59.999999999Z"]
    dates += ["1970-01-01T00:00:01Z", "1970-01-01T00:00:01.000000001Z", "9999-12-31T23:59:59Z"]
    claims = [
        SignedClaim(Ref.of(text.encode()), OWNER, parse_time(text), AddAttribute(NODE, "d", text))
        for text in dates
    ]
    assert folded(*reversed(claims)).attributes["d"] == tuple(dates)
    for count, one in enumerate(claims, 1):
        assert folded(*claims, at=one.date).attributes["d"] == tuple(dates[:count])


def test_without_a_moment_a_claim_of_the_future_counts_and_with_one_it_does_not():
    future = claim("1", SetAttribute(NODE, "title", "later"), END_NS - 1)
    assert folded(future).value("title") == "later"
    now = folded(future, at=Timestamp(2 * 10**9))
    assert (now.value("title"), now.modified) == ("", None)
    assert [event.standing for event in now.history] == [Standing.LATER]


@given(claims_of(changes, st.just(OWNER)), st.builds(Timestamp, dates), readings)
def test_a_moment_leaves_out_what_was_claimed_after_it_and_nothing_else(claims, at, reading):
    then = [claim for claim in claims if claim.date.ns <= at.ns]
    seen, expected = folded(*claims, at=at, reading=reading), folded(*then, reading=reading)
    assert replace(seen, history=()) == replace(expected, history=())


def test_a_delete_holds_at_all_times_even_before_its_own_date():
    title = claim("1", SetAttribute(NODE, "title", "t"), 10**9)
    gone = claim("2", Delete(title.ref), 5 * 10**9)
    assert folded(title, gone, at=Timestamp(2 * 10**9)).value("title") == ""
    node = claim("3", Delete(NODE), 5 * 10**9)
    assert folded(title, node, at=Timestamp(2 * 10**9)).is_deleted


def test_a_delete_that_comes_before_its_target_holds():
    title = claim("1", SetAttribute(NODE, "title", "t"))
    gone = claim("2", Delete(title.ref))
    assert folded(gone).attributes == {}
    assert folded(gone, title) == folded(title, gone)
    assert folded(gone, title).value("title") == ""


def test_deleting_a_delete_restores_and_deleting_that_deletes_again():
    title = claim("1", SetAttribute(NODE, "title", "t"))
    gone = claim("2", Delete(title.ref))
    back = claim("3", Delete(gone.ref))
    again = claim("4", Delete(back.ref), by=FRIEND)
    assert folded(title, gone, back).value("title") == "t"
    assert folded(title, gone, back, again).value("title") == ""


def test_of_two_deletes_both_must_be_undone():
    one, two = claim("1", Delete(NODE)), claim("2", Delete(NODE), by=FRIEND)
    undone = claim("3", Delete(one.ref))
    assert folded(one, two, undone).is_deleted
    assert not folded(one, two, undone, claim("4", Delete(two.ref))).is_deleted


def test_a_strangers_delete_of_a_permanode_or_of_an_undelete_changes_nothing():
    assert not folded(claim("1", Delete(NODE), by=STRANGER)).is_deleted
    gone, back = claim("1", Delete(NODE)), claim("2", Delete(claim("1", None).ref))
    assert not folded(gone, back, claim("3", Delete(back.ref), by=STRANGER)).is_deleted


def test_a_deleted_set_uncovers_what_it_had_replaced():
    old = claim("1", SetAttribute(NODE, "title", "old"), 10**9)
    new = claim("2", SetAttribute(NODE, "title", "new"), 2 * 10**9)
    result = folded(old, new, claim("3", Delete(new.ref), 3 * 10**9))
    assert result.value("title") == "old"
    assert result.modified == old.date


def test_modification_is_the_latest_change_or_delete_of_the_permanode_that_counts():
    title = claim("1", SetAttribute(NODE, "title", "t"), 10**9)
    liked = claim("2", Other("likes", NODE), 2 * 10**9)
    gone = claim("3", Delete(NODE), 3 * 10**9)
    back = claim("4", Delete(gone.ref), 4 * 10**9)
    strange = claim("5", SetAttribute(NODE, "title", "s"), 5 * 10**9, by=STRANGER)
    assert folded().modified is None
    assert folded(title, strange).modified == title.date
    assert folded(title, liked).modified == liked.date
    assert folded(title, liked).described == title.date
    assert folded(title, liked, gone).modified == gone.date
    assert folded(title, liked, gone, back).modified == liked.date


def test_what_describe_reads_as_no_change_does_not_move_its_time():
    added = claim("1", AddAttribute(NODE, "tag", "x"), 10**9)
    for number, says in enumerate(
        (
            AddAttribute(NODE, "tag", "x"),
            AddAttribute(NODE, "tag", ""),
            SetAttribute(NODE, "title", ""),
        ),
        start=2,
    ):
        later = claim(str(number), says, number * 10**9)
        assert folded(added, later, reading=Reading.DESCRIBE).described == added.date
        assert folded(added, later).described == later.date
    gone = claim("5", DelAttribute(NODE, "tag", "x"), 5 * 10**9)
    again = claim("6", AddAttribute(NODE, "tag", "x"), 6 * 10**9)
    assert folded(added, gone, reading=Reading.DESCRIBE).described == gone.date
    assert folded(added, gone, again, reading=Reading.DESCRIBE).described == again.date


def test_huge_values_are_kept_whole():
    value = "\N{SNOWMAN}" * 300_000
    assert folded(claim("1", SetAttribute(NODE, "content", value))).value("content") == value


def test_long_lists_are_folded_without_walking_them_for_every_claim():
    adds = [
        SignedClaim(
            Ref.of(b"%d" % i), OWNER, Timestamp(10**9 + i), AddAttribute(NODE, "tag", str(i))
        )
        for i in range(30_000)
    ]
    dels = [
        SignedClaim(
            Ref.of(b"-%d" % i), OWNER, Timestamp(2 * 10**9 + i), DelAttribute(NODE, "tag", str(i))
        )
        for i in reversed(range(1, 30_000))
    ]
    for reading in Reading:
        assert folded(*adds, *dels, reading=reading).attributes == {"tag": ("0",)}


def test_the_history_has_everything_in_order_and_says_why_something_does_not_count():
    title = claim("1", SetAttribute(NODE, "title", "t"), 4 * 10**9)
    gone = claim("2", Delete(title.ref), 3 * 10**9)
    strange = claim("3", SetAttribute(NODE, "title", "s"), 2 * 10**9, by=STRANGER)
    hushed = claim("4", Delete(strange.ref), 9 * 10**9)
    liked = claim("5", Other("likes", NODE), 8 * 10**9)
    other = claim("6", SetAttribute(ELSEWHERE, "title", "o"))
    stray = claim("7", Delete(other.ref))
    history = folded(
        title, gone, strange, hushed, liked, other, stray, at=Timestamp(5 * 10**9)
    ).history
    assert [(event.claim, event.standing) for event in history] == [
        (strange, Standing.UNTRUSTED),
        (gone, Standing.COUNTS),
        (title, Standing.DELETED),
        (liked, Standing.LATER),
        (hushed, Standing.LATER),
    ]
    assert list(history) == sorted(history, key=lambda event: claim_order(event.claim))


@example([])
@given(claims_of(statements))
def test_what_is_folded_cannot_be_changed(claims):
    result = folded(*claims)
    with pytest.raises(TypeError):
        result.attributes["tag"] = ()  # type: ignore[index]
    with pytest.raises(AttributeError):
        result.is_deleted = True  # type: ignore[misc]


@pytest.fixture(scope="module")
def perkeep_claims() -> list[SignedClaim]:
    """All claims that Perkeep wrote in three stores, each with permanodes of its own."""
    blobs = [parse_schema(Ref(ref), text.encode()) for ref, text in SIGNED.items()]
    return [read_claim(blob) for blob in blobs if blob.kind == "claim"]


def test_a_permanode_that_perkeep_changed_often_has_the_attributes_it_gave_it(perkeep_claims):
    node = Ref("sha224-8d65e49bdd76139218327b5aec715820383af885aba5efec4f633512")
    (owner,) = {claim.signer for claim in perkeep_claims}
    result = fold(node, perkeep_claims, trusted={owner})
    assert result.attributes == {
        "camliContent": ("sha224-616ce4ec34b3976eb61c53dd3bd473a6468aff07c4af27c30d34b507",),
        "tag": ("beta", "gamma|pipe%2F"),
        "title": ("Golden Title \u00e9",),
    }
    assert fold(node, perkeep_claims, trusted=set()).attributes == {}


def test_what_perkeep_deleted_is_deleted_and_what_it_undeleted_is_not(perkeep_claims):
    deleted = Ref("sha224-7799f837a5a12722248e1d1619042d79c3e2530ab0f6fa566a2e8e2b")
    undeleted = Ref("sha224-f36b27bf8c40ba228bed4a18c2e032bb4355b89fe878717e3cd9a645")
    trusted = {claim.signer for claim in perkeep_claims}
    gone = fold(deleted, perkeep_claims, trusted=trusted)
    assert (gone.is_deleted, gone.value("title")) == (True, "ToDelete")
    back = fold(undeleted, perkeep_claims, trusted=trusted)
    assert (back.is_deleted, back.value("title")) == (False, "Undeleted")
    assert [(type(event.claim.says), event.standing) for event in back.history] == [
        (SetAttribute, Standing.COUNTS),
        (Delete, Standing.DELETED),
        (Delete, Standing.COUNTS),
    ]
