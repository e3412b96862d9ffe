"""What an index tells of itself: what changes in it, and what it has not taken in."""

from __future__ import annotations

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.indexer import Indexer
from holdfast.index.keys import BLOB, UNREAD
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.index.status import MOST_COUNTED, MOST_SHOWN, IndexStatus, Waiting
from holdfast.schema.claims import SetAttribute
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file

from .conftest import CORPUS, OWNER, TRUSTED, Counting, Speaker, blob, key_blob


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
