"""File names that do no harm: beside others in a folder of any system, and in a header."""

from __future__ import annotations

import re
from unicodedata import normalize
from urllib.parse import quote

MOST_BYTES = 255
"""The longest name that file systems take."""

# Control characters, separators, and what makes text run backwards or ends its line.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f/\\\\\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_DRIVE = re.compile(r"\A([A-Za-z]):")
_SUFFIX = re.compile(r"(?<=.)\.[^. ]{1,15}\Z", re.DOTALL)

# RFC 8187, section 3.2.1: what stands for itself in an extended parameter.
_PLAIN = "!#$&+-.^_`|~"
# In a quoted string `"` and `\` would need quoting, which not all browsers undo; some decode `%`.
_NOT_QUOTABLE = re.compile(r'[^ -~]|["\\%]')


def safe_name(name: bytes | str) -> str:
    """A name as one that leads nowhere else, on any system; empty if it is.

    What is no UTF-8 becomes U+FFFD; separators of either kind, control characters and what makes
    text run backwards become `_`, as do the colon of a drive and names of dots and spaces. It has
    at most `MOST_BYTES`.
    """
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    text = _DRIVE.sub(r"\1_", _HARMFUL.sub("_", text))
    if not text.strip(". "):
        return "_" * len(text)
    return _fitted(text)


def disposition(kind: str, name: str) -> str:
    """The value of `Content-Disposition` (RFC 6266): `kind`, and under which name to save it."""
    plain = _NOT_QUOTABLE.sub("_", name)
    value = f'{kind}; filename="{plain}"'
    if plain == name:
        return value
    return f"{value}; filename*=UTF-8''{quote(name, safe=_PLAIN, errors='replace')}"


class Names:
    """The names taken in one folder."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._links: set[str] = set()
        self._next: dict[tuple[str, bool], int] = {}

    def take(self, name: str, *, is_folder: bool = False, is_link: bool = False) -> str:
        """This name, or one like it that is not taken yet: ` (2)` comes before its extension.

        What is one name with that of a link where letters of either case are alike counts as
        taken: whoever unpacks it there must not be led through the link.
        """
        found = name
        if not self._is_free(name):
            number = self._next.get((name, is_folder), 2)
            while not self._is_free(found := _numbered(name, number, is_folder=is_folder)):
                number += 1
            self._next[name, is_folder] = number + 1
        self._taken.add(found)
        if is_link:
            self._links.add(_folded(found))
        return found

    def _is_free(self, name: str) -> bool:
        return name not in self._taken and not (self._links and _folded(name) in self._links)


def _numbered(name: str, number: int, *, is_folder: bool) -> str:
    suffix = None if is_folder else _SUFFIX.search(name)
    end = f" ({number})" + (suffix[0] if suffix else "")
    stem = name[: suffix.start()] if suffix else name
    return _cut(stem, MOST_BYTES - len(end.encode())) + end


def _fitted(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    suffix = _SUFFIX.search(name)
    end = suffix[0] if suffix else ""
    return _cut(name.removesuffix(end), MOST_BYTES - len(end.encode())) + end


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore")


def _folded(name: str) -> str:
    """What systems may take for the same name: cases, forms of accents, dots at the end."""
    return normalize("NFC", normalize("NFD", name).casefold()).rstrip(". ")
