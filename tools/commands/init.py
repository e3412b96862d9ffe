"""Make an identity, the config file and the folders. Nothing that exists is changed.

The identity is a new key, which GnuPG makes if it is installed; or, by --ring, the key of
Perkeep's tools; or, by --gpg-key, one that GnuPG keeps: under a passphrase, or on a card.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ...blobstore.durable import make_folder
from .. import exits
from ..cli import Context
from ..config import DEFAULT_IGNORED, DEFAULT_LISTEN, DEFAULT_RING, DEFAULT_THUMBNAILS

if TYPE_CHECKING:
    from ...schema.identity import Algorithm
    from ...schema.openpgp.publickey import PublicKey
    from ..config import Config
    from ..founding import Published
    from ..output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen", default=DEFAULT_LISTEN, metavar="HOST:PORT", help="where the server listens"
    )
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--algorithm",
        choices=("rsa", "ed25519"),
        help="of a new key: rsa, which every Perkeep can verify, or ed25519",
    )
    kinds.add_argument(
        "--ring", type=Path, metavar="FILE", help="take the key of this secret ring along"
    )
    kinds.add_argument(
        "--gpg-key", metavar="NAME", help="use this key of GnuPG's; its secret stays there"
    )
    parser.add_argument(
        "--key", metavar="NAME", help="which key of --ring, by fingerprint or its last digits"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..config import ConfigError, parse_listen
    from ..founding import alone, publish, write_once

    try:
        parse_listen(arguments.listen)
    except ValueError as error:
        raise ConfigError("--listen", str(error)) from None
    if arguments.key is not None and arguments.ring is None:
        raise ConfigError("--key", "chooses a key of --ring FILE, which is not given")
    folder = context.config.folders.config
    make_folder(folder)
    with alone(folder):
        # Someone else may have made all this while we waited.
        config = context.load()
        if (hindrance := _hindrance(arguments, config)) is not None:
            context.output.note(f"holdfast: {hindrance}")
            return exits.FAILED
        key, made = _identity(arguments, config)
        if not config.file.exists():
            gpg_key = key.fingerprint if arguments.gpg_key else None
            text = template(listen=arguments.listen, gpg_key=gpg_key)
            write_once(config.file, text.encode())
            made.append(str(config.file))
    config = context.load()
    make_folder(config.folders.data)
    make_folder(config.folders.cache)
    _tell(arguments, context.output, config, key, made, publish(key, config))
    return exits.DONE


def _hindrance(arguments: argparse.Namespace, config: Config) -> str | None:
    """Why nothing is made; None if something is."""
    from ..identity import whereabouts

    file, identity = config.file, config.identity
    kept = f"exists already in {whereabouts(identity)}, and was left as it is"
    if arguments.gpg_key is not None:
        if identity.gnupg:
            return f"an identity {kept}; to use another, change identity.key in {file}"
        if file.exists():
            lines = _gnupg_lines(_gpg_key(arguments, config).fingerprint)
            return (
                f"{file} exists already and was left as it is; to use this key, write below"
                f" [identity] there:\n{lines}"
            )
    elif _has_identity(config):
        if arguments.ring or arguments.algorithm:
            return f"an identity {kept}; to have another, move it away first"
        if file.exists():
            return f"an identity {kept}; {file} exists already too"
    return None


def _has_identity(config: Config) -> bool:
    # Also a link that leads nowhere is not to be written over.
    return config.identity.gnupg or os.path.lexists(config.identity.ring)


def _identity(arguments: argparse.Namespace, config: Config) -> tuple[PublicKey, list[str]]:
    """The key to sign with, and what was written to have it."""
    from ..founding import demand_named, keep_key, new_key
    from ..identity import BadRing, NoIdentity, owner, read_ring

    if arguments.gpg_key is not None:
        return _gpg_key(arguments, config), []
    ring = config.identity.ring
    if _has_identity(config):
        present = owner(config.identity)
        if present is None:
            raise NoIdentity(str(ring))
        return present, []
    if arguments.ring is not None:
        try:
            secret = read_ring(arguments.ring, name=arguments.key)
        except FileNotFoundError:
            raise BadRing(str(arguments.ring), "there is no such file") from None
    else:
        algorithm: Algorithm = "rsa" if arguments.algorithm is None else arguments.algorithm
        secret = new_key(config.folders.config, algorithm=algorithm, time=int(time.time()))
    demand_named(secret.public, config)
    keep_key(secret, ring)
    return secret.public, [str(ring)]


def _gpg_key(arguments: argparse.Namespace, config: Config) -> PublicKey:
    from ...schema.gpgsigner import GpgSigner
    from ..founding import demand_named

    key = GpgSigner(arguments.gpg_key, home=config.identity.gnupg_home).public
    demand_named(key, config)
    return key


def _tell(
    arguments: argparse.Namespace,
    out: Output,
    config: Config,
    key: PublicKey,
    made: list[str],
    published: Published,
) -> None:
    from ..identity import key_facts

    facts = key_facts(key, config)
    if published.hindrance is not None:
        out.note(
            f"holdfast: the public key is not stored yet: {published.hindrance}"
            " (the server stores it when it starts, and each claim brings it along)"
        )
    if published.server is not None:
        out.note(
            f"holdfast: start the server at {published.server} anew,"
            " so that it signs with this key and what the key signs counts"
        )
    if facts.algorithm == "Ed25519":
        out.note("holdfast: no Perkeep known to us can verify what an Ed25519 key signs")
    if arguments.json:
        out.json({"made": made, **facts.fields(), "isPublished": published.hindrance is None})
        return
    for path in made:
        out.line(f"made {path}")
    out.line(f"blobs will be kept in {config.storage.path}")
    out.line("")
    out.line("your identity:")
    out.line(f"  key     {facts.fingerprint} ({facts.algorithm})")
    out.line(f"  signer  {facts.signer}")
    out.line(f"  kept in {facts.kept_in}")
    out.line("")
    out.line("back it up:")
    if config.identity.gnupg:
        out.line(f"  gpg --export-secret-keys {key.fingerprint} > FILE   unless it is on a card")
    else:
        out.line(f"  copy {config.identity.ring} to a safe place, and show it to nobody")
    out.line("  With it and the blobs everything can be rebuilt.")
    out.line("  Without it nothing new can ever be said in its name.")
    out.line("")
    out.line("next:")
    out.line("  holdfast serve        run the server; leave it running")
    out.line("  holdfast put FOLDER   store a folder; it prints a ref")
    out.line("  holdfast get REF      get it back")


def template(*, listen: str, gpg_key: str | None = None) -> str:
    """The text of a new config file: every setting, with its default, explained.

    `gpg_key` is the fingerprint of a key that GnuPG keeps.
    """
    gnupg = _gnupg_lines(gpg_key) if gpg_key else '# key = ""\n# gnupg = false'
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

[thumbnails]
# MiB of the disk that thumbnails may take, in the cache folder; 0 keeps none there.
# cache_mib = {DEFAULT_THUMBNAILS}

[identity]
# The file of the secret key; relative to the folder of this file.
# ring = "{DEFAULT_RING}"
# Which key to sign with, by its fingerprint, where there are several; whether GnuPG keeps it
# instead of the file; and where GnuPG keeps keys, unless in its usual folder.
{gnupg}
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


def _gnupg_lines(fingerprint: str) -> str:
    return f'key = "{fingerprint}"\ngnupg = true'
