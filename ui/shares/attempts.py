"""Attempts: passwords of shares, tried one after the other, and slowly where they are wrong."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import math
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from falcon.asgi import Request

from ...blobstore.handlers.auth import TooManyFailures
from ...blobstore.handlers.limiter import FailureLimiter
from ...blobstore.ref import Ref
from ...schema.sharelocks import PasswordHash

MOST_WAITING = 16
"""Passwords that may wait to be tried, each for a fraction of a second."""

MOST_OF_ONE = 4
"""Of these so many may be from one address."""

REMEMBERED_SECONDS = 600.0
_MOST_REMEMBERED = 1000


class Attempts:
    """Tries passwords, one at a time in a thread of its own: each takes much memory and time.

    An address may be wrong about one share ten times at once, and then once every six seconds;
    until it may be again, it is turned away for this share, and for no other.
    """

    def __init__(
        self,
        *,
        limiter: FailureLimiter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limiter = FailureLimiter(clock=clock) if limiter is None else limiter
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "scrypt")
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()
        self._key = secrets.token_bytes(32)
        # Programs show the password with each of a thousand requests.
        self._right: OrderedDict[bytes, float] = OrderedDict()

    async def is_right(
        self, address: str, share: Ref, password: str, expected: PasswordHash
    ) -> bool:
        """Whether a password is the one expected. Raises `TooManyFailures`."""
        mark = self._mark(share, password, expected)
        if self._right.get(mark, -math.inf) > self._clock():
            return True
        if self._waiting.total() >= MOST_WAITING or self._waiting[address] >= MOST_OF_ONE:
            raise TooManyFailures(1)
        self._waiting[address] += 1
        try:
            async with self._turn:
                # Asked now: those who were before may have been wrong.
                if wait := self._limiter.wait(address, share):
                    raise TooManyFailures(wait)
                loop = asyncio.get_running_loop()
                is_right = await loop.run_in_executor(self._thread, expected.is_of, password)
                if is_right:
                    self._remember(mark)
                else:
                    self._limiter.failed(address, share)
        finally:
            self._waiting -= Counter((address,))
        return is_right

    def _remember(self, mark: bytes) -> None:
        self._right[mark] = self._clock() + REMEMBERED_SECONDS
        self._right.move_to_end(mark)
        while len(self._right) > _MOST_REMEMBERED:
            self._right.popitem(last=False)

    def _mark(self, share: Ref, password: str, expected: PasswordHash) -> bytes:
        said = f"{share}\n{expected}\n{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, said, "sha256")


def password_in(req: Request) -> str | None:
    """The password that a request gives as programs do, under whatever name; None without."""
    scheme, _, value = (req.get_header("authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        given = base64.b64decode(value.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return ""
    try:
        return given.decode()
    except UnicodeDecodeError:
        return given.decode("latin-1")  # what some programs send, whatever the standard says
