"""The records of a zip file, as bytes: stored members, Zip64 where it is needed, names in UTF-8.

The format is PKWARE's APPNOTE 6.3.9; section numbers below are its own. Times to the second are in
Info-ZIP's extra field `UT` (its proginfo/extrafld.txt).
"""

from __future__ import annotations

import stat
import struct
from datetime import UTC, datetime
from typing import NamedTuple

UNKNOWN_TIME = -(1 << 63)

_MASK16 = 0xFFFF
_MASK32 = 0xFFFFFFFF
_UNIX = 3 << 8
_PLAIN_VERSION = 20
_ZIP64_VERSION = 45
_LATE = 1 << 3
_UTF8 = 1 << 11
_MSDOS_FOLDER = 0x10

_LOCAL = struct.Struct("<4s5H3L2H")  # 4.3.7
_LATE_SIZES = struct.Struct("<4s3L")  # 4.3.9
_LATE_SIZES64 = struct.Struct("<4sL2Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")  # 4.3.12
_END64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_LOCATOR64 = struct.Struct("<4sLQL")  # 4.3.15
_END = struct.Struct("<4s4H2LH")  # 4.3.16


class Member(NamedTuple):
    """One file, folder or link of a zip."""

    name: bytes
    """UTF-8; that of a folder ends with `/`."""

    mode: int
    """Type and permission, as in `st_mode`."""

    mtime: int
    """Seconds since 1970 UTC, or `UNKNOWN_TIME`."""

    size: int
    crc: int
    is_late: bool
    """Whether the checksum comes behind the contents, as it is not known before them."""

    @property
    def is_large(self) -> bool:
        return self.size >= _MASK32

    @property
    def flags(self) -> int:
        return (_LATE if self.is_late else 0) | (0 if self.name.isascii() else _UTF8)


def local_header(member: Member) -> bytes:
    """What stands before the contents."""
    crc, size = (0, 0) if member.is_late else (member.crc, member.size)
    extra = b""
    if member.is_large:
        extra = struct.pack("<2H2Q", 1, 16, size, size)
        size = _MASK32
    extra += _time_field(member.mtime)
    fixed = _LOCAL.pack(
        b"PK\3\4",
        _ZIP64_VERSION if member.is_large else _PLAIN_VERSION,
        member.flags,
        0,
        *_dos_time(member.mtime),
        crc,
        size,
        size,
        len(member.name),
        len(extra),
    )
    return fixed + member.name + extra


def late_sizes(member: Member) -> bytes:
    """What stands behind the contents; nothing where all was said before them."""
    if not member.is_late:
        return b""
    record = _LATE_SIZES64 if member.is_large else _LATE_SIZES
    return record.pack(b"PK\7\x08", member.crc, member.size, member.size)


def central_record(member: Member, offset: int) -> bytes:
    """The entry of the directory at the end; `offset` is where the local header is."""
    size, at = member.size, offset
    large: list[int] = []
    if member.is_large:
        large += (size, size)
        size = _MASK32
    if offset >= _MASK32:
        large.append(offset)
        at = _MASK32
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    extra += _time_field(member.mtime)
    version = _ZIP64_VERSION if large else _PLAIN_VERSION
    fixed = _CENTRAL.pack(
        b"PK\1\2",
        _UNIX | version,
        version,
        member.flags,
        0,
        *_dos_time(member.mtime),
        member.crc,
        size,
        size,
        len(member.name),
        len(extra),
        0,
        0,
        0,
        member.mode << 16 | (_MSDOS_FOLDER if stat.S_ISDIR(member.mode) else 0),
        at,
    )
    return fixed + member.name + extra


def end_records(count: int, size: int, offset: int) -> bytes:
    """The end of a zip with `count` members, whose directory of `size` bytes is at `offset`."""
    large = b""
    if count >= _MASK16 or size >= _MASK32 or offset >= _MASK32:
        large = _END64.pack(
            b"PK\6\6",
            _END64.size - 12,
            _UNIX | _ZIP64_VERSION,
            _ZIP64_VERSION,
            0,
            0,
            count,
            count,
            size,
            offset,
        )
        large += _LOCATOR64.pack(b"PK\6\7", 0, offset + size, 1)
    few, small, near = min(count, _MASK16), min(size, _MASK32), min(offset, _MASK32)
    return large + _END.pack(b"PK\5\6", 0, 0, few, few, small, near, 0)


def _time_field(mtime: int) -> bytes:
    # Readers disagree whether the number has a sign: after 2038 the other form has to do.
    return struct.pack("<2HBL", 0x5455, 5, 1, mtime) if 0 <= mtime < 1 << 31 else b""


def _dos_time(mtime: int) -> tuple[int, int]:
    """Time and date as MS-DOS has them, which knows neither zones nor odd seconds: UTC."""
    low, high = 315_532_800, 4_354_819_198  # 1980 to 2107
    at = datetime.fromtimestamp(min(max(mtime, low), high), UTC)
    return (
        at.hour << 11 | at.minute << 5 | at.second // 2,
        (at.year - 1980) << 9 | at.month << 5 | at.day,
    )
