"""Schema blobs: blobs that are JSON and mean something, parsed once into frozen values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from ..blobstore.ref import Ref
from .errors import BadTimestamp, NotSchema
from .jsontext import BadJson, FieldReader, Pairs, as_ref, folded, read_object
from .names import as_perkeep_reads, as_restorable, joined_pieces
from .timestamps import Timestamp, parse_time

MAX_SCHEMA_SIZE = 1 << 20
"""The largest schema blob there is, in bytes, inclusive."""


class Part(NamedTuple):
    """`size` bytes of a file, from `offset` on of a blob, or of the contents of another file.

    `blob_ref` or `bytes_ref` is set, or neither: then the bytes are zeros.
    """

    size: int
    blob_ref: Ref | None = None
    bytes_ref: Ref | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """What permanodes and claims say; nothing of it is verified here."""

    signer: Ref | None = None
    signature: str = ""
    claim_type: str = ""
    date: Timestamp | None = None
    permanode: Ref | None = None
    attribute: str = ""
    value: str = ""
    target: Ref | None = None
    search: object = None
    transitive: bool = False
    auth_type: str = ""
    expires: Timestamp | None = None
    password_hash: str = ""
    most_downloads: int | None = None


NO_CLAIM = Claim()
"""What blobs say that have none of a claim's fields."""


@dataclass(frozen=True, slots=True)
class SchemaBlob:
    """What a schema blob says; what it does not say is None or empty.

    `kind` is its `camliType`, which may be one nobody here has heard of. Times of files are in
    nanoseconds since 1970 UTC; a text that is no time reads as None.
    """

    ref: Ref
    kind: str
    raw_name: bytes = b""
    permission: int | None = None
    uid: int | None = None
    gid: int | None = None
    owner: str | None = None
    group: str | None = None
    mtime_ns: int | None = None
    ctime_ns: int | None = None
    parts: tuple[Part, ...] = ()
    entries: Ref | None = None
    members: tuple[Ref, ...] = ()
    merge_sets: tuple[Ref, ...] = ()
    symlink_target: bytes = b""
    claim: Claim = NO_CLAIM

    @property
    def name(self) -> bytes:
        """The file name as Perkeep reads it: empty if it holds a `/` or a backslash."""
        return as_perkeep_reads(self.raw_name)

    @property
    def safe_name(self) -> bytes:
        """The file name if a file may be made under it here; else empty.

        A backslash is harmless; empty are names with `/` or NUL, `.` and `..`.
        """
        return as_restorable(self.raw_name)

    @property
    def restore_permission(self) -> int:
        """The nine permission bits to restore: 0755 for directories, else 0644, if not known."""
        if self.permission is None:
            return 0o755 if self.kind == "directory" else 0o644
        return self.permission & 0o777

    @property
    def size(self) -> int:
        """Bytes of a `file` or `bytes` blob's contents, as it claims."""
        return sum(part.size for part in self.parts)


def parse_schema(ref: Ref, data: bytes) -> SchemaBlob:
    """What the bytes of a blob say. Raises `NotSchema`."""
    if (why := _no_schema_because(data)) is not None:
        raise NotSchema(ref, why)
    try:
        return _read(ref, read_object(data))
    except BadJson as error:
        raise NotSchema(ref, str(error)) from None


def may_be_schema(data: bytes) -> bool:
    """Whether a blob looks enough like a schema blob for parsing it to be worth while."""
    return _no_schema_because(data) is None


def has_kind(data: bytes) -> bool:
    """Whether a blob is JSON with a `camliType`: the rule by which servers route new blobs.

    Space before the object is allowed here, unlike in a schema blob.
    """
    if len(data) > MAX_SCHEMA_SIZE or not data.lstrip(b" \t\r\n").startswith(b"{"):
        return False
    try:
        return bool(_read(Ref(""), read_object(data)).kind)
    except BadJson:
        return False


def _no_schema_because(data: bytes) -> str | None:
    if data[:1] != b"{":
        return "its first byte is no '{'"
    if len(data) > MAX_SCHEMA_SIZE:
        return f"it has more than {MAX_SCHEMA_SIZE} bytes"
    if b"camliVersion" not in data:
        return "camliVersion is not in it"
    return None


