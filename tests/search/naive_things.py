"""Single things held against what is asked of them, as it is defined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from holdfast.blobstore.errors import BadRef
from holdfast.blobstore.ref import Ref
from holdfast.index.query.scalars import (
    FloatConstraint,
    IntConstraint,
    LocationConstraint,
    StringConstraint,
    TimeConstraint,
)
from holdfast.schema.errors import BadTimestamp
from holdfast.schema.timestamps import Timestamp, parse_time

Point = tuple[float, float]


def area_of(points: Iterable[Point]) -> dict[str, float] | None:
    """The smallest box around some points."""
    points = list(points)
    if not points:
        return None
    longitudes = {longitude for _, longitude in points}

    def width(west: float, east: float) -> float:
        return east - west if west <= east else east + 360 - west

    def holds(west: float, east: float) -> bool:
        return all(width(west, one) <= width(west, east) for one in longitudes)

    _, _, _, west, east = min(
        (width(west, east), west > east, -west, west, east)
        for west in longitudes
        for east in longitudes
        if holds(west, east)
    )
    latitudes = [latitude for latitude, _ in points]
    return {"north": max(latitudes), "south": min(latitudes), "west": west, "east": east}


def first(attributes: Mapping[str, list[str]], name: str) -> str:
    return attributes[name][0] if name in attributes else ""


def ref_in(value: str) -> Ref | None:
    try:
        return Ref.parse(value)
    except BadRef:
        return None


def moment_in(text: str) -> int | None:
    try:
        moment = parse_time(text)
    except BadTimestamp:
        return None
    return None if moment is None or moment.is_any_zero else moment.ns


def point(latitude: str, longitude: str) -> Point | None:
    number = r"[+-]?[0-9]+(\.[0-9]+)?"
    if not re.fullmatch(number, latitude) or not re.fullmatch(number, longitude):
        return None
    if abs(float(latitude)) > 90 or abs(float(longitude)) > 180:
        return None
    return float(latitude), float(longitude)


def number_fits(asked: IntConstraint | FloatConstraint, number: float) -> bool:
    low, high = asked.lowest, asked.highest
    return (low is None or low <= number) and (high is None or number <= high)


def text_fits(asked: StringConstraint, text: str) -> bool:
    if asked.empty and text:
        return False
    if asked.byte_length and not number_fits(asked.byte_length, len(text.encode())):
        return False
    if asked.regexp:
        return re.search(asked.regexp, text) is not None
    fold = str.casefold if asked.case_insensitive else str
    text = fold(text)
    return (
        (not asked.equals or text == fold(asked.equals))
        and fold(asked.contains) in text
        and text.startswith(fold(asked.has_prefix))
        and text.endswith(fold(asked.has_suffix))
    )


def time_fits(asked: TimeConstraint, ns: int | None, now: int) -> bool:
    if ns is None or Timestamp(ns).is_any_zero:
        return False
    after = asked.after.ns if asked.after else now - asked.in_last if asked.in_last else None
    return (after is None or ns >= after) and (asked.before is None or ns < asked.before.ns)


def place_fits(asked: LocationConstraint, where: Point | None) -> bool:
    if where is None or asked.any:
        return where is not None
    latitude, longitude = where
    if not asked.south <= latitude <= asked.north:
        return False
    # The line of 180 degrees has two names.
    names = (-180.0, 180.0) if abs(longitude) == 180 else (longitude,)
    if asked.west <= asked.east:
        return any(asked.west <= one <= asked.east for one in names)
    return any(one >= asked.west or one <= asked.east for one in names)
