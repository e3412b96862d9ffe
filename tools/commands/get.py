"""Restore a stored file or folder.

Without TARGET it gets its own name in the current folder, or in the one given with -o. What
is there already with the same size and time is kept, so a get that was interrupted goes on
when it is run again; files that differ are left alone unless --overwrite is given. Every
chunk is verified. Restored files are not forced to the disk one by one.
"""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ...blobstore.errors import HoldfastError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", metavar="REF", help="ref of a file or folder")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="restore it as this")
    parser.add_argument("-o", "--into", metavar="DIR", help="restore it in this folder")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--overwrite", action="store_true", help="replace files that differ")
    parser.add_argument(
        "--verify", action="store_true", help="read files that are there; trust no times"
    )
    parser.add_argument("--json", action="store_true", help="tell what was done as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..client.opening import open_store
    from ..getting.getting import Failure, Getter, fetch_schema
    from ..getting.writing import GetOptions
    from ..output import counted, human_size, printable

    out = context.output
    ref = Ref.parse(arguments.ref)
    if arguments.target is not None and arguments.into is not None:
        out.note("holdfast: TARGET and --into exclude each other")
        return exits.USAGE

    # Failures are told of under the path the person gave.
    target = os.path.normpath(os.fsencode(arguments.target or b"x"))
    shown_in = os.fsencode(arguments.into or b"") or os.path.dirname(target)  # noqa: PTH120 - bytes

    def tell(failure: Failure) -> None:
        error = failure.error
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        out.note(f"holdfast: {printable(os.path.join(shown_in, failure.path))}: {why}")  # noqa: PTH118

    options = GetOptions(
        overwrite=arguments.overwrite, verify=arguments.verify, owners=os.geteuid() == 0
    )
    with open_store(context.config, server=arguments.server) as store, out.progress("get") as bar:
        schema = fetch_schema(store, ref)
        folder, name = _place(arguments, schema.safe_name or ref.encode())
        if schema.kind == "file":
            bar.expect(schema.size)
        getter = Getter(store, options=options, on_failure=tell, progress=bar)
        done = getter.get(schema, folder, name)
    path = os.path.join(folder, name)  # noqa: PTH118 - bytes
    if arguments.json:
        from ..output import json_name

        out.json(
            {
                **json_name(path, "path"),
                "ref": ref,
                "files": done.files,
                "folders": done.folders,
                "bytes": done.size,
                "kept": done.kept,
                "failed": done.failed,
            }
        )
    elif out.is_terminal:
        kept = f"; {done.kept} were there already" if done.kept else ""
        out.note(f"{out.name(path)}: {counted(done.files, 'file')}, {human_size(done.size)}{kept}")
    if not done.failed:
        return exits.DONE
    codes = {_code(error) for error in done.errors}
    # The worst that happened: damage matters more than a file in the way.
    for code in (exits.DAMAGED, exits.NOT_FOUND):
        if code in codes:
            return code
    return exits.FAILED


def _code(error: HoldfastError | OSError) -> int:
    from ...blobstore.errors import HoldfastError
    from ...schema.errors import NotSchema, WrongKind
    from ..exits import exit_code

    # Asked for by the user these would be mistakes; in a tree they are damage.
    if isinstance(error, NotSchema | WrongKind):
        return exits.DAMAGED
    return exit_code(error) if isinstance(error, HoldfastError) else exits.FAILED


def _place(arguments: argparse.Namespace, own_name: bytes) -> tuple[bytes, bytes]:
    """The folder to restore in, made if it is missing, and the name to restore under."""
    if arguments.target is not None:
        target = os.path.abspath(os.fsencode(arguments.target))  # noqa: PTH100 - bytes
        folder, name = os.path.split(target)
    else:
        folder, name = os.fsencode(arguments.into or "."), own_name
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - bytes
    return folder, name
