"""What there was no thumbnail of lately, and why: nothing is tried again and again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from ...blobstore.ref import Ref
from .refusals import NoThumbnail, Reason

_MOST = 10_000

SECONDS = {
    # What a file holds never changes; only what reads it does.
    Reason.NO_PICTURE: 3600.0,
    Reason.UNREADABLE: 3600.0,
    Reason.TOO_LARGE: 3600.0,
    Reason.TOO_SLOW: 600.0,
    Reason.FAILED: 30.0,
    Reason.MISSING: 10.0,
}
"""How long each is remembered; what is not here is not."""


class Failures:
    """Why there is no thumbnail of some things, for a while. For one thread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: OrderedDict[Ref, tuple[float, NoThumbnail]] = OrderedDict()

    def note(self, ref: Ref, refusal: NoThumbnail) -> None:
        seconds = SECONDS.get(refusal.reason)
        if seconds is not None:
            # Without its trace, which holds on to what was at work.
            again = NoThumbnail(refusal.reason, refusal.detail)
            self._found[ref] = (self._clock() + seconds, again)
            if len(self._found) > _MOST:
                self._found.popitem(last=False)

    def check(self, ref: Ref) -> None:
        """Raises the `NoThumbnail` that was noted, if it still holds."""
        if not self._found:
            return
        until, refusal = self._found.get(ref, (0.0, None))
        if refusal is None:
            return
        if self._clock() < until:
            raise NoThumbnail(refusal.reason, refusal.detail)
        del self._found[ref]
