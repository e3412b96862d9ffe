"""Permanodes and claims that a put makes beside the blobs of the files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.blob import SchemaBlob, parse_schema
from holdfast.schema.claims import SetAttribute, SignedClaim, read_claim
from holdfast.schema.errors import NotSchema, SigningFailed
from holdfast.schema.folding import ClaimSet
from holdfast.schema.gpgsigner import GpgSigner
from holdfast.schema.identity import new_identity, read_identity, secret_ring
from holdfast.schema.openpgp.publickey import PublicKey
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.signing import Signer
from holdfast.schema.timestamps import NANOSECONDS, Timestamp
from holdfast.schema.verifying import SignerKeys, verify
from holdfast.tools.client.errors import DeferredLost, Unreachable
from holdfast.tools.client.store import Fetching, Store
from holdfast.tools.putting import outbox as outbox_module
from holdfast.tools.putting.dryrun import DryRun
from holdfast.tools.putting.filenodes import WAITING, Filenodes
from holdfast.tools.putting.naming import Naming
from holdfast.tools.putting.options import PutOptions
from holdfast.tools.putting.outbox import Outbox
from holdfast.tools.putting.putting import Putter
from holdfast.tools.putting.report import Put, Reporting

DATA = Path(__file__).parents[1] / "data" / "schema"
GOLDEN = json.loads((DATA / "refs.json").read_text("utf-8"))
SIGNED = json.loads((DATA / "signed.json").read_text("utf-8"))
MODIFIED = 1_500_000_000_123_456_789


@pytest.fixture(scope="module")
def key() -> SecretKey:
    return read_identity((DATA / "identity-secring.gpg").read_bytes())


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every file for one that changed long ago."""
    for module in ("tree", "putting"):
        monkeypatch.setattr(f"holdfast.tools.putting.{module}.RACY_NS", -(10**9))


class Passing(Store):
    """Passes everything on; remembers what was sent, and may be gone or restart."""

    sends_only_missing = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self.name, self.identity, self.generation = store.name, store.identity, store.generation
        self.batches: list[list[Ref]] = []
        self.lost = self.gone = 0

    @property
    def sent(self) -> list[Ref]:
        return [ref for batch in self.batches for ref in batch]

    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:
        if self.gone:
            self.gone -= 1
            raise Unreachable("there", "connection refused", refused=True)
        self._store.send(blobs, durable=durable)
        self.batches.append([blob.ref for blob in blobs])

    def sync(self) -> None:
        if self.lost:
            self.lost -= 1
            raise DeferredLost("here")
        self._store.sync()

    def missing(self, refs: Sequence[Ref]) -> list[Ref]:
        return self._store.missing(refs)

    def fetch(self, refs: Sequence[Ref]):
        return self._store.fetch(refs)

    def enumerate(self, after: str = "", limit: int | None = None):
        return self._store.enumerate(after, limit)


class Faltering:
    """Signs so many times, and then fails."""

    def __init__(self, key: Signer, times: int, error: Exception) -> None:
        self._key = key
        self._left = times
        self._error = error

    @property
    def public(self) -> PublicKey:
        return self._key.public

    def detached(self, data: bytes, *, time: int) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise self._error
        return self._key.detached(data, time=time)


def put(
    store: Store,
    path: Path,
    signer: Signer | None,
    *,
    caches: Path | None = None,
    naming: Naming | None = None,
    **kind,
) -> Put:
    notes: list[str] = []
    putter = Putter(
        store,
        PutOptions(**kind),
        signer=signer,
        cache_folder=caches,
        reporting=Reporting(note=notes.append),
        wait=lambda _: None,
    )
    try:
        return putter.put_path(os.fsencode(path), naming=naming)
    finally:
        putter.close()


def tree(top: Path, **files: bytes) -> Path:
    for number, (path, data) in enumerate(files.items()):
        file = top / path.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.utime(file, ns=(0, MODIFIED + number * NANOSECONDS))
    return top


def many(top: Path, count: int) -> Path:
    return tree(top, **{f"{n % 7}__{n}": b"file %d" % n for n in range(count)})


def schemas(store: Store) -> Iterator[SchemaBlob]:
    for found in store.fetch([ref for ref, _ in store.enumerate()]):
        assert isinstance(found, Blob)
        try:
            yield parse_schema(found.ref, found.data)
        except NotSchema:
            continue


def verified(store: Store) -> list[SignedClaim]:
    """The claims in a store, once every signature in it was seen to be good."""
    find_key = SignerKeys(Fetching(store))
    claims = []
    for schema in schemas(store):
        if schema.kind in ("claim", "permanode"):
            (blob,) = Fetching(store).fetch([schema.ref])
            verify(blob.data, find_key)
        if schema.kind == "claim":
            claims.append(read_claim(schema))
    return claims


