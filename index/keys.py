"""The kinds of rows an index has: declared once, as data, and written and read through that."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, TypeAlias

from ..schema.timestamps import Timestamp

Row: TypeAlias = tuple[bytes, bytes]
"""A key and a value, as tables hold them."""

_written = json.JSONEncoder(separators=(",", ":")).encode
_read = json.JSONDecoder().decode

VERSION_NUMBER = 4
"""The number of this set of rows. Another one means that the index is to be made again."""

_ZERO = 1 << 67
"""How 1970 is written: with more nanoseconds than lie between year 0 and then."""


class RowKind(NamedTuple):
    """One kind of row: what its key is made of, what its value holds, and what it says.

    A key is the kind's name and its parts with `|` between them, in which `%` and `|` are written
    `%25` and `%7C`. A value is a JSON array. A kind without
    parts has one row.
    """

    name: str
    key: tuple[str, ...]
    value: tuple[str, ...]
    meaning: str

    def row(self, *parts: str, value: tuple[object, ...] = ()) -> Row:
        """A row with these parts and this value, in the declared order."""
        assert len(parts) == len(self.key)
        assert len(value) == len(self.value)
        return self.key_of(*parts), _written(value).encode() if value else b"[]"

    def key_of(self, *parts: str) -> bytes:
        """The key of a row."""
        text = "|".join((self.name, *parts))
        if "%" in text or text.count("|") > len(parts):
            text = "|".join((self.name, *map(_escaped, parts)))
        return text.encode("utf-8", "surrogatepass")

    def below(self, *parts: str) -> tuple[bytes, bytes]:
        """Where the rows begin, and end, whose first parts are these."""
        start = self.key_of(*parts) + b"|"
        return start, start[:-1] + b"}"  # the character after `|`

    def parts_of(self, key: bytes) -> list[str]:
        """The parts of a key of this kind."""
        text = key.decode("utf-8", "surrogatepass")
        _, *parts = text.split("|")
        if "%" not in text:
            return parts
        return [part.replace("%7C", "|").replace("%25", "%") for part in parts]

    @staticmethod
    def value_of(value: bytes) -> list[Any]:
        """What a value holds, in the declared order."""
        held: list[Any] = _read(value.decode())
        return held


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace("|", "%7C")


def date_text(date: Timestamp) -> str:
    """A moment as 18 digits that sort as moments do."""
    return f"{date.ns + _ZERO:018x}"


def number_text(number: int) -> str:
    """A number from 0 to 2^63 as 16 digits that sort as numbers do."""
    return f"{number:016x}"


def date_of(text: str, *, is_zone_unknown: bool) -> Timestamp:
    """The moment of 18 such digits."""
    return Timestamp(int(text, 16) - _ZERO, is_zone_unknown)


def written_moment(moment: Timestamp | None) -> tuple[str, bool] | None:
    """A moment as values hold it: its date, and whether its zone is unknown; or null."""
    return None if moment is None else (date_text(moment), moment.is_zone_unknown)


def read_moment(written: Any) -> Timestamp | None:
    """The moment that a value holds so."""
    return None if written is None else date_of(written[0], is_zone_unknown=written[1])


VERSION = RowKind("version", (), ("number",), "which set of kinds the rows are of")
STORE = RowKind(
    "store",
    (),
    ("generation", "trusted"),
    "which unbroken life of which store this indexes, and whose claims count",
)
CURSOR = RowKind(
    "cursor", (), ("token",), "up to where of the store's stream all blobs are in the rows"
)
MAKING = RowKind(
    "making",
    (),
    ("phase", "token", "at", "done"),
    "how far rows are that are being made anew, in a table that is no index yet",
)
BLOB = RowKind(
    "blob",
    ("blob",),
    ("type", "signer", "about"),
    "a schema blob that was read; who signed it, and what it names or deletes, if it is a claim",
)
# By fingerprint, so that who is trusted is found past any number of strangers.
SIGNER = RowKind("signer", ("fingerprint", "signer"), (), "the key in a public key blob")
CLAIM = RowKind(
    "claim",
    ("permanode", "date", "claim"),
    ("signer", "zone unknown", "claimType", "attribute", "value"),
    "a claim that names a permanode; no attribute if it changes none",
)
DELETE = RowKind(
    "delete", ("target", "claim"), ("signer", "date", "zone unknown"), "a delete of the target"
)
SHARE = RowKind("share", ("date", "claim"), ("signer",), "a share; what of, its blob says")
FILE = RowKind(
    "file",
    ("file",),
    ("name", "size", "mime", "whole", "times", "picture", "place", "tags", "derived"),
    "a file: what its blob, name and contents say; `whole` is the ref of all contents as one blob,"
    " `derived` the attributes that a permanode has by it",
)
WHOLE = RowKind("whole", ("whole", "file"), (), "a file by its contents")
DIRECTORY = RowKind("directory", ("directory",), ("name", "members"), "a folder, and of how many")
CHILD = RowKind("child", ("directory", "child"), (), "a member of a folder")
PARENT = RowKind("parent", ("child", "directory"), (), "a folder by its member")
WORDS = RowKind("words", ("file",), ("words",), "the words in a file's name and text, each once")
TEXT = RowKind("text", ("word", "file"), (), "a file by a word in its name or text")
COPIES = RowKind(
    "copies", ("size", "whole"), ("files",), "contents that several files have, and how many"
)
SIZE = RowKind("size", ("type", "size", "blob"), (), "a file or folder by all its bytes")
TREE = RowKind(
    "tree",
    ("directory",),
    ("unknown", "size", "files"),
    "how many members of a folder are not known yet, with all that is in them; and the bytes and"
    " files in those that are",
)
REFERS = RowKind("refers", ("to", "blob"), (), "a schema blob that names another blob")
SAID = RowKind(
    "said",
    ("attribute", "value", "date", "claim"),
    ("permanode", "signer"),
    "a claim that gave a permanode a value of `camliRoot`, `camliImportRoot`, `tag` or `title`",
)
TYPE = RowKind("type", ("type", "blob"), (), "a schema blob by its type")
NODE = RowKind(
    "node",
    ("permanode",),
    ("time", "modified", "deleted", "attributes", "derived", "place", "plain"),
    "a permanode as it is now; a time is a date and whether its zone is unknown, or null;"
    " attributes are null if there are too many to stand here; `derived` are those it has by its"
    " content alone, `place` is its latitude and longitude, or null; it is `plain` if its claims"
    " need not be looked at to describe it",
)
TIME = RowKind("time", ("time", "permanode"), (), "a permanode by its time")
MODIFIED = RowKind("modified", ("modified", "permanode"), (), "a permanode by its last change")
HAS = RowKind(
    "has", ("attribute", "value", "time", "permanode"), (), "a permanode by what is in it now"
)
LACKS = RowKind("lacks", ("attribute", "time", "permanode"), (), "a permanode without a `tag`")
CONTENT = RowKind(
    "content",
    ("field", "value", "time", "permanode"),
    (),
    "a permanode by what is known of its content: `mime`, `type` (before the slash), `name`,"
    " `width` and `height`; or, as `several`, by having more than one",
)
WORD = RowKind(
    "word", ("word", "time", "permanode"), (), "a permanode by a word in its title or content"
)
GRAM = RowKind("gram", ("gram", "word"), (), "a word that `word` rows have, by three letters of it")
CELL = RowKind("cell", ("cell", "time", "permanode"), (), "a permanode by where on Earth it is")
LINK = RowKind(
    "link",
    ("parent", "attribute", "child"),
    ("count",),
    "what a permanode has as member, or by path",
)
EDGE = RowKind("edge", ("child", "parent", "attribute"), (), "a link seen from below")
MEMBER = RowKind("member", ("parent", "time", "child"), (), "a member of a permanode by its time")
UNREAD = RowKind("unread", ("blob",), (), "what may be a schema blob and is still to be read")
WAITING = RowKind(
    "waiting", ("needed", "blob"), (), "a blob that cannot be read before another has come"
)
REFUSED = RowKind("refused", ("blob",), ("reason",), "a signed blob that counts for nothing")

REMOVING = RowKind(
    "removing", ("blob",), (), "a blob that is being removed; rows of it may be gone already"
)

KINDS = (
    VERSION,
    STORE,
    CURSOR,
    MAKING,
    BLOB,
    SIGNER,
    CLAIM,
    DELETE,
    SHARE,
    FILE,
    WHOLE,
    DIRECTORY,
    CHILD,
    PARENT,
    WORDS,
    TEXT,
    COPIES,
    SIZE,
    TREE,
    REFERS,
    SAID,
    TYPE,
    NODE,
    TIME,
    MODIFIED,
    HAS,
    LACKS,
    CONTENT,
    WORD,
    GRAM,
    CELL,
    LINK,
    EDGE,
    MEMBER,
    UNREAD,
    WAITING,
    REFUSED,
    REMOVING,
)
"""Every kind of row."""
