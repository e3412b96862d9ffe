"""Filters: what a person says of the files they look for, as a query."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from ...blobstore.ref import DEFAULT_HASH, Ref
from ...index.query.constraints import Constraint, FileConstraint
from ...index.query.scalars import IntConstraint, StringConstraint
from ..claiming.attributes import as_text
from ..claiming.errors import BadUsage

_FORMATS = {"jpg": "image/jpeg", "pdf": "application/pdf", "txt": "text/plain"}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*(?:([KMGT])(?:I?B)?|B)?", re.ASCII | re.IGNORECASE)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def files_like(
    *, words: Sequence[str], name: str | None, kind: str | None, larger: str | None
) -> Constraint:
    """Files with all these words in name or text, a name, a MIME type, and a size.

    Raises `BadUsage`, `NotText`.
    """
    said = " ".join(as_text(word, "a word") for word in words)
    if words and not any(letter.isalnum() for letter in said):
        raise BadUsage(f"{said[:60]!r} has no word to look for")
    return Constraint(
        file=FileConstraint(
            text=said,
            file_name=None if name is None else named(as_text(name, "the name")),
            mime_type=None if kind is None else of_type(as_text(kind, "the type")),
            file_size=None if larger is None else IntConstraint(min=parse_size(larger)),
        )
    )


def named(glob: str) -> StringConstraint:
    """The texts that a pattern of the shell stands for: `*`, `?`, and sets like `[a-z]`.

    Raises `BadUsage`.
    """
    if not glob:
        raise BadUsage("a name is not empty; leave --name out for any")
    inner = glob.removeprefix("*")
    plain = inner.removesuffix("*")
    if not any(letter in plain for letter in "*?["):
        # The index has rows for these, and every Perkeep knows them.
        if inner == glob:
            prefix = plain != inner
            return StringConstraint(has_prefix=plain) if prefix else StringConstraint(equals=plain)
        suffix = plain == inner
        return StringConstraint(has_suffix=plain) if suffix else StringConstraint(contains=plain)
    return StringConstraint(regexp=_pattern(glob))


def of_type(text: str) -> StringConstraint:
    """The MIME types a text stands for: one, all of a kind (`image`, `image/*`), or a format's.

    Raises `BadUsage`.
    """
    kind = text.strip().lower()
    kind, slash, rest = _FORMATS.get(kind, kind).partition("/")
    if not kind:
        raise BadUsage(f"no MIME type: {text[:60]!r}; write image, or image/jpeg")
    if rest in ("", "*"):
        return StringConstraint(has_prefix=f"{kind}/")
    return StringConstraint(equals=f"{kind}{slash}{rest}")


def parse_size(text: str) -> int:
    """Bytes in a text like `500`, `10M` or `1.5 GiB`; each unit is 1024 of the one before.

    Raises `BadUsage`.
    """
    match = _SIZE.fullmatch(text.strip())
    size = 0 if match is None else float(match[1]) * 1024 ** _UNITS[(match[2] or "").lower()]
    if match is None or not 1 <= size < 1 << 62:
        raise BadUsage(f"not a size: {text[:60]!r}; write it as 500, 10M or 1.5G")
    return int(size)


def whole_of(path: Path) -> Ref:
    """The ref that all the contents of a local file would have as one blob: what indexes know
    files by, whatever names their blobs. Raises `OSError`."""
    with path.open("rb") as file:
        return Ref(f"{DEFAULT_HASH}-{hashlib.file_digest(file, DEFAULT_HASH).hexdigest()}")


def _pattern(glob: str) -> str:
    """A pattern of the shell as a regular expression."""
    parts = []
    at = 0
    while at < len(glob):
        letter = glob[at]
        at += 1
        # As in the shell, a bracket right behind the opening one is in the set.
        end = glob.find("]", at + 2 if glob[at : at + 1] in "!^" else at + 1)
        if letter == "[" and end > 0:
            inside = glob[at:end]
            negation = "^" if inside[:1] in ("!", "^") else ""
            letters = inside.removeprefix(inside[:1]) if negation else inside
            parts.append(f"[{negation}{''.join(map(_escaped, letters))}]")
            at = end + 1
        elif letter in "*?":
            parts.append(".*" if letter == "*" else ".")
        else:
            parts.append(re.escape(letter))
    return rf"(?s)\A{''.join(parts)}\z"


def _escaped(letter: str) -> str:
    """A letter in a set; a dash has the meaning there that it has in the shell."""
    return letter if letter.isalnum() or letter == "-" else f"\\x{{{ord(letter):x}}}"
