"""Packets: what OpenPGP data is a row of, and the numbers in them (RFC 9580, sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .errors import BadOpenPgp

SIGNATURE = 2
SECRET_KEY = 5
PUBLIC_KEY = 6
SECRET_SUBKEY = 7
USER_ID = 13


class Packet(NamedTuple):
    """A packet's kind, a number up to 63, and what is in it."""

    tag: int
    body: bytes


def read_packets(data: bytes) -> Iterator[Packet]:
    """The packets of `data` one after another, headers of either format.

    Raises `BadOpenPgp`, also for lengths in portions: keys and signatures have none.
    """
    at = 0
    while at < len(data):
        tag, start, length = _header(data, at)
        at = start + length
        if at > len(data):
            raise BadOpenPgp(f"a packet of {length} bytes of which {len(data) - start} are there")
        yield Packet(tag, data[start:at])


def first_packet(data: bytes, tag: int, what: str) -> bytes:
    """The body of the first packet of `data`, which must be of kind `tag`. Raises `BadOpenPgp`."""
    packet = next(read_packets(data), None)
    if packet is None or packet.tag != tag:
        raise BadOpenPgp(f"the first packet is no {what}")
    return packet.body


def write_packet(tag: int, body: bytes) -> bytes:
    """A packet with a header of the new format, its length in as few bytes as possible."""
    return bytes((0xC0 | tag,)) + new_length(len(body)) + body


def new_length(length: int) -> bytes:
    """A length as packets and subpackets write it: in one, two or five bytes."""
    if length < 192:
        return bytes((length,))
    if length < 8384:
        return (length - 192 + 0xC000).to_bytes(2, "big")
    return b"\xff" + length.to_bytes(4, "big")


class Fields:
    """What a packet's body says, read from front to back. Every method raises `BadOpenPgp`."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._data)

    @property
    def offset(self) -> int:
        """How many bytes were read."""
        return self._at

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise BadOpenPgp("a packet ends before what it should hold")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def number(self, size: int) -> int:
        """An unsigned number of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def mpi(self) -> bytes:
        """The bytes of a large number, with the zeros in front that it was written with.

        Its length in bits may be counted with those zeros, as Perkeep's signatures do, or
        without; any other count is wrong.
        """
        bits = self.number(2)
        value = self.take((bits + 7) // 8)
        if bits != len(value) * 8 and bits != int.from_bytes(value, "big").bit_length():
            raise BadOpenPgp("a large number is not as long as it says")
        return value

    def new_length(self) -> int:
        """A length as `new_length` writes it."""
        first = self.number(1)
        if first < 192:
            return first
        if first < 255:
            return (first - 192 << 8) + self.number(1) + 192
        return self.number(4)


def write_mpi(value: int) -> bytes:
    """A large number with the count of its bits in front."""
    bits = value.bit_length()
    return bits.to_bytes(2, "big") + value.to_bytes((bits + 7) // 8, "big")


def _header(data: bytes, at: int) -> tuple[int, int, int]:
    """The kind of the packet at `at`, where its body starts, and how long that is."""
    first = data[at]
    if not first & 0x80:
        raise BadOpenPgp("no packet begins here")
    fields = Fields(data[at + 1 : at + 6])
    if first & 0x40:
        tag = first & 0x3F
        if _is_portion(data[at + 1 : at + 2]):
            raise BadOpenPgp("a packet in portions")
        length = fields.new_length()
    else:
        tag = first >> 2 & 0xF
        if first & 3 == 3:
            raise BadOpenPgp("a packet of unknown length")
        length = fields.number(1 << (first & 3))
    return tag, at + 1 + fields.offset, length


def _is_portion(length: bytes) -> bool:
    return b"\xe0" <= length < b"\xff"