def _read(ref: Ref, pairs: Pairs) -> SchemaBlob:
    fields = FieldReader(pairs, _KNOWN, _REFS)
    # Read though not kept: a wrong type in any of them voids the blob.
    fields.integer("camliVersion")
    fields.text("unixAtime")
    fields.ref("blobRef")
    kind = fields.text("camliType")
    claim = NO_CLAIM if fields.has_none_of(_CLAIM_NAMES) else _read_claim(fields)
    if fields.has_none_of(_FILE_NAMES):
        return SchemaBlob(ref=ref, kind=kind, claim=claim)  # quick: most blobs are claims
    return SchemaBlob(
        ref=ref,
        kind=kind,
        raw_name=_bytes_of(fields, "fileName"),
        permission=_octal(fields.text("unixPermission")),
        uid=_owner_number(fields.integer("unixOwnerId")),
        gid=_owner_number(fields.integer("unixGroupId")),
        owner=fields.text("unixOwner") or None,
        group=fields.text("unixGroup") or None,
        mtime_ns=_file_time(fields.text("unixMtime")),
        ctime_ns=_file_time(fields.text("unixCtime")),
        parts=tuple(_read_part(value) for value in fields.array("parts")),
        entries=fields.ref("entries"),
        members=tuple(as_ref(value, "members") for value in fields.array("members")),
        merge_sets=tuple(as_ref(value, "mergeSets") for value in fields.array("mergeSets")),
        symlink_target=_bytes_of(fields, "symlinkTarget"),
        claim=claim,
    )


def _read_claim(fields: FieldReader) -> Claim:
    return Claim(
        signer=fields.ref("camliSigner"),
        signature=fields.text("camliSig"),
        claim_type=fields.text("claimType"),
        date=fields.time("claimDate"),
        permanode=fields.ref("permaNode"),
        attribute=fields.text("attribute"),
        value=fields.text("value"),
        target=fields.ref("target"),
        search=fields.anything("search"),
        transitive=fields.boolean("transitive"),
        auth_type=fields.text("authType"),
        expires=fields.time("expires"),
        password_hash=_text_if_any(fields.anything("passwordHash")),
        most_downloads=_number_if_any(fields.anything("maxDownloads")),
    )


def _text_if_any(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number_if_any(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _read_part(value: object) -> Part:
    if not isinstance(value, Pairs):
        raise BadJson("parts holds something that is no object")
    fields = FieldReader(value, _PART_KNOWN, _PART_REFS)
    return Part(
        fields.size("size"), fields.ref("blobRef"), fields.ref("bytesRef"), fields.size("offset")
    )


def _bytes_of(fields: FieldReader, name: str) -> bytes:
    """A name that is either text, or text and bytes in pieces."""
    pieces = fields.array(f"{name}Bytes")
    text = fields.text(name)
    return text.encode() if text else joined_pieces(pieces)


def _octal(text: str) -> int | None:
    return int(text, 8) & 0o7777 if _OCTAL.fullmatch(text) else None


def _owner_number(number: int | None) -> int | None:
    # The largest is "no change" to chown, and no number at all for a file.
    return number if number is not None and 0 <= number < 0xFFFFFFFF else None


def _file_time(text: str) -> int | None:
    try:
        time = parse_time(text)
    except BadTimestamp:
        return None
    return None if time is None else time.ns


def _known(*names: str) -> dict[str, str]:
    return {spelling: name for name in names for spelling in (name, folded(name))}


_OCTAL = re.compile("[0-7]{1,12}")

_REFS = frozenset({"blobRef", "camliSigner", "permaNode", "entries", "target"})
_CLAIM_NAMES = frozenset(
    (
        *("camliSigner", "camliSig", "claimType", "claimDate", "permaNode", "attribute", "value"),
        *("target", "search", "transitive", "authType", "expires"),
    )
)
_FILE_NAMES = frozenset(
    (
        *("fileName", "fileNameBytes", "symlinkTarget", "symlinkTargetBytes"),
        *("unixPermission", "unixOwner", "unixOwnerId", "unixGroup", "unixGroupId"),
        *("unixMtime", "unixCtime"),
        *("parts", "entries", "members", "mergeSets"),
    )
)
# Our own, and no reason for any blob to be void that Perkeep would read.
_LOCK_NAMES = ("passwordHash", "maxDownloads")
_KNOWN = _known(
    *("camliVersion", "camliType", "blobRef", "unixAtime"),
    *(*_FILE_NAMES, *_CLAIM_NAMES, *_LOCK_NAMES),
)
_PART_REFS = frozenset({"blobRef", "bytesRef"})
_PART_KNOWN = _known("size", "offset", *_PART_REFS)
