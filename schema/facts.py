"""File facts: what a file system says about a file besides its contents."""

from __future__ import annotations

import grp
import os
import pwd
from typing import NamedTuple


class FileFacts(NamedTuple):
    """What is known of one file, directory, link or special file. None: not known, not written.

    Times are whole nanoseconds since 1970, UTC. `mode` is `st_mode`; its low nine bits are kept.
    `size` is what `stat` said, for callers; what is written is what was read.
    """

    name: bytes = b""
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    owner: str | None = None
    group: str | None = None
    mtime_ns: int | None = None
    ctime_ns: int | None = None
    size: int | None = None


class OwnerNames:
    """Names of user and group numbers, looked up once each.

    Users come from the system's user database, groups from its group database. Safe for many
    threads: at worst a name is looked up twice.
    """

    def __init__(self) -> None:
        self._owners: dict[int, str | None] = {}
        self._groups: dict[int, str | None] = {}

    def owner(self, uid: int) -> str | None:
        """The name of a user, or None."""
        try:
            return self._owners[uid]
        except KeyError:
            name = self._owners[uid] = _owner_name(uid)
            return name

    def group(self, gid: int) -> str | None:
        """The name of a group, or None."""
        try:
            return self._groups[gid]
        except KeyError:
            name = self._groups[gid] = _group_name(gid)
            return name


def facts_of(stat: os.stat_result, name: bytes, names: OwnerNames) -> FileFacts:
    """The facts in an answer of `lstat`, under the base name `name`."""
    uid, gid = stat.st_uid, stat.st_gid
    return FileFacts(
        name,
        stat.st_mode,
        uid,
        gid,
        names.owner(uid),
        names.group(gid),
        stat.st_mtime_ns,
        stat.st_ctime_ns,
        stat.st_size,
    )


def _owner_name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return None


def _group_name(gid: int) -> str | None:
    try:
        return grp.getgrgid(gid).gr_name
    except (KeyError, OverflowError):
        return None
