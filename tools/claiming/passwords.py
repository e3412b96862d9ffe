"""Passwords of shares: typed twice at a terminal, or read from a file; never an argument."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from ...schema.sharelocks import MOST_PASSWORD
from .attributes import read_value
from .errors import BadUsage


def read_password(file: Path) -> str:
    """The password that a file holds, without the end of its line; `-` is standard input.

    Raises `BadUsage`, and as `read_value` does.
    """
    return _checked(read_value(file).removesuffix("\n").removesuffix("\r"))


def ask_password(*, is_new: bool) -> str:
    """A password typed at the terminal; a new one twice. Raises `BadUsage`."""
    if not sys.stdin.isatty():
        raise BadUsage("a password is typed at a terminal; use --password-file FILE, - is stdin")
    password = _checked(getpass.getpass("Password of the share: "))
    if is_new and getpass.getpass("The same again: ") != password:
        raise BadUsage("these were two different passwords; try again")
    return password


def _checked(password: str) -> str:
    if not 1 <= len(password) <= MOST_PASSWORD:
        raise BadUsage(f"a password has 1 to {MOST_PASSWORD} characters")
    return password
