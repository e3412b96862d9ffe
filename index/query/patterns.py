"""Regular expressions from outside: in RE2, which takes time in proportion to the text.

The syntax is that of Go's, as in the reference: no look-around and no back-references, the two
things that can make a search hang.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import re2

MAX_PATTERN = 1000
"""How many characters a pattern may have."""

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 4 << 20


class BadPattern(ValueError):
    """Text that is no regular expression, or one that would take too much memory."""


@lru_cache(maxsize=64)
def finder(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether the pattern is somewhere in a text. Raises `BadPattern`."""
    if len(pattern) > MAX_PATTERN:
        raise BadPattern(f"longer than {MAX_PATTERN} characters")
    try:
        compiled = re2.compile(pattern.encode("utf-8", "surrogatepass"), _OPTIONS)
    except re2.error as error:
        why: bytes = error.args[0]
        raise BadPattern(why.decode("utf-8", "replace")) from None
    return lambda text: compiled.search(text.encode("utf-8", "surrogatepass")) is not None
