"""Putting with permanodes, as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.blob import parse_schema
from holdfast.schema.claims import SignedClaim, read_claim
from holdfast.schema.identity import new_identity, secret_ring
from holdfast.schema.verifying import SignerKeys, verify
from holdfast.tools.client.address import Address
from holdfast.tools.client.opening import connect
from holdfast.tools.client.store import Fetching, Store
from holdfast.tools.throwaway import Server, command, environment, serving

REF = re.compile(r"sha224-[0-9a-f]{56}")
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("server")
    (home / "config.toml").write_text('[server]\nauth = "none"\n')
    with serving(home, log=home / "log") as server:
        yield server


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[Store]:
    store = connect(Address.parse(server.url), auth=None)
    yield store
    store.close()


@pytest.fixture
def environ(server: Server, tmp_path: Path) -> dict[str, str]:
    """That of a client with an identity."""
    home = tmp_path / "client"
    home.mkdir()
    ring = home / "identity-secring.gpg"
    ring.touch(mode=0o600)
    ring.write_bytes(secret_ring(new_identity(time=1_700_000_000), is_armored=False))
    return environment(home) | {"HOLDFAST_SERVER": server.url}


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    def run(*arguments: str | Path, **kind) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*command(), *arguments], env=environ, capture_output=True, timeout=60, **kind
        )

    return run


def refs(ended: subprocess.CompletedProcess[bytes]) -> list[str]:
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.decode().splitlines()
    assert all(REF.fullmatch(line) for line in lines)
    return lines


def claims(store: Store) -> list[SignedClaim]:
    """The claims in the store, once their signatures were seen to be good."""
    find_key = SignerKeys(Fetching(store))
    found = []
    for blob in store.fetch([ref for ref, _ in store.enumerate()]):
        assert isinstance(blob, Blob)
        if b'"camliType": "claim"' in blob.data:
            verify(blob.data, find_key)
            found.append(read_claim(parse_schema(blob.ref, blob.data)))
    return sorted(found, key=lambda claim: claim.date)


def said_of(store: Store, permanode: str) -> list[tuple[str, str]]:
    mine = [claim.says for claim in claims(store) if claim.permanode == permanode]
    return [(says.attribute, says.value) for says in mine]  # type: ignore[union-attr]


def test_each_path_gets_a_permanode_of_its_own(run: Run, store: Store, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(name.encode())
    arguments = ("put", "--permanode", "--title", "Both", "--tag", "x, y,,x", "--tag", "z")
    first, node, second, other = refs(run(*arguments, tmp_path / "one", tmp_path / "two"))
    assert len({first, node, second, other}) == 4
    tags = [("tag", "x"), ("tag", "y"), ("tag", "z")]
    assert said_of(store, node) == [("camliContent", first), ("title", "Both"), *tags]
    assert said_of(store, other) == [("camliContent", second), ("title", "Both"), *tags]


def test_streams_and_blobs_get_permanodes_too(run: Run, store: Store) -> None:
    stream, node = refs(run("put", "--permanode", "-", "--name", "s", input=b"stream"))
    assert said_of(store, node) == [("camliContent", stream)]
    blob, other = refs(run("put", "--permanode", "--blob", "-", input=b"blob"))
    assert blob == Ref.of(b"blob")
    assert said_of(store, other) == [("camliContent", blob)]


def test_filenodes_are_made_once_and_counted(run: Run, store: Store, tmp_path: Path) -> None:
    top = tmp_path / "t"
    top.mkdir()
    for number in range(9):
        (top / f"{number}").write_bytes(b"%d of %s" % (number, os.fsencode(tmp_path)))
    arguments = ("put", "--json", "--filenodes", "--tag", "photo", top)
    before = len(claims(store))
    dry = json.loads(run(*arguments, "--dry-run").stdout)
    assert (dry["signed"], len(claims(store))) == (27, before)
    done = json.loads(run(*arguments).stdout)
    assert "permanode" not in done
    assert (done["signed"], len(claims(store))) == (27, before + 18)
    again = json.loads(run(*arguments, "--no-cache").stdout)
    assert (again["ref"], len(claims(store))) == (done["ref"], before + 18)
    both = json.loads(run(*arguments, "--permanode", "--no-cache").stdout)
    assert both["signed"] == 27 + 3
    assert said_of(store, both["permanode"]) == [("camliContent", both["ref"]), ("tag", "photo")]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--title", "x"), "--title is that of a new permanode"),
        (("--filenodes", "--title", "x"), "--title is that of a new permanode"),
        (("--tag", "x"), "--tag is for permanodes"),
        (("--filenodes", "--blob"), "--filenodes is for files"),
        (("--filenodes", "-"), "--filenodes is for files"),
        (("--permanode", "--title", b"caf\xe9"), "the title is not UTF-8"),
        (("--filenodes", "--tag", b"caf\xe9"), "a tag is not UTF-8"),
    ],
)
def test_options_that_make_no_sense_together_do_nothing(
    run: Run, store: Store, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    (tmp_path / "f").write_bytes(os.fsencode(tmp_path))
    ended = run("put", *arguments, tmp_path / "f")
    assert ended.returncode == 2
    assert complaint in ended.stderr.decode()
    assert store.missing([Ref.of(os.fsencode(tmp_path))]) != []


def test_without_an_identity_nothing_is_put(
    run: Run, environ: dict[str, str], store: Store, tmp_path: Path
) -> None:
    (Path(environ["HOLDFAST_HOME"]) / "identity-secring.gpg").unlink()
    (tmp_path / "f").write_bytes(os.fsencode(tmp_path))
    ended = run("put", "--permanode", tmp_path / "f")
    assert ended.returncode == 2
    assert b"holdfast init" in ended.stderr
    assert store.missing([Ref.of(os.fsencode(tmp_path))]) != []
    assert run("put", tmp_path / "f").returncode == 0


def test_ctrl_c_ends_it_and_the_next_run_claims_all(
    run: Run, environ: dict[str, str], store: Store, tmp_path: Path
) -> None:
    top = tmp_path / "t"
    for number in range(2000):
        folder = top / f"{number % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}").write_bytes(b"%d in %s" % (number, os.fsencode(tmp_path)))
    before = len(claims(store))
    process = subprocess.Popen(
        [*command(), "put", "--filenodes", top], env=environ, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    count = sum(1 for _ in store.enumerate())
    while time.monotonic() < deadline and sum(1 for _ in store.enumerate()) < count + 200:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130, "it ended too early to tell anything"
    assert b"Traceback" not in complaint
    assert len(claims(store)) < before + 2000
    assert run("put", "--filenodes", top).returncode == 0
    assert len(claims(store)) == before + 2000
