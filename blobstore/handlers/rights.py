"""What callers may be allowed to do, as bits, and the sets of them that have names.

The values are Perkeep's, so that its documentation of the rights each call needs holds here.
They are plain numbers because every request tests them.
"""

from __future__ import annotations

UPLOAD = 1
STAT = 2
GET = 4
ENUMERATE = 8
REMOVE = 16
SIGN = 32
DISCOVERY = 64

NOTHING = 0
READ = ENUMERATE | STAT | GET | DISCOVERY
VIVIFY = UPLOAD | STAT | GET | DISCOVERY
"""What someone who only ever adds files needs. Uploading asks for all of it."""
ALL = 127


def allows(has: int, needs: int) -> bool:
    """Whether rights `has` are enough where `needs` are asked for."""
    if needs & UPLOAD:
        needs |= VIVIFY
    return has & needs == needs
