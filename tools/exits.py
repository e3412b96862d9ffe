"""Exit codes: what each says, and which error ends in which."""

from __future__ import annotations

from ..blobstore.errors import Blame, HoldfastError

DONE = 0
FAILED = 1
"""Something failed, or was skipped and reported."""
USAGE = 2
"""A wrong option, ref, address or setting; nothing was done."""
UNREACHABLE = 3
"""No server, no store, one in use by another process (or its address), or wrong credentials."""
NOT_FOUND = 4
"""What was asked for is not in the store."""
DAMAGED = 5
"""Stored data is damaged, or makes no sense."""
INTERRUPTED = 130
"""Ended by Ctrl-C; running the command again goes on from there."""

# By name, so that asking costs no import of what did not fail.
_BY_NAME = {
    "Unreachable": UNREACHABLE,
    "Unauthorised": UNREACHABLE,
    "ShareClosed": UNREACHABLE,
    "BadAnswer": UNREACHABLE,
    "NoStore": UNREACHABLE,
    "StoreLocked": UNREACHABLE,
    "StoreBusy": UNREACHABLE,
    "AddressInUse": UNREACHABLE,
    "CorruptBlob": DAMAGED,
    "StoreDamaged": DAMAGED,
    "TableDamaged": DAMAGED,
    "BadTree": DAMAGED,
    "WrongKind": USAGE,
    "NoSuchKey": USAGE,
}


def exit_code(error: HoldfastError) -> int:
    """The code a command ends with because of `error`."""
    if type(error).__name__ == "ChunkUnreadable":
        cause = error.__cause__
        return exit_code(cause) if isinstance(cause, HoldfastError) else DAMAGED
    known = _BY_NAME.get(type(error).__name__)
    if known is not None:
        return known
    if error.blame is Blame.ABSENCE:
        return NOT_FOUND
    return USAGE if error.blame is Blame.CALLER else FAILED
