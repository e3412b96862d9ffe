"""From our rows of a whole store all rows can be made that Perkeep's index has of it."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.opening import open_storage
from holdfast.blobstore.ref import Blob, Ref
from holdfast.blobstore.storage import fetch_one
from holdfast.index.files import facts_in
from holdfast.index.keys import (
    BLOB,
    CHILD,
    CLAIM,
    DELETE,
    DIRECTORY,
    EDGE,
    FILE,
    REFERS,
    SAID,
    SIGNER,
    WAITING,
    WHOLE,
    RowKind,
    date_of,
)
from holdfast.index.kv.memory import MemoryTable, open_memory
from holdfast.index.opening import Index
from holdfast.schema.identity import read_identity
from holdfast.schema.timestamps import format_ns, format_time

from .conftest import rows_in

DATA = Path(__file__).parents[1] / "data"
KEY = read_identity((DATA / "schema" / "identity-secring.gpg").read_bytes()).public

_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def _theirs() -> dict[str, dict[str, str]]:
    """Perkeep's rows by kind."""
    found: dict[str, dict[str, str]] = {}
    for line in (DATA / "index" / "localdisk-rows.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        kind = row["k"].partition("|")[0].partition(":")[0]
        found.setdefault(kind, {})[row["k"]] = row["v"]
    return found


THEIRS = _theirs()


def stored(folder: Path) -> list[Blob]:
    """The blobs of the store."""
    with tarfile.open(DATA / "blobstore" / "perkeep-stores.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    storage = open_storage(
        "localdisk", folder / "localdisk", open_table=open_memory, read_only=True
    )
    blobs = [Blob(ref, fetch_one(storage, ref)) for ref, _ in storage.enumerate()]
    storage.close()
    return blobs


def indexed(blobs: list[Blob]) -> dict[bytes, bytes]:
    hub, table = Hub(MemoryStorage()), MemoryTable()
    index = Index(table, hub, trusted=frozenset({KEY.fingerprint}))
    hub.receive(blobs)
    assert index.settle(30)
    index.close()
    return rows_in(table)


class Rows:
    """Our rows, by kind."""

    def __init__(self, rows: dict[bytes, bytes]) -> None:
        self._rows = rows

    def of(self, kind: RowKind) -> Iterator[tuple[list[str], list]]:
        start, end = kind.below()
        for key, value in self._rows.items():
            if start <= key < end:
                yield kind.parts_of(key), kind.value_of(value)

    def claims(self) -> Iterator[tuple[str, str, str, str, str, str, str]]:
        """Claims about permanodes, among them the deletes of these."""
        kinds = {ref: kind for (ref,), (kind, *_) in self.of(BLOB)}
        for (node, date, claim), (signer, unknown, kind, attribute, value) in self.of(CLAIM):
            yield node, _moment(date, unknown), claim, kind, attribute, value, signer
        for (target, claim), (signer, date, unknown) in self.of(DELETE):
            if kinds.get(target) == "permanode":
                yield target, _moment(date, unknown), claim, "delete", "", "", signer


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> list[Blob]:
    return stored(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="module")
def ours(blobs: list[Blob]) -> Rows:
    return Rows(indexed(blobs))


def _moment(date: str, unknown: object) -> str:
    return format_time(date_of(date, is_zone_unknown=bool(unknown)))


def _reversed(moment: str) -> str:
    """A moment so that later ones sort first."""
    return "rt" + moment.translate(_COMPLEMENT)


def _escaped(text: str) -> str:
    return quote_plus(text, safe="~")


def _claim(ours: Rows) -> Iterator[tuple[str, str]]:
    for node, date, claim, kind, attribute, value, signer in ours.claims():
        said = "|".join(map(_escaped, (kind, attribute, value)))
        yield f"claim|{node}|{KEY.key_id}|{date}|{claim}", f"{said}|{signer}"


def _recpn(ours: Rows) -> Iterator[tuple[str, str]]:
    for node, date, claim, *_ in ours.claims():
        yield f"recpn|{KEY.key_id}|{_reversed(date)}|{claim}", node


def _paths(ours: Rows) -> Iterator[tuple[str, str, str, str, str, str]]:
    for node, date, claim, kind, attribute, value, _ in ours.claims():
        if attribute.startswith("camliPath:") and value.startswith("sha"):
            is_there = "N" if kind == "del-attribute" else "Y"
            name = _escaped(attribute.removeprefix("camliPath:"))
            yield node, date, claim, name, value, is_there


def _path(ours: Rows) -> Iterator[tuple[str, str]]:
    for node, date, claim, name, target, is_there in _paths(ours):
        key = f"path|{KEY.key_id}|{node}|{name}|{_reversed(date)}|{claim}"
        yield key, f"{is_there}|{target}"


def _signertargetpath(ours: Rows) -> Iterator[tuple[str, str]]:
    for node, date, claim, name, target, is_there in _paths(ours):
        key = f"signertargetpath|{KEY.key_id}|{target}|{claim}"
        yield key, f"{date}|{node}|{is_there}|{name}"


def _signerattrvalue(ours: Rows) -> Iterator[tuple[str, str]]:
    for (attribute, value, date, claim), (node, _) in ours.of(SAID):
        when = _reversed(_moment(date, unknown=False))
        said = f"{_escaped(attribute)}|{_escaped(value)}"
        yield f"signerattrvalue|{KEY.key_id}|{said}|{when}|{claim}", node


def _edgeback(ours: Rows) -> Iterator[tuple[str, str]]:
    members = {
        claim: node for node, _, claim, _, name, *_ in ours.claims() if name == "camliMember"
    }
    for (child, claim), _ in ours.of(REFERS):
        if claim in members:
            yield f"edgeback|{child}|{members[claim]}|{claim}", "permanode|"


def _deleted(ours: Rows) -> Iterator[tuple[str, str]]:
    for (target, claim), (_, date, unknown) in ours.of(DELETE):
        yield f"deleted|{target}|{_reversed(_moment(date, unknown))}|{claim}", ""


def _signerkeyid(ours: Rows) -> Iterator[tuple[str, str]]:
    for (fingerprint, signer), _ in ours.of(SIGNER):
        yield f"signerkeyid:{signer}", fingerprint[-16:]


def _meta(ours: Rows) -> Iterator[tuple[str, str]]:
    for (ref,), (kind, *_) in ours.of(BLOB):
        yield f"meta:{ref}", f"application/json; camliType={kind}"


def _fileinfo(ours: Rows) -> Iterator[tuple[str, str]]:
    for (ref,), value in ours.of(FILE):
        facts = facts_in(json.dumps(value).encode())
        named = f"{_escaped(facts.name)}|{_escaped(facts.mime)}"
        yield f"fileinfo|{ref}", f"{facts.size}|{named}|{facts.whole}"
    for (ref,), (name, members) in ours.of(DIRECTORY):
        yield f"fileinfo|{ref}", f"{members}|{_escaped(name)}||"


def _filetimes(ours: Rows) -> Iterator[tuple[str, str]]:
    for (ref,), value in ours.of(FILE):
        times = facts_in(json.dumps(value).encode()).times
        yield f"filetimes|{ref}", _escaped(",".join(format_ns(time.ns) for time in times))


def _imagesize(ours: Rows) -> Iterator[tuple[str, str]]:
    for (ref,), value in ours.of(FILE):
        if size := facts_in(json.dumps(value).encode()).picture:
            yield f"imagesize|{ref}", f"{size.width}|{size.height}"


def _exifgps(ours: Rows) -> Iterator[tuple[str, str]]:
    for _, value in ours.of(FILE):
        facts = facts_in(json.dumps(value).encode())
        if facts.place:
            place = f"{facts.place.latitude:.7f}|{facts.place.longitude:.7f}"
            yield f"exifgps|{facts.whole}", place


def _mediatag(ours: Rows) -> Iterator[tuple[str, str]]:
    for _, value in ours.of(FILE):
        facts = facts_in(json.dumps(value).encode())
        for name, text in facts.tags.items():
            yield f"mediatag|{facts.whole}|{name}", _escaped(text)


def _wholetofile(ours: Rows) -> Iterator[tuple[str, str]]:
    for (whole, file), _ in ours.of(WHOLE):
        yield f"wholetofile|{whole}|{file}", "1"


def _dirchild(ours: Rows) -> Iterator[tuple[str, str]]:
    for (directory, child), _ in ours.of(CHILD):
        yield f"dirchild|{directory}|{child}", "1"


MADE: dict[str, Callable[[Rows], Iterator[tuple[str, str]]]] = {
    made.__name__[1:]: made
    for made in (
        *(_claim, _recpn, _path, _signertargetpath, _signerattrvalue, _edgeback, _deleted),
        *(_signerkeyid, _fileinfo, _filetimes, _imagesize, _exifgps, _mediatag, _wholetofile),
        _dirchild,
    )
}
HAVE_NO_COUNTERPART = {
    "schemaversion",
    "have",  # the store itself tells
    "exiftag",  # said of the bytes: see tests/index/media
}


def test_no_kind_of_row_is_forgotten() -> None:
    assert THEIRS.keys() - HAVE_NO_COUNTERPART - {"meta"} <= MADE.keys()


@pytest.mark.parametrize("kind", MADE)
def test_their_rows_can_be_made_of_ours(kind: str, ours: Rows) -> None:
    made = list(MADE[kind](ours))
    assert len(made) == len(dict(made))
    assert dict(made) == THEIRS.get(kind, {})


def test_the_types_of_schema_blobs_are_the_same(ours: Rows) -> None:
    expected = {
        key: value.partition("|")[2]
        for key, value in THEIRS["meta"].items()
        if "camliType=" in value
    }
    assert dict(_meta(ours)) == expected


def test_members_are_those_that_are_not_taken_away_again(ours: Rows) -> None:
    """Edges of now, where Perkeep's are of all time."""
    now = {(child, parent) for (child, parent, name), _ in ours.of(EDGE) if name == "camliMember"}
    ever = {tuple(key.split("|")[1:3]) for key in THEIRS["edgeback"]}
    assert now <= ever
    assert now


def test_what_waits_is_noted_by_what_it_waits_for(blobs: list[Blob]) -> None:
    """As Perkeep's `missing` rows, and nothing else is known of it."""
    key = Ref.of(KEY.blob)
    rows = indexed([blob for blob in blobs if blob.ref != key])
    waiting = {tuple(parts) for parts, _ in Rows(rows).of(WAITING)}
    signed = {
        meta.partition(":")[2]
        for meta, value in THEIRS["meta"].items()
        if value.endswith(("camliType=claim", "camliType=permanode"))
    }
    assert waiting == {(key, ref) for ref in signed}
    known = {ref for (ref,), _ in Rows(rows).of(BLOB)}
    assert not known & signed


def test_a_file_waits_for_its_first_missing_chunk(blobs: list[Blob]) -> None:
    stored = {blob.ref for blob in blobs}
    pairs = (key.split("|")[1:] for key in THEIRS["wholetofile"])
    # One of a single chunk, which is all its contents.
    chunk, file = next((whole, file) for whole, file in pairs if whole in stored)
    waiting = Rows(indexed([blob for blob in blobs if blob.ref != chunk])).of(WAITING)
    assert (chunk, file) in {tuple(parts) for parts, _ in waiting}
