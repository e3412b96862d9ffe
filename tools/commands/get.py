"""Restore a stored file or folder, or what somebody shares.

Without TARGET it gets its own name in the current folder, or in the one given with -o. What
is there already with the same size and time is kept, so a get that was interrupted goes on
when it is run again; files that differ are left alone unless --overwrite is given. Every
chunk is verified. Restored files are not forced to the disk one by one.

A share link (https://HOST/share/REF) needs no store: a file or folder is restored from it, a list
of them into TARGET or the folder given with -o. Of a set or a search a zip is saved; so it is if
downloads are counted, of which this is one.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ...blobstore.errors import HoldfastError
    from ...schema.blob import SchemaBlob
    from ...schema.claims import Share
    from ..client.sharelink import SharedBlobs, ShareLink
    from ..client.store import GivesBlobs
    from ..getting.getting import Failure, Restored
    from ..output import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", metavar="REF", help="ref of a file or folder, or a share link")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="restore it as this")
    parser.add_argument("-o", "--into", metavar="DIR", help="restore it in this folder")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--overwrite", action="store_true", help="replace files that differ")
    parser.add_argument(
        "--verify", action="store_true", help="read files that are there; trust no times"
    )
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="the password of a share is in FILE; - is stdin; else it is asked for",
    )
    parser.add_argument("--json", action="store_true", help="tell what was done as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..claiming.errors import BadUsage
    from ..client.sharelink import is_link

    if arguments.target is not None and arguments.into is not None:
        context.output.note("holdfast: TARGET and --into exclude each other")
        return exits.USAGE
    if is_link(arguments.ref):
        return _get_shared(arguments, context)
    if arguments.password_file is not None:
        raise BadUsage("--password-file is for share links")
    return _get_stored(arguments, context)


def _get_stored(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..client.opening import open_store
    from ..getting.getting import fetch_schema

    ref = Ref.parse(arguments.ref)
    out = context.output
    with open_store(context.config, server=arguments.server) as store, out.progress("get") as bar:
        schema = fetch_schema(store, ref)
        folder, name = _place(arguments, schema.safe_name or ref.encode())
        done = _restore(store, [(schema, folder, name)], arguments, context, bar)
    return _tell(arguments, context, os.path.join(folder, name), done)  # noqa: PTH118 - bytes


# What somebody shares


def _get_shared(arguments: argparse.Namespace, context: Context) -> int:
    from ..client.sharelink import parse_link
    from ..getting.getting import Restored
    from ..getting.shared import Download, find

    link = parse_link(arguments.ref)
    shared, share = _opened(link, arguments)
    with closing(shared), context.output.progress("get") as bar:
        found = find(shared, share, link)
        if found.schemas or found.is_list:
            return _restore_shared(shared, found.schemas, found.is_list, arguments, context, bar)
        download = Download(shared, share)
        folder, name = _place(arguments, download.name)
        path = os.path.join(folder, name)  # noqa: PTH118 - bytes
        size = download.save(path, overwrite=arguments.overwrite, advance=bar.advance)
    return _tell(arguments, context, path, Restored(files=1, size=size))


def _opened(link: ShareLink, arguments: argparse.Namespace) -> tuple[SharedBlobs, Share]:
    """The share a link is of; a person is asked for its password if need be."""
    from ..claiming.passwords import ask_password, read_password
    from ..client.sharelink import ShareClosed, SharedBlobs

    file = arguments.password_file
    password = "" if file is None else read_password(file)
    while True:
        shared = SharedBlobs(link, password=password)
        try:
            return shared, shared.share()
        except ShareClosed:
            shared.close()
            if password or not sys.stdin.isatty():
                raise
            password = ask_password(is_new=False)
        except BaseException:
            shared.close()
            raise


def _restore_shared(
    shared: SharedBlobs,
    schemas: Sequence[SchemaBlob],
    is_list: bool,
    arguments: argparse.Namespace,
    context: Context,
    bar: Progress,
) -> int:
    if is_list:
        folder = os.path.abspath(os.fsencode(arguments.target or arguments.into or "."))  # noqa: PTH100
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - bytes
        wanted = [(one, folder, one.safe_name or one.ref.encode()) for one in schemas]
        path = folder
    else:
        (schema,) = schemas
        folder, name = _place(arguments, schema.safe_name or schema.ref.encode())
        wanted = [(schema, folder, name)]
        path = os.path.join(folder, name)  # noqa: PTH118 - bytes
    done = _restore(shared, wanted, arguments, context, bar)
    return _tell(arguments, context, path, done)


# What both have in common


def _restore(
    blobs: GivesBlobs,
    wanted: Sequence[tuple[SchemaBlob, bytes, bytes]],
    arguments: argparse.Namespace,
    context: Context,
    bar: Progress,
) -> Restored:
    from ..getting.getting import Getter, Restored
    from ..getting.writing import GetOptions

    options = GetOptions(
        overwrite=arguments.overwrite, verify=arguments.verify, owners=os.geteuid() == 0
    )
    if all(schema.kind == "file" for schema, _, _ in wanted):
        bar.expect(sum(schema.size for schema, _, _ in wanted))
    tell = _teller(arguments, context)
    done = Restored()
    for schema, folder, name in wanted:
        getter = Getter(blobs, options=options, on_failure=tell, progress=bar)
        done.add(getter.get(schema, folder, name))
    return done


def _teller(arguments: argparse.Namespace, context: Context) -> Callable[[Failure], None]:
    from ..output import printable

    # Failures are told of under the path the person gave.
    target = os.path.normpath(os.fsencode(arguments.target or b"x"))
    shown_in = os.fsencode(arguments.into or b"") or os.path.dirname(target)  # noqa: PTH120 - bytes

    def tell(failure: Failure) -> None:
        error = failure.error
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        path = printable(os.path.join(shown_in, failure.path))  # noqa: PTH118 - bytes
        context.output.note(f"holdfast: {path}: {why}")

    return tell


def _tell(arguments: argparse.Namespace, context: Context, path: bytes, done: Restored) -> int:
    from ..output import counted, human_size, json_name

    out = context.output
    if arguments.json:
        out.json(
            {
                **json_name(path, "path"),
                "ref": arguments.ref,
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
