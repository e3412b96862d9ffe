"""Who is at the other end of a TCP connection, as far as the kernel knows."""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

Address = tuple[str, int]

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_UID_COLUMN = 7


class Peer:
    """One connection: its two ends, and the user at the far one, looked up at most once."""

    __slots__ = ("_owner", "abort", "local", "remote", "trusted_host")

    def __init__(
        self,
        remote: Address | None,
        local: Address | None,
        *,
        abort: Callable[[], None] = lambda: None,
    ) -> None:
        """`abort` cuts the connection without further ado."""
        self.remote = remote
        self.local = local
        self.abort = abort
        self.trusted_host: bytes | None = None
        self._owner: int | None = -1

    @property
    def address(self) -> str:
        """The far end's IP address, or nothing for other kinds of connection."""
        return self.remote[0] if self.remote else ""

    def owner(self) -> int | None:
        """The uid of the process at the far end, if it runs on this machine."""
        if self._owner == -1:
            self._owner = owner_of(self.remote, self.local) if self.remote and self.local else None
        return self._owner


def owner_of(remote: Address, local: Address) -> int | None:
    """The uid of the local process whose socket goes from `remote` to `local`, or None.

    Linux only (`/proc/net/tcp`, see proc(5)); elsewhere always None.
    """
    needles = [
        b" %b %b " % (_kernel_form(remote, width), _kernel_form(local, width)) for width in (4, 16)
    ]
    for table in _TABLES:
        try:
            text = table.read_bytes()
        except OSError:
            continue
        for needle in needles:
            position = text.find(needle)
            if position >= 0:
                start = text.rfind(b"\n", 0, position) + 1
                return int(text[start : text.find(b"\n", position)].split()[_UID_COLUMN])
    return None


def _kernel_form(address: Address, width: int) -> bytes:
    """An address as the kernel's tables spell it: 32-bit words in the machine's order, in hex."""
    host, port = address
    parsed = ipaddress.ip_address(host.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    packed = (mapped or parsed).packed
    if len(packed) == 4 and width == 16:
        packed = b"\0" * 10 + b"\xff\xff" + packed
    words = struct.unpack(f">{len(packed) // 4}I", packed)
    if sys.byteorder == "little":
        words = tuple(socket.ntohl(word) for word in words)
    return b"%b:%04X" % (b"".join(b"%08X" % word for word in words), port)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only ever mean this machine."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        parsed = ipaddress.ip_address(name.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
