"""New schema blobs: the bytes of files, directories, links and special files.

The fields of each kind are those Perkeep's `pk-put` writes, and only those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..blobstore.ref import Ref
from .blob import Part
from .canonical import START, Fields, Value, canonical, quoted
from .facts import FileFacts
from .names import pieces_of, text_of
from .timestamps import END_NS, FIRST_NS, NANOSECONDS, format_ns

MAX_MEMBERS = 10000
"""The most members, or subsets, a static set lists itself."""


def file_fields(facts: FileFacts, parts: Iterable[Part]) -> Fields:
    """A file: what is known of it, and its contents."""
    return {"camliType": "file", **_common(facts), "parts": [_part(part) for part in parts]}


def file_text(facts: FileFacts, parts: Iterable[Part]) -> bytes:
    """The very bytes of `canonical(file_fields(facts, parts))`, in a fraction of the time."""
    name, mode, uid, gid, owner, group, *_ = facts
    lines = [f'{START}  "camliType": "file"']
    if name:
        text = text_of(name)
        if text.isascii() or text.isprintable():  # no lone surrogates
            lines.append(f'  "fileName": {quoted(text)}')
        else:
            field = canonical(_name_field("fileName", name)).decode()
            lines.append(field[len(START) : -len("\n}")])
    lines.append(f'  "parts": {parts_text(parts)}')
    if ctime := _ctime_text(facts):
        lines.append(f'  "unixCtime": "{ctime}"')
    if group:
        lines.append(f'  "unixGroup": {quoted(group)}')
    if gid is not None:
        lines.append(f'  "unixGroupId": {gid}')
    if mtime := _mtime_text(facts):
        lines.append(f'  "unixMtime": "{mtime}"')
    if owner:
        lines.append(f'  "unixOwner": {quoted(owner)}')
    if uid is not None:
        lines.append(f'  "unixOwnerId": {uid}')
    if mode is not None:
        lines.append(f'  "unixPermission": "0{mode & 0o777:o}"')
    return (",\n".join(lines) + "\n}").encode()


def bytes_text(parts: Iterable[Part]) -> bytes:
    """Contents of a run of parts, as a `bytes` blob."""
    return f'{START}  "camliType": "bytes",\n  "parts": {parts_text(parts)}\n}}'.encode()


def parts_text(parts: Iterable[Part]) -> str:
    """A list of parts as the value of a top-level field."""
    items = []
    for size, blob_ref, bytes_ref, offset in parts:
        fields = []
        if blob_ref is not None:
            fields.append(f'      "blobRef": "{blob_ref}"')
        if bytes_ref is not None:
            fields.append(f'      "bytesRef": "{bytes_ref}"')
        if offset:
            fields.append(f'      "offset": {offset}')
        fields.append(f'      "size": {size}')
        items.append("    {\n" + ",\n".join(fields) + "\n    }")
    return "[\n" + ",\n".join(items) + "\n  ]" if items else "[]"


def directory_text(facts: FileFacts, entries: Ref) -> bytes:
    """A directory whose members are those of the static set `entries`."""
    return canonical({"camliType": "directory", **_common(facts), "entries": entries})


def static_set_text(members: Sequence[Ref] = (), *, merge_sets: Sequence[Ref] = ()) -> bytes:
    """A list of members; or, given `merge_sets`, the lists of all those static sets in order."""
    fields: dict[str, Value] = {"camliType": "static-set"}
    if merge_sets:
        fields["mergeSets"] = merge_sets
    else:
        fields["members"] = members
    return canonical(fields)


def symlink_text(facts: FileFacts, target: bytes) -> bytes:
    """A symbolic link. It has no permission bits."""
    return canonical(
        {
            "camliType": "symlink",
            **_common(facts._replace(mode=None)),
            **_name_field("symlinkTarget", target),
        }
    )


def special_text(facts: FileFacts, kind: str) -> bytes:
    """A `fifo` or a `socket`. Perkeep also keeps devices as `socket`."""
    return canonical({"camliType": kind, **_common(facts)})


def _common(facts: FileFacts) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    if facts.name:
        fields.update(_name_field("fileName", facts.name))
    if facts.mode is not None:
        fields["unixPermission"] = f"0{facts.mode & 0o777:o}"
    if facts.uid is not None:
        fields["unixOwnerId"] = facts.uid
    if facts.gid is not None:
        fields["unixGroupId"] = facts.gid
    if facts.owner:
        fields["unixOwner"] = facts.owner
    if facts.group:
        fields["unixGroup"] = facts.group
    if mtime := _mtime_text(facts):
        fields["unixMtime"] = mtime
    if ctime := _ctime_text(facts):
        fields["unixCtime"] = ctime
    return fields


def _mtime_text(facts: FileFacts) -> str:
    """The text of `unixMtime`; empty if it is left out."""
    ns = facts.mtime_ns
    # Some file systems hold times beyond the calendar: the file matters more than they do.
    return format_ns(ns) if ns is not None and FIRST_NS <= ns < END_NS else ""


def _ctime_text(facts: FileFacts) -> str:
    """The text of `unixCtime`; empty if it is left out."""
    ns = facts.ctime_ns
    if ns is None or ns == facts.mtime_ns or 0 <= ns < NANOSECONDS:
        return ""
    return format_ns(ns) if FIRST_NS <= ns < END_NS else ""


def _name_field(key: str, name: bytes) -> dict[str, Value]:
    pieces = pieces_of(name)
    if all(isinstance(piece, str) for piece in pieces):
        return {key: text_of(name)}
    return {f"{key}Bytes": pieces}


def _part(part: Part) -> Fields:
    fields: dict[str, Value] = {"size": part.size}
    if part.blob_ref is not None:
        fields["blobRef"] = part.blob_ref
    if part.bytes_ref is not None:
        fields["bytesRef"] = part.bytes_ref
    if part.offset:
        fields["offset"] = part.offset
    return fields
