"""Blobs become rows: the same ones in whatever order, company and company's absence they come."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.keys import (
    BLOB,
    KINDS,
    REFUSED,
    WAITING,
    date_of,
    date_text,
)
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.schema.blob import parse_schema
from holdfast.schema.claims import AddAttribute, Delete, SetAttribute, read_claim
from holdfast.schema.folding import Standing, fold
from holdfast.schema.openpgp.secretkey import new_ed25519_key
from holdfast.schema.timestamps import END_NS, FIRST_NS, Timestamp

from .conftest import (
    CORPUS,
    FRIEND,
    OWNER,
    STRANGER,
    TRUSTED,
    Corpus,
    Counting,
    Speaker,
    blob,
    indexed,
    key_blob,
    rows_in,
)

ALL_ROWS = indexed([CORPUS.blobs])


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[Blob]]:
    """The corpus in any order, some of it more than once, cut into batches anywhere."""
    again = draw(st.lists(st.sampled_from(CORPUS.blobs), max_size=5))
    order = draw(st.permutations([*CORPUS.blobs, *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1), max_size=8)))
    return [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(max_examples=60, deadline=None)
@given(arrivals())
def test_any_order_of_arrival_gives_the_same_rows(batches: list[list[Blob]]) -> None:
    assert indexed(batches) == ALL_ROWS


def test_many_senders_at_once_give_the_same_rows(
    hub: Hub, table: MemoryTable, index: Index
) -> None:
    orders = [random.Random(seed).sample(CORPUS.blobs, len(CORPUS.blobs)) for seed in range(4)]
    start = threading.Barrier(len(orders))

    def send(order: list[Blob]) -> None:
        start.wait()
        for one in order:
            hub.receive([one])

    threads = [threading.Thread(target=send, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows_in(table) == ALL_ROWS
    assert index.claims.is_complete


@given(st.text(), st.text(), st.text())
def test_parts_of_keys_come_back_as_they_were(permanode: str, date: str, claim: str) -> None:
    kind = next(kind for kind in KINDS if kind.name == "claim")
    key, _ = kind.row(permanode, date, claim, value=("s", False, "t", "a", "v"))
    assert kind.parts_of(key) == [permanode, date, claim]
    start, end = kind.below(permanode)
    assert start <= key < end


@given(st.integers(FIRST_NS, END_NS - 1), st.integers(FIRST_NS, END_NS - 1))
def test_dates_in_keys_sort_as_moments_do(one: int, other: int) -> None:
    texts = date_text(Timestamp(one)), date_text(Timestamp(other))
    assert (texts[0] < texts[1]) == (one < other)
    assert date_of(texts[0], is_zone_unknown=True) == Timestamp(one, is_zone_unknown=True)


def test_every_kind_of_row_is_described() -> None:
    readme = (Path(__file__).parents[2] / "index" / "README.md").read_text()
    for kind in KINDS:
        parts = "|".join((f"`{kind.name}", *(part.upper() for part in kind.key))) + "`"
        assert parts in readme
        assert all(part in readme for part in kind.value)


def test_what_is_claimed_folds_as_all_claims_together_would(corpus: Corpus, hub: Hub, index: Index):
    hub.receive(corpus.blobs)
    trusted = frozenset(key_blob(key).ref for key in (OWNER, FRIEND))
    known = {Ref(BLOB.parts_of(key)[0]) for key in ALL_ROWS if key.startswith(BLOB.below()[0])}
    claims = [
        read_claim(schema)
        for schema in (parse_schema(*found) for found in corpus.blobs if found.ref in known)
        if schema.kind == "claim"
    ]
    for node in (corpus.node, corpus.deleted_node, corpus.restored_node):
        found = index.claims.about(node)
        assert found.trusted == {*trusted}
        assert found.fold(node) == fold(node, claims, trusted=trusted)
    folded = index.claims.about(corpus.node).fold(corpus.node)
    assert folded.value("title") == "two|%7C \u2028 \U0001f600"
    assert folded.attributes["tag"] == ("kept",)
    assert {event.standing for event in folded.history} == set(Standing) - {Standing.LATER}


def test_deletes_hold_and_deletes_of_deletes_undo_them(corpus: Corpus, hub: Hub, index: Index):
    hub.receive(corpus.blobs)
    refs = (corpus.node, corpus.deleted_node, corpus.restored_node, corpus.share, corpus.revoked)
    assert [index.claims.is_deleted(ref) for ref in refs] == [False, True, False, False, True]


def test_shares_are_told_with_what_revokes_them(corpus: Corpus, hub: Hub, index: Index) -> None:
    hub.receive(corpus.blobs)
    found = index.claims.shares()
    assert [claim.ref for claim in found.claims[:2]] == [corpus.share, corpus.revoked]
    assert found.claims[1].says.search == {"expression": "tag:kept"}
    assert found.deleted == {corpus.revoked}


def test_only_claims_seen_signed_by_someone_trusted_are_trusted(
    corpus: Corpus, hub: Hub, index: Index
) -> None:
    hub.receive(corpus.blobs)
    claims = {
        found.ref: read_claim(parse_schema(*found))
        for found in corpus.blobs
        if found.data.startswith(b"{") and b'"claimType"' in found.data
    }
    trusted = {ref for ref, claim in claims.items() if index.claims.trusts(claim)}
    signers = {key_blob(key).ref for key in (OWNER, FRIEND)}
    tampered = next(found.ref for found in corpus.blobs if b'"ONE"' in found.data)
    assert trusted == {ref for ref in claims if claims[ref].signer in signers} - {tampered}


def test_a_claim_waits_for_its_signers_key_even_over_a_restart(
    hub: Hub, table: MemoryTable
) -> None:
    speaker = Speaker()
    node = speaker.permanode()
    speaker.says(SetAttribute(node, "title", "early"))
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    hub.receive(speaker.made)
    assert index.claims.about(node).claims == ()
    index.close()
    waiting = [WAITING.parts_of(key) for key, _ in table.scan(*WAITING.below())]
    assert sorted(waiting) == sorted([key_blob(OWNER).ref, made.ref] for made in speaker.made)

    hub = Hub(hub.storage)
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    hub.receive([key_blob(OWNER)])
    assert index.claims.about(node).fold(node).value("title") == "early"
    assert list(table.scan(*WAITING.below())) == []
    index.close()


def test_a_delete_that_comes_before_its_target_holds(hub: Hub, index: Index) -> None:
    speaker = Speaker()
    node = speaker.permanode()
    claim = speaker.says(SetAttribute(node, "title", "no"))
    speaker.says(Delete(claim))
    for early in (key_blob(OWNER), *reversed(speaker.made)):
        hub.receive([early])
    assert index.claims.about(node).fold(node).attributes == {}


@pytest.mark.usefixtures("index")
def test_what_is_refused_is_noted_with_the_reason(hub: Hub, table: MemoryTable) -> None:
    speaker = Speaker()
    speaker.says(SetAttribute(speaker.permanode(), "title", "one"))
    good = speaker.made[1]
    bad = blob(good.data.replace(b'"one"', b'"two"'))
    hub.receive([key_blob(OWNER), bad, bad])
    (row,) = table.scan(*REFUSED.below())
    assert REFUSED.parts_of(row[0]) == [bad.ref]
    assert "other bytes" in REFUSED.value_of(row[1])[0]


@pytest.mark.usefixtures("index")
def test_a_key_that_is_none_refuses_what_waited_for_it(hub: Hub, table: MemoryTable) -> None:
    lie = blob(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n=AAAA\n-----END PGP\n")
    speaker = Speaker()
    speaker.permanode()
    (made,) = speaker.made
    forged = blob(made.data.replace(key_blob(OWNER).ref.encode(), lie.ref.encode()))
    hub.receive([forged])
    hub.receive([lie])
    assert [REFUSED.parts_of(key) for key, _ in table.scan(*REFUSED.below())] == [[forged.ref]]
    assert list(table.scan(*WAITING.below())) == []


def test_a_value_of_almost_a_mebibyte_is_kept_whole(hub: Hub, index: Index) -> None:
    speaker = Speaker()
    node = speaker.permanode()
    value = "\U0001f600" * 260_000
    speaker.says(SetAttribute(node, "description", value))
    hub.receive([key_blob(OWNER), *speaker.made])
    assert index.claims.about(node).fold(node).value("description") == value


def test_a_strangers_many_claims_do_not_count(hub: Hub, index: Index) -> None:
    owner, stranger = Speaker(), Speaker(STRANGER)
    node = owner.permanode()
    for number in range(20):
        stranger.says(AddAttribute(node, "tag", str(number)))
    hub.receive([key_blob(OWNER), key_blob(STRANGER), *owner.made, *stranger.made])
    folded = index.claims.about(node).fold(node)
    assert folded.attributes == {}
    assert folded.modified is None
    assert {event.standing for event in folded.history} == {Standing.UNTRUSTED}


def test_however_many_strangers_there_are_only_trusted_signers_are_read(hub: Hub) -> None:
    index = Index(table := Counting(), hub, trusted=TRUSTED)
    assert index.wait(10)
    for number in range(50):
        key = new_ed25519_key(time=number)
        speaker = Speaker(key)
        speaker.says(SetAttribute(CORPUS.node, "title", "mine"))
        hub.receive([key_blob(key), *speaker.made])
    hub.receive(CORPUS.blobs)
    table.read = 0
    assert not index.claims.is_deleted(CORPUS.share)
    assert table.read <= len(TRUSTED)
    index.close()


def test_values_of_mebibytes_that_wait_for_a_key_are_written_some_at_a_time(hub: Hub) -> None:
    index = Index(table := Measuring(), hub, trusted=TRUSTED)
    assert index.wait(10)
    speaker = Speaker()
    node = speaker.permanode()
    for number in range(40):
        speaker.says(AddAttribute(node, "tag", str(number) + "\u00e9" * 500_000))
    hub.receive(speaker.made)
    hub.receive([key_blob(OWNER)])
    assert len(index.claims.about(node).claims) == 40
    assert table.largest < 64 << 20
    index.close()


class Measuring(MemoryTable):
    """Remembers how much was written together."""

    largest = 0

    def write(self, puts, deletes=()) -> None:
        puts = list(puts)
        self.largest = max(self.largest, sum(len(key) + len(value) for key, value in puts))
        super().write(puts, deletes)
