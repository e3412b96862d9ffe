"""The server's own key at work: one signature after the other, and the key's blob in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ..blobstore.handlers.service import BlobService
from ..blobstore.ref import Ref
from ..blobstore.storage import has
from ..schema.openpgp.publickey import PublicKey
from ..schema.signing import Signer, sign

_TURN = 100
"""Signatures made in one go; then others have theirs."""


class OwnKey:
    """Signs what requests ask for.

    A signer may wait for a person to type a passphrase, so all signing has one thread of its
    own: meanwhile other signatures wait, and nothing else does.
    """

    def __init__(self, signer: Signer, blobs: BlobService, *, hash_name: str) -> None:
        """`hash_name` is the hash function of the ref the key goes by where nobody asks."""
        self._signer = signer
        self._blobs = blobs
        self._thread = ThreadPoolExecutor(1, "signer")
        self.ref = Ref.of(self.public.blob, hash_name=hash_name)

    @property
    def public(self) -> PublicKey:
        return self._signer.public

    def is_called(self, ref: Ref) -> bool:
        """Whether a ref is one of the key's, by whatever hash function."""
        return ref.is_known and ref.matches(self.public.blob)

    async def sign(self, text: bytes, *, time: int, needs_version: bool = True) -> bytes:
        """As the function `sign` of `schema/signing.py`."""
        call = partial(sign, text, self._signer, time=time, needs_version=needs_version)
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def sign_all(self, texts: Sequence[tuple[bytes, int]]) -> list[bytes]:
        """As `sign`, for many texts, each with its time; in their order."""
        signed: list[bytes] = []
        for start in range(0, len(texts), _TURN):
            call = partial(self._sign_some, texts[start : start + _TURN])
            signed += await asyncio.get_running_loop().run_in_executor(self._thread, call)
        return signed

    def _sign_some(self, texts: Sequence[tuple[bytes, int]]) -> list[bytes]:
        return [sign(text, self._signer, time=time) for text, time in texts]

    async def publish(self, ref: Ref) -> None:
        """Put the key's blob into the store under `ref`, one of its refs, if it is not there."""
        await self._blobs.write(self._publish, ref)

    def _publish(self, ref: Ref) -> None:
        if not has(self._blobs.hub.storage, ref):
            self._blobs.hub.receive_one(ref, self.public.blob)
