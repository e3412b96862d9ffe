"""What a put tells while it goes on, and what it comes to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ...blobstore.ref import Ref
from ..output import SILENT, Progress


@dataclass(slots=True)
class Tally:
    """Counts of one put, as it goes on."""

    files: int = 0
    """Files, links and special files; folders not."""
    folders: int = 0
    size: int = 0
    """Bytes of files' contents."""
    unchanged: int = 0
    """Files that were not read, since the stat cache knew them."""
    skipped: int = 0
    """Files and folders that could not be read, or vanished."""
    signed: int = 0
    """Permanodes and claims; in a dry run, those that would be signed."""


@dataclass(frozen=True, slots=True)
class Put:
    """One thing that was put: where from, and the ref it can be had by."""

    source: bytes
    ref: Ref
    tally: Tally
    permanode: Ref | None = None
    """The new permanode that has it as its content, if one was made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reporting:
    """Whom a put tells what."""

    note: Callable[[str], None] = logging.getLogger(__name__).info
    """Is told, in one line, of each file that was skipped or changed meanwhile."""
    progress: Progress = SILENT