def nodes(store: Store) -> dict[str, Ref]:
    """The planned permanodes in a store by their keys."""
    planned = {}
    for schema in schemas(store):
        if schema.kind == "permanode":
            (blob,) = Fetching(store).fetch([schema.ref])
            text = blob.data[: blob.data.rindex(b',"camliSig"')] + b"}"
            planned[json.loads(text).get("key")] = schema.ref
    return planned


def attributes(store: Store, permanode: Ref) -> dict[str, tuple[str, ...]]:
    claims = verified(store)
    trusted = frozenset(claim.signer for claim in claims)
    return dict(ClaimSet(tuple(claims), trusted).fold(permanode).attributes)


def test_the_refs_that_perkeep_gave_come_out(
    key: SecretKey, memory: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(DATA / "inputs.tar.gz") as archive:
        member = archive.extractfile("inputs/text.txt")
        assert member is not None
        (tmp_path / "text.txt").write_bytes(member.read())
    entry = next(entry for entry in GOLDEN["inputs"] if entry["path"] == "text.txt")
    times = {"st_mtime_ns": entry["mtime_ns"], "st_ctime_ns": entry["ctime_ns"]}

    def as_it_was(found: os.stat_result) -> os.stat_result:
        mode = 0o100000 | int(entry["mode"], 8)
        return os.stat_result((mode, 1, 1, 1, 0, 0, found.st_size, 0, 0, 0), times)

    listed, opened = os.stat, os.fstat
    monkeypatch.setattr(os, "stat", lambda *a, **k: as_it_was(listed(*a, **k)))
    monkeypatch.setattr(os, "fstat", lambda *a, **k: as_it_was(opened(*a, **k)))
    done = put(memory, tmp_path / "text.txt", key, filenodes=True, filenode_tags=("fn",))
    monkeypatch.undo()
    assert done.ref == "sha224-f799131d793ee71f8b1251bffc1262baf8bee504705bc419d8c08f16"
    assert done.tally.signed == 3
    signed = {
        blob.ref: blob.data.decode()
        for blob in Fetching(memory).fetch([ref for ref, _ in memory.enumerate()])
        if b"camliSig" in blob.data
    }
    assert set(signed) == {
        "sha224-b253a6ab2a0b0a24e8772a525bba78f2303c2f8eec07464177ceb378",
        "sha224-da99c6abbace8ed168baa1d9be6c3686225e146ccd53e70dd230e124",
        "sha224-6215de626f57f6e551337a37af4de8af36cfa8bbdd69e895ad6dbe87",
    }
    assert signed == {ref: SIGNED[ref] for ref in signed}


def test_every_regular_file_gets_the_permanode_of_its_contents(
    key: SecretKey, memory: Store, tmp_path: Path
) -> None:
    sizes = {"empty": 0, "one": 1, "edge": 262_144, "over": 262_145, "large": (5 << 20) + 3}
    top = tree(tmp_path / "t", **{name: os.urandom(size) for name, size in sizes.items()})
    (top / "link").symlink_to("one")
    os.mkfifo(top / "fifo")
    done = put(memory, top, key, filenodes=True, filenode_tags=("a", "b"))
    planned = nodes(memory)
    assert done.tally.signed == 4 * len(sizes)
    assert set(planned) == {_whole(top / name) for name in sizes}
    for number, name in enumerate(sizes):
        found = attributes(memory, planned[_whole(top / name)])
        assert set(found["tag"]) == {"a", "b"}
        (content,) = found["camliContent"]
        (blob,) = Fetching(memory).fetch([Ref(content)])
        file = parse_schema(blob.ref, blob.data)
        assert (file.name, file.size) == (name.encode(), sizes[name])
        dates = {c.date for c in verified(memory) if c.permanode == planned[_whole(top / name)]}
        assert dates == {Timestamp(MODIFIED + number * NANOSECONDS)}


def _whole(path: Path) -> Ref:
    return Ref.of(path.read_bytes())


def test_two_files_of_the_same_contents_share_a_permanode(
    key: SecretKey, memory: Store, tmp_path: Path
) -> None:
    top = tree(tmp_path / "t", older=b"same", sub__newer=b"same")
    put(memory, top, key, filenodes=True)
    ((whole, node),) = nodes(memory).items()
    assert whole == Ref.of(b"same")
    (content,) = attributes(memory, node)["camliContent"]
    (blob,) = Fetching(memory).fetch([Ref(content)])
    assert parse_schema(blob.ref, blob.data).name == b"newer"


@pytest.mark.parametrize("ns", [0, 1, NANOSECONDS - 1, 15_032_385_535 * NANOSECONDS])
def test_claims_about_files_of_no_possible_date_count_too(
    key: SecretKey, memory: Store, tmp_path: Path, ns: int
) -> None:
    top = tree(tmp_path / "t", a=b"a")
    os.utime(top / "a", ns=(0, ns))
    put(memory, top, key, filenodes=True)
    (claim,) = verified(memory)
    assert isinstance(claim.says, SetAttribute)
    assert claim.date == Timestamp(max(ns, NANOSECONDS))


def test_the_key_arrives_before_what_it_signed_and_batches_are_few(
    key: SecretKey, memory: Store, tmp_path: Path
) -> None:
    passing = Passing(memory)
    put(passing, many(tmp_path / "t", 500), key, filenodes=True)
    assert passing.batches[0] == [Ref.of(key.public.blob)]
    assert len(passing.sent) == len(set(passing.sent)) == 1 + 4 * 500 + 2 * 8
    assert len(passing.batches) <= 4


@pytest.mark.usefixtures("trusting")
def test_what_has_its_filenodes_is_neither_read_nor_signed_again(
    key: SecretKey, kept: Store, tmp_path: Path
) -> None:
    top = many(tmp_path / "t", 20)
    put(kept, top, key, caches=tmp_path / "c", filenodes=True)
    (top / "3" / "3").write_bytes(b"other")
    passing = Passing(kept)
    again = put(passing, top, key, caches=tmp_path / "c", filenodes=True)
    assert (again.tally.unchanged, again.tally.signed) == (19, 2)
    assert len(passing.sent) == 2 + 2 + 4
    passing.batches = []
    still = put(passing, top, key, caches=tmp_path / "c", filenodes=True)
    assert (still.ref, still.tally.signed, passing.batches) == (again.ref, 0, [])


@pytest.mark.parametrize("before", ["no filenodes", "other tags", "another key"])
@pytest.mark.usefixtures("trusting")
def test_what_was_put_in_another_way_before_gets_its_filenodes(
    key: SecretKey, kept: Store, tmp_path: Path, before: str
) -> None:
    other = new_identity(time=1_700_000_000) if before == "another key" else key
    tags = ("old",) if before == "other tags" else ("new",)
    kind = {} if before == "no filenodes" else {"filenodes": True, "filenode_tags": tags}
    top = tree(tmp_path / "t", a=b"a", b__c=b"c")
    for path in (top, top / "a"):
        put(kept, path, other, caches=tmp_path / "c", **kind)
        done = put(kept, path, key, caches=tmp_path / "c", filenodes=True, filenode_tags=("new",))
        assert done.tally.unchanged == 0
    mine = [c for c in verified(kept) if c.signer == Ref.of(key.public.blob)]
    tagged = [c.says.value for c in mine if getattr(c.says, "attribute", "") == "tag"]
    assert tagged.count("new") == 2


def test_a_restart_of_the_server_costs_no_claim(
    key: SecretKey, kept: Store, tmp_path: Path
) -> None:
    passing = Passing(kept)
    passing.lost = passing.gone = 1
    naming = Naming(title="Once", tags=("x",))
    top = many(tmp_path / "t", 30)
    done = put(passing, top, key, caches=tmp_path / "c", naming=naming, filenodes=True)
    assert done.permanode is not None
    signed = [schema.ref for schema in schemas(kept) if schema.kind in ("claim", "permanode")]
    assert len(signed) == 30 * 2 + 4 == done.tally.signed
    assert all(passing.sent.count(ref) == 2 for ref in signed)
    assert [k for k in nodes(kept) if k is None] == [None], "one permanode, however many tries"


@pytest.mark.parametrize("error", [SigningFailed("KEY", "no card"), FileNotFoundError(2, "gpg")])
@pytest.mark.usefixtures("trusting")
def test_an_interrupted_put_goes_on_and_forgets_no_file(
    key: SecretKey,
    kept: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    monkeypatch.setattr("holdfast.tools.putting.tree.PART_ENTRIES", 5)
    monkeypatch.setattr(outbox_module, "BATCH_BLOBS", 10)
    monkeypatch.setattr(outbox_module, "SYNC_BYTES", 1)
    top = many(tmp_path / "t", 280)
    with pytest.raises(SigningFailed):
        put(kept, top, Faltering(key, 400, error), caches=tmp_path / "c", filenodes=True)
    done = put(kept, top, key, caches=tmp_path / "c", filenodes=True)
    assert 0 < done.tally.unchanged < 200
    assert done.tally.skipped == 0
    planned = nodes(kept)
    claimed = {claim.permanode for claim in verified(kept)}
    assert claimed == {planned[Ref.of(b"file %d" % n)] for n in range(280)}


def test_reading_waits_for_a_slow_signer(key: SecretKey, memory: Store) -> None:
    may_sign = threading.Event()

    class Slow(Faltering):
        def detached(self, data: bytes, *, time: int) -> bytes:
            assert may_sign.wait(10)
            return super().detached(data, time=time)

    from holdfast.tools.claiming.signed import BlobSigner

    outbox = Outbox(memory)
    signer = BlobSigner(Slow(key, 1000, SigningFailed("", "")), hash_name="sha224")
    filenodes = Filenodes(outbox, signer)
    added = 0

    def add() -> None:
        nonlocal added
        for number in range(WAITING + 20):
            filenodes.add(Ref.of(b"%d" % number), Ref.of(b"file"), MODIFIED)
            added += 1

    reader = threading.Thread(target=add)
    reader.start()
    reader.join(0.3)
    assert added == WAITING
    may_sign.set()
    reader.join(10)
    filenodes.finish()
    filenodes.close()
    outbox.sync()
    outbox.close()
    assert len(list(memory.enumerate())) == 2 * (WAITING + 20)


def test_a_new_permanode_has_what_was_put_as_its_content(
    key: SecretKey, memory: Store, tmp_path: Path
) -> None:
    top = tree(tmp_path / "t", a=b"a")
    naming = Naming(title="Über", tags=("x", "y"))
    done, other = (put(memory, top, key, naming=naming) for _ in range(2))
    assert done.permanode is not None
    assert other.permanode not in (None, done.permanode)
    assert (done.tally.signed, done.ref) == (5, other.ref)
    assert attributes(memory, done.permanode) == {
        "camliContent": (done.ref,),
        "title": ("Über",),
        "tag": ("x", "y"),
    }


def test_streams_and_blobs_get_permanodes_with_dates_in_order(
    key: SecretKey, memory: Store
) -> None:
    passing = Passing(memory)
    putter = Putter(
        passing, PutOptions(), signer=key, clock_ns=lambda: 10**18, random=lambda n: bytes([n]) * n
    )
    parts = iter([b"streamed", b""])
    stream = putter.put_stream(lambda _: next(parts), naming=Naming(tags=("s",)))
    blob = putter.put_blob(b"raw", naming=Naming())
    assert stream.permanode == blob.permanode, "the same date and random bytes"
    assert stream.permanode is not None
    dates = sorted((c.date.ns, type(c.says).__name__) for c in verified(memory))
    assert dates == [
        (10**18 + 1, "SetAttribute"),
        (10**18 + 1, "SetAttribute"),
        (10**18 + 2, "AddAttribute"),
    ]
    contents = {c.says.value for c in verified(memory) if isinstance(c.says, SetAttribute)}
    assert contents == {stream.ref, Ref.of(b"raw")}


def test_a_dry_run_counts_what_it_would_sign_and_signs_nothing(
    key: SecretKey, memory: Store, tmp_path: Path
) -> None:
    top = many(tmp_path / "t", 10)
    never = Faltering(key, 0, SigningFailed("", "it was asked to"))
    for signer in (never, None):
        dry = DryRun(memory)
        done = put(dry, top, signer, naming=Naming(), filenodes=True, filenode_tags=("t",))
        assert (done.permanode, done.tally.signed) == (None, 10 * 3 + 2)
        assert list(memory.enumerate()) == []
    real = put(memory, top, key, naming=Naming(), filenodes=True, filenode_tags=("t",))
    assert real.tally.signed == done.tally.signed
    assert dry.would_send.blobs + real.tally.signed + 1 == len(list(memory.enumerate()))


@pytest.mark.parametrize("kind", [{"naming": Naming()}, {"filenodes": True}])
def test_without_a_signer_nothing_is_put_that_needs_one(
    memory: Store, tmp_path: Path, kind: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="give a signer"):
        put(memory, many(tmp_path / "t", 1), None, **kind)  # type: ignore[arg-type]


@pytest.fixture
def gpg_home(key: SecretKey) -> Iterator[Path]:
    # The names of sockets are short: so must be the folder's.
    home = Path(tempfile.mkdtemp(prefix="gpg", dir="/tmp"))
    command: list[str | Path] = ["gpg", "--homedir", home, "--batch", "--quiet", "--import"]
    subprocess.run(command, input=secret_ring(key, is_armored=False), check=True)
    yield home
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
    shutil.rmtree(home, ignore_errors=True)


def test_gpg_signs_many_at_once(
    key: SecretKey, gpg_home: Path, memory: Store, tmp_path: Path
) -> None:
    signer = GpgSigner(key.public.fingerprint, home=gpg_home)
    done = put(memory, many(tmp_path / "t", 12), signer, filenodes=True, naming=Naming(title="g"))
    assert done.tally.signed == 12 * 2 + 3
    assert len(verified(memory)) == 12 + 2
    assert len(nodes(memory)) == 13
