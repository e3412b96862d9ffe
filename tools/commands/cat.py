"""Write the contents of stored files, or raw blobs, to standard output.

A ref of a file gives its contents; any other blob is written as it is.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, BinaryIO

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ...blobstore.ref import Ref
    from ..client.store import Store

_AT_ONCE = 8 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("refs", nargs="+", metavar="REF", help="ref of a file or blob")
    parser.add_argument("--blob", action="store_true", help="write files' blobs, not contents")
    parser.add_argument("--server", metavar="URL", help="use this server")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..client.opening import open_store

    refs = [Ref.parse(text) for text in arguments.refs]
    with open_store(context.config, server=arguments.server) as store:
        for ref in refs:
            write_contents(store, ref, sys.stdout.buffer, as_blob=arguments.blob)
    context.output.flush()
    return exits.DONE


def write_contents(store: Store, ref: Ref, to: BinaryIO, *, as_blob: bool = False) -> None:
    """Write what a ref stands for, in pieces of a few MiB.

    Raises `BlobNotFound`, `CorruptBlob`, `ChunkUnreadable`; nothing wrong is written before.
    """
    from ...blobstore.errors import HoldfastError
    from ...schema.blob import parse_schema
    from ...schema.errors import NotSchema
    from ...schema.filereader import FileReader
    from ..client.store import Fetching

    (found,) = store.fetch((ref,))
    if isinstance(found, HoldfastError):
        raise found
    if not as_blob:
        try:
            kind = parse_schema(ref, found.data).kind
        except NotSchema:
            kind = ""
        if kind in ("file", "bytes"):
            with FileReader(Fetching(store), ref) as reader:
                while data := reader.read(_AT_ONCE):
                    to.write(data)
            return
    to.write(found.data)
