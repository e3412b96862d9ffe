"""An owner with an identity, a stranger with another, and a store on a disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.identity import new_identity, secret_ring
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.tools.claiming.desk import Desk, open_desk
from holdfast.tools.config import Config, load_config


@pytest.fixture(scope="session")
def owner() -> SecretKey:
    return new_identity(time=1_700_000_000)


@pytest.fixture(scope="session")
def stranger() -> SecretKey:
    return new_identity(time=1_700_000_001)


@pytest.fixture
def config(tmp_path: Path, owner: SecretKey) -> Config:
    """The settings of a machine that has the owner's identity, and no server."""
    ring = tmp_path / "identity-secring.gpg"
    ring.touch(mode=0o600)
    ring.write_bytes(secret_ring(owner, is_armored=False))
    (tmp_path / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')
    return load_config({}, home=tmp_path)


@pytest.fixture
def notes() -> list[str]:
    """What was said beside the answers, at the end of the desk's time."""
    return []


@pytest.fixture
def desk(config: Config, notes: list[str]) -> Iterator[Desk]:
    with open_desk(config, server=None, signs=True, note=notes.append) as desk:
        yield desk


@pytest.fixture
def foreign(desk: Desk, stranger: SecretKey) -> Desk:
    """The stranger at the same store."""
    return Desk(desk.store, stranger)


@pytest.fixture
def plain(desk: Desk) -> Ref:
    """A blob that is no schema blob."""
    ref = Ref.of(b"plain")
    desk.store.send([Blob(ref, b"plain")], durable=True)
    return ref
