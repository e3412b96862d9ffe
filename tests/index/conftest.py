"""A store full of claims: signed by real keys, in every relation claims can have."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.blobstore.table import Table
from holdfast.index.keys import CURSOR, STORE, UNREAD, VERSION
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.schema.build import directory_text, static_set_text
from holdfast.schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    SetAttribute,
    Share,
    Statement,
    claim_text,
)
from holdfast.schema.directories import write_directory, write_symlink
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import Put, write_file
from holdfast.schema.openpgp.secretkey import SecretKey, new_ed25519_key
from holdfast.schema.permanodes import random_permanode_text
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp

DATA = Path(__file__).parents[1] / "data"
NOW = 1_700_000_000_000_000_000

OWNER = new_ed25519_key(time=NOW // 10**9)
FRIEND = new_ed25519_key(time=NOW // 10**9 + 1)
STRANGER = new_ed25519_key(time=NOW // 10**9 + 2)
TRUSTED = frozenset({OWNER.public.fingerprint, FRIEND.public.fingerprint})


def blob(data: bytes) -> Blob:
    return Blob(Ref.of(data), data)


def key_blob(key: SecretKey) -> Blob:
    return blob(key.public.blob)


@dataclass
class Speaker:
    """Somebody with a key who makes blobs, one nanosecond apart unless told otherwise."""

    key: SecretKey = OWNER
    at: int = NOW
    made: list[Blob] = field(default_factory=list)

    def permanode(self, name: bytes = b"node") -> Ref:
        text = random_permanode_text(
            key_blob(self.key).ref, Timestamp(self.at), random=name.ljust(20)
        )
        return self._signed(text, self.at)

    def says(self, statement: Statement, *, at: int | None = None) -> Ref:
        self.at += 1
        date = self.at if at is None else at
        return self._signed(claim_text(key_blob(self.key).ref, Timestamp(date), statement), date)

    def _signed(self, text: bytes, date: int) -> Ref:
        made = blob(sign(text, self.key, time=signing_second(date)))
        self.made.append(made)
        return made.ref


@dataclass
class Corpus:
    """Blobs in an order they could have come in, and what to ask about them."""

    blobs: list[Blob]
    node: Ref
    deleted_node: Ref
    restored_node: Ref
    share: Ref
    revoked: Ref


def write_folders(put: Put) -> Ref:
    """Folders in folders: with alike files, with links, with what is missing, and what is wrong."""

    def write(name: bytes, text: bytes, put: Put = put) -> Ref:
        return write_file(FileFacts(name=name), text, put)

    def folder(name: bytes, *members: Ref, put: Put = put) -> Ref:
        return write_directory(FileFacts(name=name), members, put)

    def ignore(_: Blob) -> None: ...

    notes = write(b"Notes.txt", "Zebras, d\u00e9j\u00e0 vu\n".encode())
    copy = write(b"copy.txt", "Zebras, d\u00e9j\u00e0 vu\n".encode())
    link = write_symlink(FileFacts(name=b"link"), b"Notes.txt", put)
    inner = folder(b"inner", notes, link)
    whole = folder(b"whole", copy, notes, notes, inner)
    lists = [blob(static_set_text(members)) for members in ((inner, copy), (whole, inner))]
    entries = blob(static_set_text(merge_sets=[each.ref for each in lists]))
    merged = blob(directory_text(FileFacts(name=b"merged"), entries.ref))
    wrong = blob(directory_text(FileFacts(name=b"wrong"), notes))
    for each in (*lists, entries, merged, wrong):
        put(each)
    cut: list[Blob] = []
    write(b"cut", b"a chunk that never comes", cut.append)
    put(cut[-1])
    unlisted: list[Blob] = []
    folder(b"unlisted", notes, put=unlisted.append)
    put(unlisted[-1])
    lacking = folder(b"lacking", inner, folder(b"never comes", put=ignore))
    folder(b"above", lacking, merged.ref, wrong.ref, cut[-1].ref, Ref.of(b"just bytes"))
    return folder(b"top", whole, merged.ref)


def write_things(put: Put) -> tuple[Ref, Ref, Ref]:
    """A letter, a photo that says where it was made, and a song that says whose it is."""
    words = (
        "Dear \u017dofie, the Donaudampfschifffahrtsgesellschaftskapit\u00e4nswitwe \u6771\u4eac\n"
    )
    gps = {1: "S", 2: (33.0, 51.0, 25.0), 3: "W", 4: (70.0, 30.0, 0.0)}
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010F], exif[0x0110] = "Acme", "Acme 5"
    exif.get_ifd(0x8825).update(gps)
    Image.new("RGB", (8, 6)).save(out, "JPEG", exif=exif)
    song = (DATA / "index" / "media" / "sound.opus").read_bytes()
    return (
        write_file(FileFacts(name=b"letter.txt", mtime_ns=NOW - 2), words.encode(), put),
        write_file(FileFacts(name=b"beach.jpg", mtime_ns=NOW - 3), out.getvalue(), put),
        write_file(FileFacts(name=b"sound.opus"), song, put),
    )


def say_of_things(owner: Speaker, letter: Ref, photo: Ref, song: Ref) -> None:
    """Permanodes with those contents, and some that are where others are."""
    written, pictured, sung, venue, visit, lost = (
        owner.permanode(name)
        for name in (b"written", b"pictured", b"sung", b"venue", b"visit", b"lost")
    )
    owner.says(SetAttribute(written, "camliContent", letter))
    owner.says(SetAttribute(written, "title", "To \u017dofie, in " + "H\u00e5" * 30))
    owner.says(SetAttribute(pictured, "camliContent", photo))
    owner.says(SetAttribute(pictured, "lens", "a good one"))
    owner.says(AddAttribute(sung, "camliContent", song))
    owner.says(SetAttribute(sung, "artist", "somebody else"))
    owner.says(SetAttribute(venue, "latitude", "48.2082"))
    owner.says(SetAttribute(venue, "longitude", "16.3738"))
    owner.says(SetAttribute(venue, "title", "Caf\u00e9 Central"))
    for place in (visit, lost):
        owner.says(SetAttribute(place, "camliNodeType", "foursquare.com:checkin"))
        owner.says(SetAttribute(place, "foursquareVenuePermanode", venue))
        owner.says(SetAttribute(place, "camliContent", photo))
    owner.says(SetAttribute(lost, "latitude", "north"))
    owner.says(SetAttribute(lost, "longitude", "16"))


def make_corpus() -> Corpus:
    """Everything that can be said, by everybody, and what only looks like it."""
    owner, friend, stranger = Speaker(), Speaker(FRIEND), Speaker(STRANGER)
    node = owner.permanode(b"node")
    owner.says(SetAttribute(node, "title", "one"))
    owner.says(SetAttribute(node, "title", "two|%7C \u2028 \U0001f600"))
    friend.says(AddAttribute(node, "tag", "kept"), at=NOW + 50)
    dropped = owner.says(AddAttribute(node, "tag", "dropped"))
    owner.says(Delete(dropped))
    owner.says(DelAttribute(node, "colour"), at=-5)
    stranger.says(SetAttribute(node, "title", "mine"), at=NOW + 99)
    stranger.says(Delete(node), at=NOW + 99)
    gone = owner.permanode(b"gone")
    owner.says(Delete(gone))
    restored = owner.permanode(b"restored")
    owner.says(Delete(owner.says(Delete(restored))))
    share = owner.says(Share(target=node, is_transitive=True))
    revoked = owner.says(Share(search={"expression": "tag:kept"}, expires=Timestamp(NOW * 2)))
    friend.says(Delete(revoked), at=NOW + 200)
    content: list[Blob] = []
    facts = FileFacts(name=b"IMG_20130218_131058.txt", mtime_ns=NOW - 1)
    file = write_file(facts, random.Random(1).randbytes(400_000), content.append)
    folder = write_directory(FileFacts(name=b"folder", mtime_ns=5), [file], content.append)
    tree: list[Blob] = []
    folders = write_folders(tree.append)
    say_of_things(owner, *write_things(tree.append))
    owner.says(SetAttribute(node, "camliContent", file))
    owner.says(AddAttribute(restored, "camliMember", node))
    owner.says(SetAttribute(gone, "camliContent", folder))
    owner.says(Share(target=folders))
    owner.says(SetAttribute(restored, "camliContent", folders))
    owner.says(AddAttribute(restored, "camliRoot", "roots|%"))
    nameless = Speaker(new_ed25519_key(time=NOW // 10**9 + 3))
    nameless.says(SetAttribute(node, "title", "nobody's"))
    tampered = blob(owner.made[1].data.replace(b'"one"', b'"ONE"'))
    plain = [blob(b"just bytes"), blob(b'{"camliVersion": 1,\n"camliType": "bytes"}'), tampered]
    return Corpus(
        [
            *map(key_blob, (OWNER, FRIEND, STRANGER)),
            *content,
            *owner.made,
            *friend.made,
            *stranger.made,
            *nameless.made,
            *plain,
            *tree,
        ],
        node,
        gone,
        restored,
        share,
        revoked,
    )


CORPUS = make_corpus()


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


class Counting(MemoryTable):
    """Counts the rows that are read."""

    read = 0

    def get(self, key: bytes) -> bytes | None:
        self.read += 1
        return super().get(key)

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        for row in super().scan(start, end, backwards=backwards):
            self.read += 1
            yield row


@pytest.fixture
def corpus() -> Corpus:
    return CORPUS


def rows_in(table: Table) -> dict[bytes, bytes]:
    """All rows but those that say which store they are of, and how far they are.

    What is still to be read is waited for, since whoever keeps the table reads it soon.
    """
    deadline = time.monotonic() + 10
    while any(True for _ in table.scan(*UNREAD.below())) and time.monotonic() < deadline:
        time.sleep(0.002)
    own = {VERSION.key_of(), STORE.key_of(), CURSOR.key_of()}
    return {key: value for key, value in table.scan() if key not in own}


def indexed(batches: Iterable[list[Blob]]) -> dict[bytes, bytes]:
    """The rows of a store that received these batches one after the other."""
    hub, table = Hub(MemoryStorage()), MemoryTable()
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    for batch in batches:
        hub.receive(batch)
    assert index.settle(10)
    index.close()
    return rows_in(table)
