"""Who is measured: one interface, and the two peers behind it."""

from __future__ import annotations

import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from .running import Ran, run, size_on_disk


class Contender(ABC):
    """A program that stores a file or a tree and gives it back.

    Each is used as `open`, any number of `put` and `restore`, `close`.
    """

    name: ClassVar[str]
    note: ClassVar[str]
    """How it was set up, for the reader of the table."""

    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def open(self, room: Path) -> None:
        """Make an empty store, with empty caches, in the empty folder `room`."""

    @abstractmethod
    def put(self, source: Path) -> Ran: ...

    @abstractmethod
    def restore(self, target: Path) -> Ran:
        """Bring what was put last back under its own name, into the existing folder `target`."""

    @abstractmethod
    def stored(self) -> int:
        """Bytes on disk the store takes."""

    def server_peak(self) -> int:
        """The most memory the server had, in bytes; 0 where there is none."""
        return 0

    def close(self) -> None:
        """Stop what runs. The room is thrown away by the caller."""
        return


class Borg(Contender):
    """BorgBackup on a local repository."""

    name = "borg"
    note = "`-e none`, its default lz4"

    def version(self) -> str:
        return _say(["borg", "--version"])

    def open(self, room: Path) -> None:
        self._room = room
        self._puts = 0
        self._environ = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(room),
            "BORG_BASE_DIR": str(room),
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        }
        run(["borg", "init", "-e", "none", "repository"], folder=room, environ=self._environ)

    def put(self, source: Path) -> Ran:
        self._puts += 1
        command = ["borg", "create", self._archive(), source.name]
        return run(command, folder=source.parent, environ=self._environ)

    def restore(self, target: Path) -> Ran:
        return run(["borg", "extract", self._archive()], folder=target, environ=self._environ)

    def stored(self) -> int:
        return size_on_disk(self._room / "repository")

    def _archive(self) -> str:
        return f"{self._room}/repository::{self._puts}"


class Restic(Contender):
    """restic on a local repository."""

    name = "restic"
    note = "its encryption, which cannot be turned off, and its default compression"

    def version(self) -> str:
        return _say(["restic", "version"]).partition(" compiled")[0]

    def open(self, room: Path) -> None:
        self._room = room
        self._environ = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(room),
            "RESTIC_PASSWORD": "benchmark",
            "RESTIC_REPOSITORY": str(room / "repository"),
            "RESTIC_CACHE_DIR": str(room / "cache"),
        }
        run(["restic", "init", "--quiet"], folder=room, environ=self._environ)

    def put(self, source: Path) -> Ran:
        command = ["restic", "backup", "--quiet", source.name]
        return run(command, folder=source.parent, environ=self._environ)

    def restore(self, target: Path) -> Ran:
        command = ["restic", "restore", "--quiet", "latest", "--target", str(target)]
        return run(command, folder=target, environ=self._environ)

    def stored(self) -> int:
        return size_on_disk(self._room / "repository")


PEERS: tuple[type[Contender], ...] = (Borg, Restic)

_PACKAGES = {"borg": "borgbackup", "restic": "restic", "wrk": "wrk", "chromium": "chromium"}


def missing_packages(programs: Iterable[str]) -> list[str]:
    """Debian packages to install before `programs` can run."""
    return sorted(_PACKAGES[name] for name in programs if shutil.which(name) is None)


def _say(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
