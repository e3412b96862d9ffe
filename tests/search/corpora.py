"""Small random stores, in which little is said again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.index.search.service import SearchService
from holdfast.schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    SetAttribute,
    Statement,
    claim_text,
)
from holdfast.schema.directories import write_directory
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.permanodes import random_permanode_text
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp

from .naive import File, Folder, Naive, Said
from .pictures import picture
from .world import OWNER_KEY, STRANGER_KEY, moment

MISSING = Ref.of(b"what nobody has")
RAW = Blob(Ref.of(b"no schema blob"), b"no schema blob")


def _signed(text: bytes, date: int, key: SecretKey) -> Blob:
    data = sign(text, key, time=signing_second(date))
    return Blob(Ref.of(data), data)


@cache
def claim_of(says: Statement, date: int, is_owners: bool) -> Blob:
    key = OWNER_KEY if is_owners else STRANGER_KEY
    text = claim_text(Ref.of(key.public.blob), Timestamp(date), says)
    return _signed(text, date, key)


def _permanode(number: int) -> Blob:
    random = b"%d" % number
    text = random_permanode_text(
        Ref.of(OWNER_KEY.public.blob), Timestamp(10**18), random=random.ljust(20)
    )
    return _signed(text, 10**18, OWNER_KEY)


KEYS = [Blob(Ref.of(key.public.blob), key.public.blob) for key in (OWNER_KEY, STRANGER_KEY)]
PERMANODES = [_permanode(number) for number in range(8)]
NODES = [blob.ref for blob in PERMANODES]

FILE_BLOBS: list[Blob] = []
FILES: dict[Ref, File] = {}
FOLDERS: dict[Ref, Folder] = {}


def _file(
    name: str, data: bytes, mime: str, modified: str | None, taken: str | None, **more: object
) -> Ref:
    times = sorted(moment(text).ns for text in (modified, taken) if text is not None)
    facts = FileFacts(
        name=name.encode(), mtime_ns=None if modified is None else moment(modified).ns
    )
    ref = write_file(facts, data, FILE_BLOBS.append)
    FILES[ref] = File(name, len(data), mime, Ref.of(data), tuple(times), **more)  # type: ignore[arg-type]
    return ref


def _folder(name: str, *members: Ref) -> Ref:
    ref = write_directory(FileFacts(name=name.encode()), members, FILE_BLOBS.append)
    FOLDERS[ref] = Folder(name, frozenset(members))
    return ref


APPLE = b"A red apple, and a Green one"
WORDS = frozenset(("a", "red", "apple", "and", "green", "one"))
A = _file(
    "apple.jpg",
    picture(40, 30, taken="2015:01:01 13:00:00", place=(48.0, 2.0), make="Acme", model="One"),
    "image/jpeg",
    "2020-01-01",
    "2015-01-01T12:00:00",
    picture=(40, 30),
    place=(48.0, 2.0),
    words=frozenset(("apple", "jpg")),
    derived={"camera": "Acme One"},
)
B = _file(
    "Apple pie.png",
    picture(30, 40, kind="PNG"),
    "image/png",
    "2016-01-01",
    None,
    picture=(30, 40),
    words=frozenset(("apple", "pie", "png")),
)
C = _file(
    "apples.txt",
    APPLE,
    "text/plain",
    "2016-01-01",
    None,
    words=WORDS | {"apples", "txt"},
)
D = _file(
    "copy.txt",
    APPLE,
    "text/plain",
    None,
    None,
    words=WORDS | {"copy", "txt"},
)
E = _file(
    "n" * 130 + "1.txt", b"1", "text/plain", "1960-01-01", None, words=frozenset(("", "txt", "1"))
)
F = _file(
    "n" * 130 + "2.txt", b"2", "text/plain", "2016-01-01", None, words=frozenset(("", "txt", "2"))
)
INNER = _folder("inner", A, C)
OUTER = _folder("outer", INNER, D)
EMPTY = _folder("empty")

DATES = [moment(text).ns for text in ("2018-01-01", "2019-01-01", "2020-01-01", "2021-01-01")]

VALUES: dict[str, list[str]] = {
    "tag": ["red", "blue", "Red apple", ""],
    "title": ["Red apple", "apple pie", "Äpfel", "x" * 130 + "1", "x" * 130 + "2", ""],
    "n": ["5", "-7", "5", "2.5", "many"],
    "camliContent": [A, B, C, D, E, F, INNER, OUTER, MISSING, RAW.ref, "no ref", NODES[0]],
    "camliMember": [*NODES[:5], MISSING, A, RAW.ref, "no ref"],
    "camliPath:a|b": NODES[:4],
    "ref": [NODES[0], NODES[1], A, MISSING],
    "camliNodeType": ["foursquare.com:checkin", "foursquare.com:venue", "other"],
    "foursquareVenuePermanode": [NODES[1], NODES[2], NODES[3]],
    "camliDefVis": ["hide", "show"],
    "latitude": ["10", "-33.5", "north", "95"],
    "longitude": ["20", "179.5", "-179.5"],
    "startDate": ["2015-01-01T12:00:00Z", "1950-06-01T00:00:00Z", "soon"],
    "datePublished": ["2016-01-01T00:00:00Z"],
    "camera": ["Acme One", "Other"],
}
COMMON = ["tag", "title", "n", *["camliContent"] * 3, "camliMember", "camliPath:a|b", "ref"]


@dataclass
class Corpus:
    """A store as claims make it."""

    claims: list[Said]

    def blobs(self) -> list[Blob]:
        said = [claim_of(claim.says, claim.date, claim.is_owners) for claim in self.claims]
        return [*KEYS, *PERMANODES, *FILE_BLOBS, RAW, *said]

    def naive(self) -> Naive:
        blobs = dict(self.blobs())
        claims = {claim.ref for claim in self.claims}
        kinds = {}
        for ref in blobs:
            if ref in claims:
                kinds[ref] = "claim"
            elif ref in NODES:
                kinds[ref] = "permanode"
            elif ref in FILES:
                kinds[ref] = "file"
            elif ref in FOLDERS:
                kinds[ref] = "directory"
            else:
                kinds[ref] = "static-set" if b'"static-set"' in blobs[ref] else ""
        sizes = {ref: len(data) for ref, data in blobs.items()}
        return Naive(kinds, sizes, self.claims, FILES, FOLDERS)

    @contextmanager
    def indexed(self) -> Iterator[SearchService]:
        """What answers questions about the store."""
        hub = Hub(MemoryStorage())
        index = Index(MemoryTable(), hub, trusted=frozenset({OWNER_KEY.public.fingerprint}))
        try:
            hub.receive(self.blobs())
            assert index.settle(20)
            yield index.search
        finally:
            index.close()


@st.composite
def statements(draw: st.DrawFn, made: list[Ref]) -> Statement:
    """One thing to say, now that some claims are made."""
    kind = draw(st.sampled_from(["set", "add", "add", "set", "add", "del", "delete"]))
    if kind == "delete":
        return Delete(draw(st.sampled_from([*NODES[4:], *made[-6:]])))
    # Of a few, much is said.
    node = draw(st.sampled_from(NODES[:3]) | st.sampled_from(NODES))
    name = draw(st.sampled_from(COMMON) | st.sampled_from(sorted(VALUES)))
    value = draw(st.sampled_from(VALUES[name]))
    if kind == "del":
        return DelAttribute(node, name, draw(st.sampled_from([value, ""])))
    return (SetAttribute if kind == "set" else AddAttribute)(node, name, value)


@st.composite
def corpora(draw: st.DrawFn, most: int = 35) -> Corpus:
    said: dict[Ref, Said] = {}
    for _ in range(draw(st.sampled_from([most, 20, 20, 10, 3, 0]))):
        says = draw(statements(list(said)))
        date = draw(st.sampled_from(DATES))
        is_owners = draw(st.integers(0, 9)) > 0
        ref = claim_of(says, date, is_owners).ref
        said[ref] = Said(ref, date, says, is_owners)
    return Corpus(list(said.values()))
