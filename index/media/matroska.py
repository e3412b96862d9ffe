"""Matroska and WebM: how long, how large, when."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ...schema.timestamps import END_NS, FIRST_NS, Timestamp
from .images import Size
from .view import Unreadable, View

_MOST_ELEMENTS = 5000

_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_INFO, _SCALE, _DURATION, _DATE, _TITLE = 0x1549A966, 0x2AD7B1, 0x4489, 0x4461, 0x7BA9
_TRACKS, _TRACK, _VIDEO, _WIDTH, _HEIGHT = 0x1654AE6B, 0xAE, 0xE0, 0xB0, 0xBA

_EPOCH_2001_NS = 978_307_200_000_000_000


class Matroska(NamedTuple):
    """What a file says before its first cluster; `size` is None if there is only sound."""

    size: Size | None
    duration_ms: int | None
    created: Timestamp | None
    title: str


def read_matroska(view: View) -> Matroska | None:
    """What the header of such a file says; None if it is no such file."""
    size, duration, created, title = None, None, None, ""
    try:
        segment = _child(view, _SEGMENT)
        for element, content in _elements(segment):
            if element == _INFO:
                duration, created, title = _info(content)
            elif element == _TRACKS:
                size = _size(content)
            elif element == _CLUSTER:
                break
    except Unreadable:
        return None
    return Matroska(size, duration, created, title)


def _elements(view: View) -> Iterator[tuple[int, View]]:
    """The elements in a view; ends where one makes no sense."""
    at = 0
    for _ in range(_MOST_ELEMENTS):
        if at >= view.size:
            return
        try:
            element, id_size = _variable(view, at, keep_mark=True)
            size, size_size = _variable(view, at + id_size, keep_mark=False)
        except Unreadable:
            return
        at += id_size + size_size
        if size == (1 << 7 * size_size) - 1:  # unknown: as far as there is
            size = view.size - at
        yield element, view.part(at, size)
        at += size


def _variable(view: View, at: int, *, keep_mark: bool) -> tuple[int, int]:
    """A number that says in its first bits how many bytes it has, and how many those are."""
    first = view.number(at, 1)
    size = 9 - first.bit_length()
    if size > 8:
        raise Unreadable
    number = view.number(at, size)
    return (number if keep_mark else number & (1 << 7 * size) - 1), size


def _child(view: View, wanted: int) -> View:
    for element, content in _elements(view):
        if element == wanted:
            return content
        if element != _EBML and view.size == content.size:
            break
    raise Unreadable


def _numbers(view: View) -> dict[int, bytes]:
    """The small elements of a view by id: the first of each."""
    found: dict[int, bytes] = {}
    for element, content in _elements(view):
        found.setdefault(element, content.some(0, 1000))
    return found


def _info(info: View) -> tuple[int | None, Timestamp | None, str]:
    said = _numbers(info)
    scale = int.from_bytes(said.get(_SCALE, b"")[:8], "big") or 1_000_000
    length = _float(said.get(_DURATION, b"")) * scale / 1_000_000
    created = None
    if len(date := said.get(_DATE, b"")) == 8:
        ns = int.from_bytes(date, "big", signed=True) + _EPOCH_2001_NS
        created = Timestamp(ns) if FIRST_NS < ns < END_NS else None
    title = said.get(_TITLE, b"").rstrip(b"\0").decode("utf-8", "replace")
    return (int(length) if 1 <= length < 1e15 else None), created, title


def _float(data: bytes) -> float:
    kinds = {4: ">f", 8: ">d"}
    return float(struct.unpack(kinds[len(data)], data)[0]) if len(data) in kinds else 0.0


def _size(tracks: View) -> Size | None:
    """The size of the first track with pictures."""
    for element, track in _elements(tracks):
        if element == _TRACK:
            for inner, video in _elements(track):
                if inner == _VIDEO:
                    said = _numbers(video)
                    width, height = (
                        int.from_bytes(said.get(each, b"")[:4], "big") for each in (_WIDTH, _HEIGHT)
                    )
                    return Size(width, height) if width and height else None
    return None
