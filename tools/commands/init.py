"""Make the config file and the folders. Nothing that exists is changed."""

from __future__ import annotations

import argparse
import os

from ...blobstore.durable import make_folder, sync_folder
from .. import exits
from ..cli import Context
from ..config import DEFAULT_IGNORED, DEFAULT_LISTEN, DEFAULT_RING


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen", default=DEFAULT_LISTEN, metavar="HOST:PORT", help="where the server listens"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..config import ConfigError, parse_listen

    try:
        parse_listen(arguments.listen)
    except ValueError as error:
        raise ConfigError("--listen", str(error)) from None
    config = context.config
    out = context.output
    make_folder(config.folders.config)
    try:
        # Readable by its owner alone: it may come to hold a password.
        descriptor = os.open(config.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        out.note(f"holdfast: {config.file} exists already and was left as it is")
        return exits.FAILED
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(template(listen=arguments.listen))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(config.folders.config)
    make_folder(config.folders.data)
    make_folder(config.folders.cache)
    out.line(f"made {config.file}")
    out.line(f"blobs will be kept in {config.storage.path}")
    out.line("")
    out.line("next:")
    out.line("  holdfast serve        run the server; leave it running")
    out.line("  holdfast put FOLDER   store a folder; it prints a ref")
    out.line("  holdfast get REF      get it back")
    return exits.DONE


def template(*, listen: str) -> str:
    """The text of a new config file: every setting, with its default, explained."""
    ignored = ", ".join(f'"{pattern}"' for pattern in DEFAULT_IGNORED)
    return f"""\
# Settings of Holdfast. `holdfast config` shows those in force.

[server]
listen = "{listen}"
# Who may use the server: "localhost" (processes of this machine's same user),
# "userpass:NAME:PASSWORD", "token:SECRET", or "none" (everybody).
auth = "localhost"
# allow_remove = false

[storage]
# "packed" (large files of many blobs), "localdisk" (a file for each blob), "memory" (for trials)
# kind = "packed"
# Where the blobs are; relative to the data folder.
# path = "blobs"
# What names new blobs: "sha224", which every Perkeep client knows, or "sha256".
# hash = "sha224"

[index]
# Where the index is, which is rebuilt from the blobs when lost; relative to the data folder.
# path = "index"

[identity]
# The file of the secret key; relative to the folder of this file.
# ring = "{DEFAULT_RING}"
# The key to sign with, by its fingerprint: for files of several keys, and keys of GnuPG.
# key = ""
# Whether GnuPG keeps the key instead, and where, unless in its usual folder.
# gnupg = false
# gnupg_home = ""
# Fingerprints of others' keys: their claims count as your own do.
# trusted = []

[client]
# Another machine's server; without it this machine's is used, or its store.
# server = "https://example.org"
# auth = "userpass:NAME:PASSWORD"
# Files `put` leaves out, as patterns.
ignored = [{ignored}]
"""
