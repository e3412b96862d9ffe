"""Founding an identity: a key made, or brought along, and put where the settings say."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ..blobstore.durable import make_folder, write_new
from ..blobstore.errors import HoldfastError, StoreFailed
from ..blobstore.ref import Blob, Ref
from ..schema.errors import KeyNotMade
from ..schema.identity import Algorithm, is_named, new_identity, secret_ring
from ..schema.openpgp.publickey import PublicKey
from ..schema.openpgp.secretkey import SecretKey
from .client.local import LocalStore
from .client.opening import open_store
from .config import Config, ConfigError

_log = logging.getLogger(__name__)

GPG_HOME = ".gnupg-init"
"""GnuPG's folder while it makes a key, in the folder of settings."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One founder at a time: another waits here until this one is done, or dead."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems lock no folders. Nobody writes over a key there either.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def new_key(folder: Path, *, algorithm: Algorithm, time: int) -> SecretKey:
    """A fresh key, made by GnuPG (in `folder`) where that is installed, else in this process."""
    from ..schema.gpgkeys import new_gpg_identity

    try:
        return new_gpg_identity(folder / GPG_HOME, algorithm=algorithm, time=time)
    except KeyNotMade as error:
        _log.info("%s; making it without gpg", error)
        return new_identity(algorithm=algorithm, time=time)


def demand_named(key: PublicKey, config: Config) -> None:
    """Raises `ConfigError` if the settings name another key already, which is not this one."""
    name = config.identity.key
    if name is not None and not is_named(key, name):
        raise ConfigError(
            config.origins["identity.key"],
            f"identity.key is {name[:60]!r}, which is not the key {key.fingerprint};"
            " unset it, or bring that key along by --ring or --gpg-key",
        )


def keep_key(key: SecretKey, ring: Path) -> None:
    """Write a ring of this key alone, as Perkeep and GnuPG both take it. Raises as `write_once`."""
    write_once(ring, secret_ring(key, is_armored=False))


def write_once(path: Path, data: bytes) -> None:
    """Write a new file for its owner alone, durably, and its folder if need be.

    Raises `FileExistsError`, and `StoreFailed` where the disk refuses; then nothing was written.
    """
    try:
        make_folder(path.parent)
        write_new(path, data)
    except FileExistsError:
        raise
    except OSError as error:
        raise StoreFailed.by(str(path), error) from error


class Published(NamedTuple):
    """What became of a public key's blob."""

    hindrance: str | None = None
    """Why it is not in the store; None if it is."""

    server: str | None = None
    """This machine's server, which took it and knows nothing of its secret half yet."""


def publish(key: PublicKey, config: Config) -> Published:
    """Put the public key's blob into the store, if that can be."""
    try:
        with open_store(config, make=True) as store:
            blob = Blob(Ref.of(key.blob, hash_name=store.hash_name), key.blob)
            store.send([blob], durable=True)
    except HoldfastError as error:
        return Published(str(error))
    except OSError as error:
        return Published(error.strerror or str(error))
    is_here = config.client.server is None and not isinstance(store, LocalStore)
    return Published(server=store.name if is_here else None)
