"""A person's own GnuPG, for tests: a folder of its own, an agent, nobody to type."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

PASSPHRASE = "correct horse"


@dataclass(frozen=True)
class GnuPGHome:
    """GnuPG with the keys that were put into it."""

    path: Path

    @classmethod
    def make(cls) -> GnuPGHome:
        # The names of sockets are short: so must be the folder's.
        path = Path(tempfile.mkdtemp(prefix="gpg", dir="/tmp"))
        # Whatever the clock says here, no key must be one of the future.
        (path / "gpg.conf").write_text("faked-system-time 1900000000\n")
        (path / "gpg-agent.conf").write_text("pinentry-program /bin/false\n")
        return cls(path)

    def remove(self) -> None:
        """End its agent, and remove its keys."""
        order = ["gpgconf", "--homedir", self.path, "--kill", "all"]
        subprocess.run(order, capture_output=True, check=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def __call__(self, *arguments: str | Path, data: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", self.path, "--batch", "--quiet", *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    def new_locked_key(self, name: str, algorithm: str = "rsa2048") -> str:
        """The fingerprint of a fresh key under `PASSPHRASE`, which its agent has forgotten."""
        self("--passphrase", PASSPHRASE, "--quick-gen-key", name, algorithm, "sign", "never")
        self.forget()
        return self.fingerprint(name)

    def fingerprint(self, name: str) -> str:
        listed = self("--with-colons", "--list-keys", name).decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line[:3] == "fpr")

    def unlock(self, name: str) -> None:
        """Have the agent know the passphrase, as when a person typed it a moment ago."""
        self.told_passphrase("--local-user", name, "--detach-sign")

    def told_passphrase(self, *arguments: str) -> bytes:
        return self("--pinentry-mode", "loopback", "--passphrase", PASSPHRASE, *arguments)

    def forget(self) -> None:
        order = ["gpg-connect-agent", "--homedir", self.path, "reloadagent", "/bye"]
        subprocess.run(order, capture_output=True, check=True)
