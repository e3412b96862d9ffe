"""Blobs that are removed take all their rows with them, whatever else is there, or happens."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import StoreFailed
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob
from holdfast.index.indexer import Indexer
from holdfast.index.keys import BLOB, REMOVING, SIGNER
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.schema.directories import write_directory
from holdfast.schema.facts import FileFacts

from .conftest import CORPUS, OWNER, TRUSTED, Speaker, indexed, key_blob, rows_in

ALL_ROWS = indexed([CORPUS.blobs])


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
ENTRIES = {
    named[1].decode()
    for found in CORPUS.blobs
    for named in re.finditer(rb'"entries": "([a-z0-9-]+)"', found.data)
}
"""The same, whatever is there in the place of a static set."""
REMOVABLE = sorted(
    found
    for found in CORPUS.blobs
    if found.data.startswith(b"{")
    and not any(part in found.data for part in PARTS)
    and found.ref not in ENTRIES
)


@settings(max_examples=15, deadline=None)
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
