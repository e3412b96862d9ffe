"""Signed blobs: the texts of permanodes and claims, signed with one key, named by one hash."""

from __future__ import annotations

from ...blobstore.ref import Blob, Ref
from ...schema.errors import SigningFailed
from ...schema.signing import Signer, sign, signing_second
from ...schema.timestamps import Timestamp


class BlobSigner:
    """Makes signed blobs of unsigned texts. Safe for many threads."""

    def __init__(self, signer: Signer, *, hash_name: str) -> None:
        self._signer = signer
        self._hash_name = hash_name
        self.fingerprint = signer.public.fingerprint
        data = signer.public.blob
        self.key = Blob(Ref.of(data, hash_name=hash_name), data)
        """The public key. It belongs in the store before anything that is signed."""

    def sign(self, text: bytes, date: Timestamp) -> Blob:
        """The blob of a text whose `camliSigner` is the key's ref; signed at the second of `date`.

        Raises `SigningFailed`, and what `schema.signing.sign` raises.
        """
        try:
            data = sign(text, self._signer, time=signing_second(date.ns))
        except OSError as error:  # a program that signs and cannot be run
            raise SigningFailed(self._signer.public.key_id, str(error)) from error
        return Blob(Ref.of(data, hash_name=self._hash_name), data)
