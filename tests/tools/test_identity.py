"""Whose key is signed with, whose claims count, and what is said where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.schema.errors import NoSuchKey
from holdfast.schema.identity import new_identity, secret_ring
from holdfast.schema.openpgp.packets import write_packet
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.tools.config import IdentityConfig
from holdfast.tools.identity import (
    BadRing,
    LockedRing,
    NoIdentity,
    OpenRing,
    algorithm_name,
    open_signer,
    owner,
    trusted_fingerprints,
)
from holdfast.tools.throwaway import environment

FRIEND = "0123456789ABCDEF0123456789ABCDEF01234567"


@pytest.fixture(scope="session")
def key() -> SecretKey:
    return new_identity(time=1_700_000_000)


@pytest.fixture
def ring(tmp_path: Path, key: SecretKey) -> Path:
    path = tmp_path / "ring.gpg"
    path.touch(mode=0o600)
    path.write_bytes(secret_ring(key, is_armored=False))
    return path


def lock(ring: Path, key: SecretKey) -> None:
    """Put the key under a passphrase, as far as anyone can tell who lacks it."""
    at = len(key.public.body)
    ring.write_bytes(write_packet(5, key.body[:at] + b"\xfe" + key.body[at + 1 :]))


def test_the_key_in_the_ring_signs_and_owns(ring: Path, key: SecretKey) -> None:
    config = IdentityConfig(ring=ring, trusted=(FRIEND,))
    signer = open_signer(config)
    assert signer.public == owner(config) == key.public
    assert signer.detached(b"x", time=1) == key.detached(b"x", time=1)
    assert trusted_fingerprints(config) == {FRIEND, key.public.fingerprint}


def test_one_of_several_keys_is_chosen_by_name(ring: Path, key: SecretKey) -> None:
    other = new_identity(time=1_700_000_000, algorithm="ed25519")
    ring.write_bytes(ring.read_bytes() + secret_ring(other, is_armored=False))
    named = IdentityConfig(ring=ring, key=other.public.key_id)
    assert open_signer(named).public == owner(named) == other.public
    for use in (open_signer, owner, trusted_fingerprints):
        with pytest.raises(BadRing, match=f"(?s){ring}.*{key.public.fingerprint}"):
            use(IdentityConfig(ring=ring))


@pytest.mark.parametrize("gnupg", [True, False])
def test_without_an_identity_nobody_signs_and_friends_still_count(
    tmp_path: Path, gnupg: bool
) -> None:
    config = IdentityConfig(ring=tmp_path / "none", gnupg=gnupg, trusted=(FRIEND,))
    with pytest.raises(NoIdentity, match="holdfast init"):
        open_signer(config)
    assert owner(config) is None
    assert trusted_fingerprints(config) == {FRIEND}


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\xc5\xff", b"\x80" * 100])
def test_a_ring_that_is_none_is_named(ring: Path, content: bytes) -> None:
    ring.write_bytes(content)
    for use in (open_signer, owner, trusted_fingerprints):
        with pytest.raises(BadRing, match=str(ring)):
            use(IdentityConfig(ring=ring))


def test_a_folder_and_an_endless_file_are_no_rings(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "directory"), (Path("/dev/zero"), "too large")):
        with pytest.raises(BadRing, match=words):
            owner(IdentityConfig(ring=path))


def test_a_locked_key_is_its_owners_and_signs_by_gnupg_alone(ring: Path, key: SecretKey) -> None:
    lock(ring, key)
    config = IdentityConfig(ring=ring)
    assert owner(config) == key.public
    assert trusted_fingerprints(config) == {key.public.fingerprint}
    with pytest.raises(LockedRing) as caught:
        open_signer(config)
    assert f"gpg --import {ring}" in str(caught.value)
    assert f"holdfast init --gpg-key {key.public.key_id}" in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o777])
def test_a_ring_that_others_may_read_signs_nothing(ring: Path, mode: int) -> None:
    ring.chmod(mode)
    config = IdentityConfig(ring=ring)
    with pytest.raises(OpenRing, match=f"chmod 600 {ring}"):
        open_signer(config)
    assert owner(config) is not None
    for private in (0o600, 0o400):
        ring.chmod(private)
        assert open_signer(config).public == owner(config)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_ring_of_another_user_is_that_users_affair(ring: Path, key: SecretKey) -> None:
    ring.chmod(0o640)
    os.chown(ring, 12345, 12345)
    assert open_signer(IdentityConfig(ring=ring)).public == key.public


@pytest.mark.parametrize("spelt", [FRIEND, "0x" + FRIEND.lower(), f"{FRIEND[:20]} {FRIEND[20:]}"])
def test_gnupg_is_not_asked_whose_fingerprint_is_known(
    tmp_path: Path, spelt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    config = IdentityConfig(ring=tmp_path / "none", gnupg=True, key=spelt)
    assert trusted_fingerprints(config) == {FRIEND}


def test_a_key_that_gnupg_has_not_is_told_of(tmp_path: Path) -> None:
    config = IdentityConfig(ring=tmp_path / "r", gnupg=True, key="ADA", gnupg_home=tmp_path)
    for use in (open_signer, owner, trusted_fingerprints):
        with pytest.raises(NoSuchKey, match="ADA"):
            use(config)


def test_telling_who_is_trusted_needs_no_arithmetic_and_no_gnupg(ring: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from holdfast.tools.config import IdentityConfig\n"
        "from holdfast.tools.identity import trusted_fingerprints\n"
        "print(len(trusted_fingerprints(IdentityConfig(ring=Path(sys.argv[1])))))\n"
        "print([name for name in ('cryptography', 'gnupg') if name in sys.modules])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, ring],
        env=environment(ring.parent),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == "1\n[]\n"


def test_algorithms_have_names(key: SecretKey) -> None:
    assert algorithm_name(key.public) == "RSA 2048"
    assert algorithm_name(new_identity(time=1, algorithm="ed25519").public) == "Ed25519"
