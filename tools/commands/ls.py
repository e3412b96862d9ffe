"""List what a stored folder holds. Names of folders end in a slash."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ..listing import Member
    from ..output import Output

_LETTERS = {"file": "-", "directory": "d", "symlink": "l", "fifo": "p", "socket": "s"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", metavar="REF", help="ref of a folder, or of a file")
    parser.add_argument("-l", "--long", action="store_true", help="mode, owner, size, time too")
    parser.add_argument("-R", "--recursive", action="store_true", help="all below, with paths")
    parser.add_argument("--json", action="store_true", help="one JSON object for each member")
    parser.add_argument("--server", metavar="URL", help="use this server")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..client.opening import open_store
    from ..getting.getting import RESTORABLE, fetch_schema
    from ..listing import Member, members, walk

    out = context.output
    ref = Ref.parse(arguments.ref)
    code = exits.DONE
    with open_store(context.config, server=arguments.server) as store:
        schema = fetch_schema(store, ref, kinds={*RESTORABLE, "static-set"})
        if schema.kind not in ("directory", "static-set"):
            _say(out, (schema.raw_name,), Member(ref, schema), arguments)
            return code
        if arguments.recursive:
            found = walk(store, ref)
        else:
            found = (
                ((b"" if m.schema is None else m.schema.raw_name,), m) for m in members(store, ref)
            )
        for path, member in found:
            if member.error is not None:
                out.note(f"holdfast: {member.error}")
                code = exits.exit_code(member.error)
            _say(out, path, member, arguments)
    return code


def _say(
    out: Output, path: tuple[bytes, ...], member: Member, arguments: argparse.Namespace
) -> None:
    if arguments.json:
        out.json(_described(path, member))
        return
    schema = member.schema
    if schema is None:
        out.line(f"{member.ref} (cannot be read)")
        return
    name = out.name(b"/".join(path)) + ("/" if schema.kind == "directory" else "")
    if not arguments.long:
        out.line(f"{member.ref} {name}")
        return
    mode = 0o777 if schema.kind == "symlink" else schema.restore_permission
    bits = "".join("rwx"[n % 3] if mode >> (8 - n) & 1 else "-" for n in range(9))
    owner = schema.owner or (str(schema.uid) if schema.uid is not None else "?")
    group = schema.group or (str(schema.gid) if schema.gid is not None else "?")
    size = schema.size if schema.kind == "file" else 0
    if schema.kind == "symlink":
        name += f" -> {out.name(schema.symlink_target)}"
    out.line(
        f"{_LETTERS.get(schema.kind, '?')}{bits} {owner:<8} {group:<8} {size:>12}"
        f" {_time(schema.mtime_ns)} {member.ref} {name}"
    )


def _time(mtime_ns: int | None) -> str:
    if mtime_ns is None:
        return " " * 19
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(mtime_ns // 1_000_000_000))
    except (ValueError, OverflowError, OSError):
        return f"{mtime_ns // 1_000_000_000:>19}"


def _described(path: tuple[bytes, ...], member: Member) -> dict[str, object]:
    from ..output import json_name

    said: dict[str, object] = {"ref": member.ref, **json_name(b"/".join(path), "path")}
    schema = member.schema
    if schema is None:
        return {**said, "error": str(member.error)}
    said["type"] = schema.kind
    if schema.kind == "file":
        said["size"] = schema.size
    if schema.permission is not None:
        said["mode"] = f"{schema.permission:04o}"
    facts = {
        "mtimeNs": schema.mtime_ns,
        "owner": schema.owner,
        "ownerId": schema.uid,
        "group": schema.group,
        "groupId": schema.gid,
    }
    said |= {key: value for key, value in facts.items() if value is not None}
    if schema.kind == "symlink":
        said |= json_name(schema.symlink_target, "target")
    return said
