"""Machines: homes with an identity, and the command run there as a person would."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import termios
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from holdfast.schema.identity import new_identity, secret_ring
from holdfast.tools.cli import main
from holdfast.tools.throwaway import command, environment

from . import forked


def make_home(home: Path) -> str:
    """A home with an identity, and no server at the usual place; the key's id."""
    home.mkdir(exist_ok=True)
    key = new_identity(time=1_700_000_000)
    ring = home / "identity-secring.gpg"
    ring.touch(mode=0o600)
    ring.write_bytes(secret_ring(key, is_armored=False))
    (home / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')
    return key.public.key_id


@dataclass(frozen=True)
class Machine:
    """A home with an identity, and where its commands find their store."""

    environ: dict[str, str]

    @classmethod
    def at(cls, home: Path, **more: str) -> Machine:
        return cls(environment(home) | more)

    def __call__(
        self,
        *arguments: str | bytes,
        input: str = "",  # noqa: A002  # as subprocess has it
    ) -> subprocess.CompletedProcess[str]:
        return forked.run(arguments, env=self.environ, input=input)


@dataclass(frozen=True)
class Typed:
    """Runs commands in this process, where another one would show nothing more."""

    capsys: pytest.CaptureFixture[str]

    def __call__(self, machine: Machine, *arguments: str | bytes) -> tuple[int, str, str]:
        with patch.dict(os.environ, machine.environ, clear=True):
            code = main([os.fsdecode(argument) for argument in arguments])
        said = self.capsys.readouterr()
        return code, said.out, said.err


def told(ended: subprocess.CompletedProcess[str]) -> list[str]:
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def one(ended: subprocess.CompletedProcess[str]) -> str:
    (line,) = told(ended)
    return line


def document(ended: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(one(ended))


def at_a_terminal(machine: Machine, *arguments: str, columns: int = 80) -> bytes:
    """What a person would see."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with subprocess.Popen(
        command(*arguments), env=machine.environ, stdout=theirs, stdin=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        seen = b""
        # Linux says EIO when the other end is closed.
        with suppress(OSError):
            while piece := os.read(ours, 65536):
                seen += piece
    os.close(ours)
    assert process.returncode == 0
    return seen
