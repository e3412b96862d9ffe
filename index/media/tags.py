"""What tags say of a piece of sound, whatever format they are in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST = 10_000
"""Characters that are kept of any tag."""

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tags:
    """Names of a piece of sound and its place on a medium; "" and 0 for what is not said."""

    title: str = ""
    artist: str = ""
    album: str = ""
    genre: str = ""
    """As it is written, which may be a number; `genres.genre_names` reads it."""
    year: str = ""
    track: int = 0
    disc: int = 0
    musicbrainz_album: str = ""


def tags_from(said: Mapping[str, str]) -> Tags | None:
    """Tags from texts by field, None if nothing is said. Numbers begin their texts."""
    clean = {name: " ".join(text.split("\0")).strip()[:_LONGEST] for name, text in said.items()}
    tags = Tags(
        title=clean.get("title", ""),
        artist=clean.get("artist", ""),
        album=clean.get("album", ""),
        genre=clean.get("genre", ""),
        year=clean.get("year", ""),
        track=_number(clean.get("track", "")),
        disc=_number(clean.get("disc", "")),
        musicbrainz_album=clean.get("musicbrainz_album", ""),
    )
    return None if tags == Tags() else tags


def year_of(date: str) -> str:
    """The year that a date begins with, or ""."""
    match = re.match(r"\s*(\d{4})(?!\d)", date, re.ASCII)
    return match[1] if match else ""


def _number(text: str) -> int:
    match = _NUMBER.match(text)
    return int(match[0]) if match else 0
