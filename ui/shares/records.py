"""Records: what a server remembers of its shares, in a folder of its own."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ...blobstore.durable import make_folder, replacing
from ...blobstore.errors import StoreFailed
from .tally import Tally

SECRET_NAME = "secret"  # noqa: S105 - of the file
TALLY_NAME = "downloads.sqlite"

_SECRET_SIZE = 32

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ShareRecords:
    """The secret that visitors' passes are made with, and how often shares were downloaded."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(_SECRET_SIZE), repr=False)
    tally: Tally = field(default_factory=lambda: Tally(None))


@contextmanager
def open_share_records(folder: Path) -> Iterator[ShareRecords]:
    """The records in `folder`, as long as this lasts; begun if they are missing.

    Without the secret visitors enter passwords again; without the tally counts begin again at 0.
    Raises `StoreFailed`.
    """
    try:
        make_folder(folder)
        folder.chmod(0o700)
        secret = _secret(folder / SECRET_NAME)
    except OSError as error:
        raise StoreFailed.by(str(folder), error) from error
    with Tally(folder / TALLY_NAME) as tally:
        yield ShareRecords(secret, tally)


def _secret(path: Path) -> bytes:
    try:
        kept = path.read_bytes()
    except FileNotFoundError:
        kept = b""
    if len(kept) == _SECRET_SIZE:
        return kept
    if kept:
        _log.error("%s makes no sense; passwords of shares have to be entered again", path)
    new = secrets.token_bytes(_SECRET_SIZE)
    with replacing(path, mode=0o600) as file:
        file.write(new)
    return new
