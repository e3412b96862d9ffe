"""Blobs become rows: the same ones in whatever order, company and company's absence they come."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import StoreFailed
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.indexer import Indexer
from holdfast.index.keys import (
    BLOB,
    KINDS,
    REFUSED,
    REMOVING,
    SIGNER,
    UNREAD,
    WAITING,
    date_of,
    date_text,
)
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.index.status import MOST_COUNTED, MOST_SHOWN, IndexStatus, Waiting
from holdfast.schema.blob import parse_schema
from holdfast.schema.claims import AddAttribute, Delete, SetAttribute, read_claim
from holdfast.schema.directories import write_directory
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
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
    Speaker,
    blob,
    indexed,
    key_blob,
    rows_in,
)

ALL_ROWS = indexed([CORPUS.blobs])


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def hub(storage: MemoryStorage) -> Hub:
    return Hub(storage)


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def index(table: MemoryTable, hub: Hub) -> Iterator[Index]:
    made = Index(table, hub, trusted=TRUSTED)
    assert made.wait(10)
    yield made
    made.close()


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


@pytest.mark.usefixtures("index")
def test_removing_a_blob_removes_its_rows(hub: Hub, table: MemoryTable) -> None:
    hub.receive(CORPUS.blobs)
    gone = [found for found in CORPUS.blobs if b'"claimType": "delete"' in found.data]
    hub.remove([found.ref for found in gone])
    assert rows_in(table) == indexed([[b for b in CORPUS.blobs if b not in gone]])
    hub.receive(gone)
    assert rows_in(table) == ALL_ROWS


PARTS = (b'"camliType": "static-set"', b'"camliType": "bytes"')
"""What rows of others are made of, which stay when these go; and so stay who signed."""
REMOVABLE = sorted(
    found
    for found in CORPUS.blobs
    if found.data.startswith(b"{") and not any(part in found.data for part in PARTS)
)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_is_removed_and_comes_again_rows_are_those_of_what_is_there(
    data: st.DataObject,
) -> None:
    hub, table = Hub(MemoryStorage()), MemoryTable()
    index = Index(table, hub, trusted=TRUSTED)
    hub.receive(CORPUS.blobs)
    gone: set[Blob] = set()
    for _ in range(data.draw(st.integers(1, 3))):
        # Files and folders are read, or are still to be.
        assert not data.draw(st.booleans()) or index.settle(10)
        going = data.draw(st.lists(st.sampled_from(REMOVABLE), unique=True, min_size=1))
        hub.remove([found.ref for found in going])
        gone |= {*going}
        coming = data.draw(st.permutations(sorted(gone)))[: data.draw(st.integers(0, len(gone)))]
        hub.receive(coming)
        gone -= {*coming}
    assert index.settle(10)
    left = {key: value for key, value in rows_in(table).items() if not is_signer(key)}
    index.close()
    expected = indexed([[found for found in CORPUS.blobs if found not in gone]])
    assert left == {key: value for key, value in expected.items() if not is_signer(key)}


def is_signer(key: bytes) -> bool:
    """Whether a row says who has a key, which is not forgotten."""
    return key.startswith(SIGNER.below()[0])


def test_what_waits_and_what_is_to_be_read_is_removed_without_a_trace(hub: Hub) -> None:
    index = Index(table := MemoryTable(), hub, trusted=TRUSTED, reads=False)
    assert index.wait(10)
    before = [*table.scan()]
    speaker, made = Speaker(), []
    speaker.permanode()
    write_directory(FileFacts(name=b"folder"), [], made.append)
    hub.receive([*speaker.made, *made])
    assert len([*table.scan()]) == len(before) + 3
    hub.remove([found.ref for found in (*speaker.made, *made)])
    assert [*table.scan()] == before
    index.close()


def test_what_is_still_waiting_when_a_removal_fails_is_read_when_it_can_be(
    table: MemoryTable,
) -> None:
    hub = Hub(KeepsAll())
    index = Index(table, hub, trusted=TRUSTED)
    speaker = Speaker()
    node = speaker.permanode()
    hub.receive(speaker.made)
    with pytest.raises(StoreFailed):
        hub.remove([node])
    hub.receive([key_blob(OWNER)])
    assert table.get(BLOB.key_of(node)) is not None
    index.close()


def test_a_removal_that_fails_leaves_the_rows(table: MemoryTable) -> None:
    hub = Hub(KeepsAll())
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    hub.receive(CORPUS.blobs)
    with pytest.raises(StoreFailed):
        hub.remove([CORPUS.share])
    assert rows_in(table) == ALL_ROWS
    index.close()


class KeepsAll(MemoryStorage):
    """Fails to remove anything."""

    def remove(self, refs: object) -> None:
        raise StoreFailed("here", f"{refs} stay")


def test_a_removal_cut_off_by_a_crash_is_settled_at_the_next_opening(
    hub: Hub, table: MemoryTable
) -> None:
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    hub.receive(CORPUS.blobs)
    # The rows are gone, and the blob is not: as if the power had failed in between.
    going = Indexer(table, hub.storage, trusted=TRUSTED).removing([CORPUS.share])
    going.__enter__()
    assert CORPUS.share not in {claim.ref for claim in index.claims.shares().claims}
    assert [REMOVING.parts_of(key) for key, _ in table.scan(*REMOVING.below())] == [[CORPUS.share]]
    Index(table, Hub(hub.storage), trusted=TRUSTED).wait(10)
    assert rows_in(table) == ALL_ROWS


def test_a_claim_is_removed_whole_even_if_its_signers_key_is_gone(
    hub: Hub, table: MemoryTable
) -> None:
    first = Index(table, hub, trusted=TRUSTED)
    assert first.wait(10)
    hub.receive(CORPUS.blobs)
    hub.remove([key_blob(OWNER).ref])
    first.close()
    # Begun anew, so that nobody remembers the key.
    later = Hub(hub.storage)
    index = Index(table, later, trusted=TRUSTED)
    assert index.wait(10)
    later.remove([CORPUS.share, CORPUS.node])
    assert CORPUS.share not in {claim.ref for claim in index.claims.shares().claims}
    left = [key for key in rows_in(table) if CORPUS.share.encode() in key]
    assert [key for key in left if not key.startswith(b"delete|")] == []
    index.close()


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


class Counting(MemoryTable):
    """Counts the rows that are read."""

    read = 0

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        for row in super().scan(start, end, backwards=backwards):
            self.read += 1
            yield row


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


# What is told of it


def test_who_watches_is_told_of_permanodes_and_blobs_once_they_can_be_found(
    hub: Hub, table: MemoryTable, index: Index
) -> None:
    told: list[frozenset[Ref]] = []
    found: list[bool] = []

    def watcher(changed: frozenset[Ref]) -> None:
        told.append(changed)
        found.extend(table.get(BLOB.key_of(ref)) is not None for ref in changed)

    speaker = Speaker()
    node = speaker.permanode()
    hub.receive([key_blob(OWNER), *speaker.made])
    speaker.made.clear()
    with index.watching(watcher):
        claim = speaker.says(SetAttribute(node, "title", "one"))
        hub.receive([*speaker.made, blob(b"no schema blob")])
        assert told == [{node, claim}]
        hub.receive(speaker.made)
        assert told == [{node, claim}]
        made: list[Blob] = []
        file = write_file(FileFacts(), b"text", made.append)
        hub.receive(made)
        assert index.settle(10)
        assert told[1:] == [{file}]
        assert all(found)
        hub.remove([claim])
        assert told[2:] == [{node, claim}]
    hub.receive(speaker.made)
    assert len(told) == 3


def test_permanodes_are_told_of_when_their_content_comes_to_be_read(hub: Hub, index: Index) -> None:
    speaker, made = Speaker(), []
    file = write_file(FileFacts(mtime_ns=5 * 10**18), b"text", made.append)
    node = speaker.permanode()
    speaker.says(SetAttribute(node, "camliContent", file))
    hub.receive([key_blob(OWNER), *speaker.made])
    told: list[frozenset[Ref]] = []
    with index.watching(told.append):
        hub.receive(made)
        assert index.settle(10)
    assert told == [{file, node}]


def test_a_watcher_that_fails_keeps_nobody_from_anything(hub: Hub, index: Index) -> None:
    told: list[frozenset[Ref]] = []
    with index.watching(lambda _: 1 / 0), index.watching(told.append):
        hub.receive(CORPUS.blobs)
        assert index.settle(10)
    assert CORPUS.node in told[0]


def test_the_status_tells_what_is_not_taken_in_and_why(hub: Hub, table: MemoryTable) -> None:
    index = Index(table, hub, trusted=TRUSTED, reads=False)
    assert index.wait(10)
    assert index.status() == IndexStatus(True, 0, 0, 0, (), ())
    speaker, made = Speaker(), []
    node = speaker.permanode()
    speaker.says(SetAttribute(node, "title", "one"))
    write_file(FileFacts(), b"text", made.append)
    hub.receive([*speaker.made, *made])
    status = index.status()
    assert (status.unread, status.waiting, status.refused) == (1, 2, 0)
    key = key_blob(OWNER).ref
    assert {*status.some_waiting} == {Waiting(found.ref, key) for found in speaker.made}

    bad = [
        blob(speaker.made[1].data.replace(b'"one"', b'"%d"' % number))
        for number in range(MOST_SHOWN + 3)
    ]
    hub.receive([key_blob(OWNER), *bad])
    assert index.settle(10)
    status = index.status()
    assert (status.unread, status.waiting, status.refused) == (0, 0, len(bad))
    latest = [found.ref for found in reversed(bad)][:MOST_SHOWN]
    assert [each.blob for each in status.some_refused] == latest
    assert all("other bytes" in each.reason for each in status.some_refused)
    hub.remove(latest[:-1])
    left = {found.ref for found in bad} - {*latest[:-1]}
    status = index.status()
    assert status.refused == len(left)
    assert status.some_refused[0].blob == latest[-1]
    assert {each.blob for each in status.some_refused} == left
    index.close()


def test_no_more_is_counted_for_the_status_than_it_takes_to_see_that_it_is_much() -> None:
    table = Counting()
    table.write([UNREAD.row(Ref.of(b"%d" % number)) for number in range(2 * MOST_COUNTED)])
    status = Indexer(table, MemoryStorage(), trusted=TRUSTED).status(is_complete=False)
    assert (status.is_complete, status.unread) == (False, MOST_COUNTED)
    assert table.read <= MOST_COUNTED + 1
