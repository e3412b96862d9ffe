"""The tests every storage passes, in one class to inherit from."""

from __future__ import annotations

from .abilities import Deferring, Generations, Ranges, ReadingNow, Streaming
from .lasting import Damage, ReadingOnly, Reopening, Space
from .listing import Listing
from .together import Together
from .verbs import Asking, Fetching, Receiving, Removing


class StorageSuite(
    Receiving,
    Fetching,
    Asking,
    Removing,
    Listing,
    Ranges,
    ReadingNow,
    Deferring,
    Streaming,
    Generations,
    Reopening,
    Damage,
    Space,
    ReadingOnly,
    Together,
):
    """All tests of storages. `subject.Subject` says what to override."""
