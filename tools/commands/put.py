"""Store files, folders, standard input (-) or raw blobs, and print a ref for each.

What is stored already is not sent again. A put that was interrupted goes on where it was when
it is run again. Files that cannot be read are told of and left out, and the exit code is 1.

With --permanode each PATH gets a new permanode, whose ref is printed behind that of its content.
With --filenodes each file gets the permanode that its contents always have, and the file's ref is
claimed to be its content.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ..client.store import Store
    from ..putting.naming import Naming
    from ..putting.putting import Putter
    from ..putting.report import Put


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file or folder; - is stdin")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument(
        "--blob", action="store_true", help="store each file's bytes as one blob, as they are"
    )
    parser.add_argument("--name", help="file name to store standard input under")
    parser.add_argument(
        "--permanode", action="store_true", help="make a permanode with each PATH as its content"
    )
    parser.add_argument("--title", metavar="TEXT", help="set the title of the new permanode")
    parser.add_argument(
        "--filenodes", action="store_true", help="claim each file to be of its contents' permanode"
    )
    parser.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="TAG,...",
        help="add tags to all these permanodes (may be repeated)",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out what matches, as in .gitignore (may be repeated)",
    )
    parser.add_argument(
        "--no-ignore-files", action="store_true", help="do not heed .holdfastignore files"
    )
    parser.add_argument(
        "--one-file-system", "-x", action="store_true", help="stay on each path's file system"
    )
    parser.add_argument(
        "--follow", "-L", action="store_true", help="store what links lead to in their place"
    )
    parser.add_argument(
        "--dry-run", "-n", action="store_true", help="store nothing; tell what would be sent"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="read every file and ask about every blob"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object for each path")
    parser.add_argument("--quiet", "-q", action="store_true", help="only refs and what failed")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..client.opening import open_store
    from ..identity import open_signer
    from ..putting.dryrun import DryRun
    from ..putting.measuring import measuring
    from ..putting.options import PutOptions
    from ..putting.putting import CannotPut, Putter
    from ..putting.report import Reporting

    config, out = context.config, context.output
    code = exits.DONE
    paths = [os.fsencode(path) for path in arguments.paths]
    _demand_sense(arguments)
    tags = _tags(arguments)
    naming = _naming(arguments, tags)
    signs = arguments.permanode or arguments.filenodes
    with ExitStack() as running:
        signer = open_signer(config.identity) if signs else None
        opened = running.enter_context(open_store(config, server=arguments.server, make=True))
        options = PutOptions(
            hash_name=opened.hash_name,
            follow=arguments.follow,
            one_file_system=arguments.one_file_system,
            ignored=config.client.ignored,
            exclude=tuple(arguments.exclude),
            ignore_files=not arguments.no_ignore_files,
            filenodes=arguments.filenodes,
            filenode_tags=tags,
        )
        progress = running.enter_context(out.progress("put"))
        dry = DryRun(opened)
        store: Store = dry if arguments.dry_run else opened
        keep = not (arguments.no_cache or arguments.dry_run)
        putter = Putter(
            store,
            options,
            signer=signer,
            cache_folder=config.folders.cache if keep else None,
            reporting=Reporting(note=lambda text: out.note(f"holdfast: {text}"), progress=progress),
        )
        if progress.is_shown:
            running.enter_context(measuring(paths, progress.expect))
        try:
            for path in paths:
                before = dry.would_send if arguments.dry_run else putter.sent
                try:
                    done = _put(putter, path, arguments, naming)
                except CannotPut as error:
                    out.note(f"holdfast: {error}")
                    code = exits.FAILED
                    continue
                if done.tally.skipped:
                    code = exits.FAILED
                after = dry.would_send if arguments.dry_run else putter.sent
                sent_blobs, sent_size = after.blobs - before.blobs, after.size - before.size
                _say(context, done, sent_blobs, sent_size, arguments)
        finally:
            putter.close()
    return code


def _demand_sense(arguments: argparse.Namespace) -> None:
    """Raise `BadUsage` for options that would come to nothing."""
    from ..claiming.errors import BadUsage

    if arguments.title is not None and not arguments.permanode:
        raise BadUsage("--title is that of a new permanode; add --permanode")
    if arguments.tag and not (arguments.permanode or arguments.filenodes):
        raise BadUsage("--tag is for permanodes; add --permanode or --filenodes")
    if arguments.filenodes and (arguments.blob or "-" in arguments.paths):
        raise BadUsage(
            "--filenodes is for files, not for --blob or standard input; use --permanode there"
        )


def _tags(arguments: argparse.Namespace) -> tuple[str, ...]:
    if not arguments.tag:
        return ()
    from ..claiming.attributes import parse_tags

    return parse_tags(arguments.tag)


def _naming(arguments: argparse.Namespace, tags: tuple[str, ...]) -> Naming | None:
    if not arguments.permanode:
        return None
    from ..claiming.attributes import as_text
    from ..putting.naming import Naming

    title = as_text(arguments.title, "the title") if arguments.title else None
    return Naming(title=title, tags=tags)


def _put(putter: Putter, path: bytes, arguments: argparse.Namespace, naming: Naming | None) -> Put:
    from ...blobstore.ref import MAX_BLOB_SIZE
    from ..putting.putting import CannotPut

    if arguments.blob:
        try:
            if path == b"-":
                data = sys.stdin.buffer.read(MAX_BLOB_SIZE + 1)
            else:
                with Path(os.fsdecode(path)).open("rb") as file:
                    data = file.read(MAX_BLOB_SIZE + 1)
        except OSError as error:
            raise CannotPut(path, error.strerror or str(error)) from error
        return putter.put_blob(data, source=path, naming=naming)
    if path == b"-":
        name = os.fsencode(arguments.name or "")
        read = partial(os.read, sys.stdin.fileno())
        return putter.put_stream(read, name=name, naming=naming)
    return putter.put_path(path, naming=naming)


def _say(
    context: Context, done: Put, sent_blobs: int, sent_size: int, arguments: argparse.Namespace
) -> None:
    from ..output import counted, human_size, json_name

    out = context.output
    tally = done.tally
    signs = arguments.permanode or arguments.filenodes
    if arguments.json:
        out.json(
            {
                **json_name(done.source, "path"),
                "ref": done.ref,
                **({"permanode": done.permanode} if arguments.permanode else {}),
                "files": tally.files,
                "folders": tally.folders,
                "bytes": tally.size,
                "unchanged": tally.unchanged,
                "skipped": tally.skipped,
                "sentBlobs": sent_blobs,
                "sentBytes": sent_size,
                **({"signed": tally.signed} if signs else {}),
                "dryRun": arguments.dry_run,
            }
        )
        return
    out.line(done.ref)
    if done.permanode is not None:
        out.line(done.permanode)
    if not arguments.quiet and (out.is_terminal or arguments.dry_run):
        would = "would send" if arguments.dry_run else "sent"
        signed = "more to be signed" if arguments.dry_run else "signed"
        out.note(
            f"{out.name(done.source)}: {counted(tally.files, 'file')}, {human_size(tally.size)};"
            f" {would} {counted(sent_blobs, 'blob')}, {human_size(sent_size)}"
            + (f"; {tally.signed:,} {signed}" if signs else "")
            + (f"; {tally.unchanged} unchanged" if tally.unchanged else "")
            + (f"; {tally.skipped} skipped" if tally.skipped else "")
        )
