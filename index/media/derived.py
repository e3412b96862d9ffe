"""Attributes that permanodes have by what contents say, where nobody claims others."""

from __future__ import annotations

import re

from .contents import Contents
from .genres import genre_names
from .tags import Tags

_LONGEST = 1000
"""Characters that are kept of any value."""


def derived_attributes(contents: Contents) -> dict[str, str]:
    """`camera`, `lens`, `artist`, `album`, `genre`, `year` and `duration` (in seconds), if known.

    The camera is its model, with the make before it if the model does not begin with that.
    """
    said: dict[str, str] = {}
    if (exif := contents.exif) is not None:
        said |= {"camera": _camera(exif.make, exif.model), "lens": _one_line(exif.lens)}
    sound, film = contents.audio, contents.video
    if sound is not None:
        tags = sound.tags or Tags()
        said |= {
            "artist": tags.artist,
            "album": tags.album,
            "genre": ", ".join(genre_names(tags.genre)),
            "year": tags.year,
        }
    if (told := sound or film) is not None and told.duration_ms:
        said["duration"] = f"{told.duration_ms / 1000:.3f}".rstrip("0").rstrip(".")
    return {name: value[:_LONGEST] for name, value in said.items() if value}


def _camera(make: str, model: str) -> str:
    make, model = _one_line(make), _one_line(model)
    # Makers sign as "NIKON CORPORATION" what they name "NIKON D70".
    if model.casefold().startswith(make.casefold()) or _first_word(make) == _first_word(model):
        return model or make
    return f"{make} {model}".strip()


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())


def _first_word(text: str) -> str:
    return re.split(r"[\W_]", text.casefold(), maxsplit=1)[0]
