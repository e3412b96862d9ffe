"""A key of Perkeep's, blobs it signed, a GnuPG home of one's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from holdfast.blobstore.errors import BlobNotFound
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.canonical import Fields, canonical
from holdfast.schema.identity import new_identity, read_identity, secret_ring
from holdfast.schema.openpgp.publickey import ED25519
from holdfast.schema.openpgp.secretkey import SecretKey, new_ed25519_key
from holdfast.schema.signing import SEPARATOR, Signer, as_text
from holdfast.schema.verifying import SignerKeys

NOW = 1900000000
"""The time that gpg is made to believe in, in seconds since 1970."""

DATA = Path(__file__).parents[2] / "data" / "schema"


class Keyring(dict[Ref, bytes]):
    """Public key blobs by their refs."""

    def add(self, signer: Signer) -> Ref:
        ref = Ref.of(signer.public.blob)
        self[ref] = signer.public.blob
        return ref

    def fetch(self, refs):
        for ref in refs:
            if ref not in self:
                raise BlobNotFound(ref)
            yield Blob(ref, self[ref])


class GpgSays(NamedTuple):
    """What gpg made of a signature: its exit status, and the fingerprints it calls valid."""

    status: int
    valid: tuple[str, ...]
    words: frozenset[str]


class Gpg:
    """The gpg program with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *arguments: str | Path, data: bytes = b"", check: bool = True) -> bytes:
        command = ["gpg", "--homedir", self.home, "--batch", "--quiet", *arguments]
        done = subprocess.run(command, input=data, capture_output=True)
        assert not check or done.returncode == 0, done.stderr.decode()
        return done.stdout

    def new_key(self, name: str, *options: str, algorithm: str, expires: str = "never") -> str:
        """The fingerprint of a fresh key without passphrase."""
        generate = ["--passphrase", "", "--quick-gen-key", name, algorithm, "sign", expires]
        self.run(*options, *generate)
        return self.fingerprint(name)

    def fingerprint(self, name: str) -> str:
        listed = self.run("--with-colons", "--list-keys", name).decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line[:3] == "fpr")

    def detached(self, data: bytes, key: str, *options: str) -> bytes:
        return self.run(*options, "--local-user", key, "--detach-sign", data=data)

    def verify(self, signature: bytes, data: bytes) -> GpgSays:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "sig").write_bytes(signature)
            (Path(folder) / "data").write_bytes(data)
            command = ["gpg", "--homedir", self.home, "--batch", "--status-fd", "1", "--verify"]
            done = subprocess.run(
                [*command, f"{folder}/sig", f"{folder}/data"], capture_output=True
            )
        lines = [line.split() for line in done.stdout.decode(errors="replace").splitlines()]
        valid = tuple(line[2] for line in lines if line[1] == "VALIDSIG")
        return GpgSays(done.returncode, valid, frozenset(line[1] for line in lines))


@pytest.fixture(scope="session")
def golden() -> dict[Ref, bytes]:
    """Every signed blob of three stores of Perkeep's."""
    texts = json.loads((DATA / "signed.json").read_text("utf-8"))
    return {Ref(ref): text.encode() for ref, text in texts.items()}


@pytest.fixture(scope="session")
def ring() -> bytes:
    """The secret ring of Perkeep's that signed them, a key made for that alone."""
    return (DATA / "identity-secring.gpg").read_bytes()


@pytest.fixture(scope="session")
def key(ring: bytes) -> SecretKey:
    return read_identity(ring)


@pytest.fixture(scope="session")
def keys(key: SecretKey) -> dict[str, SecretKey]:
    """A key of each writing we sign with."""
    return {
        "RSA": key,
        "Ed25519, older": new_identity(time=1700000000, algorithm="ed25519"),
        "Ed25519, newer": new_ed25519_key(time=1700000000, algorithm=ED25519),
    }


@pytest.fixture(params=["RSA", "Ed25519, older", "Ed25519, newer"], scope="session")
def any_key(request: pytest.FixtureRequest, keys: dict[str, SecretKey]) -> SecretKey:
    return keys[request.param]


@pytest.fixture(params=["RSA", "Ed25519, older"], scope="session")
def common_key(request: pytest.FixtureRequest, keys: dict[str, SecretKey]) -> SecretKey:
    """One that GnuPG knows in its release 2.2 already."""
    return keys[request.param]


@pytest.fixture
def keyring(key: SecretKey) -> Keyring:
    keyring = Keyring()
    keyring.add(key)
    return keyring


@pytest.fixture
def find_key(keyring: Keyring) -> SignerKeys:
    return SignerKeys(keyring)


@pytest.fixture(scope="session")
def text_by() -> Callable[..., bytes]:
    """An unsigned claim by some signer."""

    def text(signer: Signer, **more: str) -> bytes:
        fields: Fields = {
            "camliSigner": Ref.of(signer.public.blob),
            "camliType": "claim",
            "claimType": "set-attribute",
            "claimDate": "2026-01-02T03:04:05Z",
            "attribute": "title",
            "value": "Grüße \u2028 <&>",
            **more,
        }
        return canonical(fields)

    return text


@pytest.fixture(scope="session")
def wrapped() -> Callable[..., bytes]:
    """A blob from the bytes that are signed and any signature packets."""

    def wrap(payload: bytes, packets: bytes) -> bytes:
        return payload + SEPARATOR + as_text(packets) + b'"}\n'

    return wrap


@pytest.fixture(scope="session")
def new_gpg() -> Iterator[Callable[[bytes], Gpg]]:
    """For a gpg with only the keys of some ring."""
    homes: list[Path] = []

    def start(ring: bytes) -> Gpg:
        # The names of sockets are short: so must be the folder's.
        home = Path(tempfile.mkdtemp(prefix="gpg", dir="/tmp"))
        homes.append(home)
        # Whatever the clock says here, Perkeep's key must not be one of the future.
        (home / "gpg.conf").write_text(f"faked-system-time {NOW}\n")
        # Nobody is there to be asked.
        (home / "gpg-agent.conf").write_text("pinentry-program /bin/false\n")
        gpg = Gpg(home)
        gpg.run("--import", data=ring)
        return gpg

    yield start
    for home in homes:
        stop: Sequence[str | Path] = ["gpgconf", "--homedir", home, "--kill", "all"]
        subprocess.run(stop, check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def gpg(key: SecretKey, new_gpg: Callable[[bytes], Gpg]) -> Gpg:
    """Has the key that signed what is golden."""
    return new_gpg(secret_ring(key, is_armored=False))
