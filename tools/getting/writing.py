"""Writing one restored thing under its name: beside first, then in one step in its place."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from ...schema.blob import SchemaBlob
from .folders import NotOurs, set_mode

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class GetOptions(NamedTuple):
    """Choices of a restore."""

    overwrite: bool = False
    """Replace files that are there and differ."""
    verify: bool = False
    """Read files that are there, in place of trusting their sizes and times."""
    owners: bool = False
    """Restore who owns files: takes the rights of root."""


class Existing(NamedTuple):
    """What stands where something is to be restored."""

    stat: os.stat_result
    is_same: bool
    """Whether kind, size and time are those of what is restored."""


def look(schema: SchemaBlob, name: bytes, folder: int) -> Existing | None:
    """What stands under `name`, or None."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    kinds = {
        "file": stat.S_ISREG,
        "symlink": stat.S_ISLNK,
        "fifo": stat.S_ISFIFO,
        "socket": stat.S_ISSOCK,
    }
    same = kinds[schema.kind](found.st_mode)
    if same and schema.kind == "file":
        same = found.st_size == schema.size and found.st_mtime_ns == schema.mtime_ns
    elif same and schema.kind == "symlink":
        same = os.readlink(name, dir_fd=folder) == schema.symlink_target
    return Existing(found, same)


def beside(schema: SchemaBlob) -> bytes:
    """The name something is written under at first: the same in every try, so none is left."""
    return b".holdfast-" + schema.ref.hex[:24].encode() + b".part"


def create(schema: SchemaBlob, folder: int) -> int:
    """Open a new file beside; what an earlier try left of it goes."""
    name = beside(schema)
    try:
        return os.open(name, _CREATE, 0o600, dir_fd=folder)
    except FileExistsError:
        os.unlink(name, dir_fd=folder)
        return os.open(name, _CREATE, 0o600, dir_fd=folder)


def finish_file(
    schema: SchemaBlob, name: bytes, descriptor: int, folder: int, options: GetOptions
) -> None:
    """Give a written file its owner, mode and time, and its name."""
    set_facts(schema, descriptor, options)
    os.rename(beside(schema), name, src_dir_fd=folder, dst_dir_fd=folder)


def discard(schema: SchemaBlob, folder: int) -> None:
    """Remove what was written beside."""
    with suppress(OSError):
        os.unlink(beside(schema), dir_fd=folder)


def set_facts(schema: SchemaBlob, descriptor: int, options: GetOptions) -> None:
    """Owner, mode and time of an open file or folder, in the order that keeps them."""
    if options.owners:
        uid, gid = owner_of(schema)
        if uid >= 0 or gid >= 0:
            os.fchown(descriptor, uid, gid)
    os.fchmod(descriptor, schema.restore_permission)
    if schema.mtime_ns is not None:
        os.utime(descriptor, ns=(schema.mtime_ns, schema.mtime_ns))


def make_special(schema: SchemaBlob, name: bytes, folder: int, options: GetOptions) -> None:
    """Make a link, fifo or socket. Raises `OSError`."""
    temporary = beside(schema)
    with suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=folder)
    if schema.kind == "symlink":
        os.symlink(schema.symlink_target, temporary, dir_fd=folder)
    elif schema.kind == "fifo":
        os.mkfifo(temporary, 0o600, dir_fd=folder)
    else:
        os.mknod(temporary, stat.S_IFSOCK | 0o600, dir_fd=folder)
    try:
        if options.owners:
            uid, gid = owner_of(schema)
            os.chown(temporary, uid, gid, dir_fd=folder, follow_symlinks=False)
        if schema.kind != "symlink":
            set_mode(temporary, schema.restore_permission, folder=folder)
        if schema.mtime_ns is not None:
            times = (schema.mtime_ns, schema.mtime_ns)
            os.utime(temporary, ns=times, dir_fd=folder, follow_symlinks=False)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def owner_of(schema: SchemaBlob) -> tuple[int, int]:
    """The user and group to give something to: by name if known here, else by number."""
    return (
        _number(_users, schema.owner, schema.uid),
        _number(_groups, schema.group, schema.gid),
    )


def open_existing(name: bytes, folder: int) -> int:
    """Open what stands there, for reading it again. Raises `OSError`, `NotOurs`."""
    descriptor = os.open(name, _READ, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotOurs(0, "is no file any more")
    return descriptor


_KNOWN: dict[tuple[str, str], int | None] = {}


def _number(lookup: Callable[[str], int], name: str | None, number: int | None) -> int:
    if name is not None:
        key = (lookup.__name__, name)
        if key not in _KNOWN:
            try:
                _KNOWN[key] = lookup(name)
            except (KeyError, ValueError):
                _KNOWN[key] = None
        known = _KNOWN[key]
        if known is not None:
            return known
    return -1 if number is None else number


def _users(name: str) -> int:
    import pwd

    return pwd.getpwnam(name).pw_uid


def _groups(name: str) -> int:
    import grp

    return grp.getgrnam(name).gr_gid
