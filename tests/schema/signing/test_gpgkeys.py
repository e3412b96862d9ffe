"""New keys made by the gpg program."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from holdfast.schema.errors import KeyNotMade
from holdfast.schema.gpgkeys import new_gpg_identity
from holdfast.schema.identity import new_identity, read_identity, secret_ring

MADE = 1700000000


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, since the names of sockets are short."""
    with tempfile.TemporaryDirectory(prefix="gpg", dir="/tmp") as name:
        yield Path(name)


def agents_of(home: Path) -> list[bytes]:
    """The command lines of the agents that work for this GnuPG home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        if b"gpg-agent" in line and os.fsencode(home) + b"\0" in line:
            found.append(line)
    return found


def demand_nothing_left(home: Path) -> None:
    deadline = time.monotonic() + 10
    while agents_of(home) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert agents_of(home) == []
    assert list(home.parent.iterdir()) == []


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_gpg_makes_a_key_like_ours_and_is_gone(folder, algorithm, new_gpg):
    home = folder / "home"
    key = new_gpg_identity(home, time=MADE, algorithm=algorithm)
    ours = new_identity(time=MADE, algorithm=algorithm)
    assert (key.public.algorithm, key.public.created) == (ours.public.algorithm, MADE)
    assert len(key.public.blob) == len(ours.public.blob)
    demand_nothing_left(home)
    ring = secret_ring(key, is_armored=False)
    assert read_identity(ring) == key
    gpg = new_gpg(ring)
    signature = gpg.detached(b"data", "(camlistore)")
    assert gpg.verify(signature, b"data").valid == (key.public.fingerprint,)
    in_process = key.detached(b"data", time=MADE + 1)
    assert gpg.verify(in_process, b"data").valid == (key.public.fingerprint,)


def test_no_two_are_alike(folder):
    first, second = (new_gpg_identity(folder / "home", time=MADE) for _ in range(2))
    assert first.public.material.n.bit_length() == second.public.material.n.bit_length() == 2048
    assert first.public.fingerprint != second.public.fingerprint


def test_what_a_killed_one_left_is_removed(folder):
    home = folder / "home"
    (home / "private-keys-v1.d").mkdir(parents=True)
    (home / "private-keys-v1.d" / "half").write_bytes(b"a key")
    assert new_gpg_identity(home, time=MADE, algorithm="ed25519").public.created == MADE
    demand_nothing_left(home)


def test_without_the_program_nothing_is_left(folder):
    with pytest.raises(KeyNotMade, match="no-such-program"):
        new_gpg_identity(folder / "home", time=MADE, program="/no-such-program")
    demand_nothing_left(folder / "home")


def test_a_program_that_fails_is_told_of_in_its_words(folder):
    program = folder / "gpg"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] || echo "gpg: not today" >&2\nexit 2\n')
    program.chmod(0o755)
    with pytest.raises(KeyNotMade):
        new_gpg_identity(folder / "home", time=MADE, program=str(program))
    program.unlink()
    demand_nothing_left(folder / "home")


def test_a_folder_too_deep_for_sockets_is_left_empty(folder):
    deep = folder / ("x" * 120)
    deep.mkdir()
    # GnuPG may have another place for its sockets, outside of the folder.
    with suppress(KeyNotMade):
        new_gpg_identity(deep / "home", time=MADE)
    demand_nothing_left(deep / "home")


def test_no_log_has_a_piece_of_the_secret(folder, caplog):
    caplog.set_level(logging.DEBUG)
    key = new_gpg_identity(folder / "home", time=MADE, algorithm="ed25519")
    secret = key.body[len(key.public.body) + 3 : -2]
    for at in range(len(secret) - 8):
        piece = secret[at : at + 8]
        assert repr(piece)[2:-1] not in caplog.text
        assert piece.hex() not in caplog.text
