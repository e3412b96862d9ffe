"""Refs: the name of a blob, made from its bytes; and the two values said with one."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from .errors import BadRef, UnknownHash

MAX_BLOB_SIZE = 16 * 1024 * 1024
"""The largest blob there is, in bytes, inclusive."""

DEFAULT_HASH = "sha224"
"""What names new blobs unless a store chooses otherwise: every Perkeep release knows it."""

DIGEST_SIZES = {"sha1": 20, "sha224": 28, "sha256": 32}
"""Hash functions blobs can be verified with, and their digest sizes in bytes."""

_MAKERS = {"sha1": hashlib.sha1, "sha224": hashlib.sha224, "sha256": hashlib.sha256}

# Known names demand their exact length; unknown ones are legal to ask for, never to store.
_REF = re.compile(
    r"sha224-[0-9a-f]{56}|sha256-[0-9a-f]{64}|sha1-[0-9a-f]{40}"
    r"|(?!(?:sha1|sha224|sha256)-)[a-z0-9]+-[0-9a-f]{1,256}"
)


class Ref(str):
    """`NAME-HEX`: the hash function's name and the lower-case hex digest of a blob's bytes.

    A `Ref` is its text, checked once by `Ref.parse`, so it hashes and compares at the speed of
    `str`. Text order is the order of refs everywhere: by name, then by digest.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The ref `text` spells, of a known hash or not. Raises `BadRef`."""
        if _REF.fullmatch(text) is None:
            raise BadRef(text)
        return cls(text)

    @classmethod
    def of(cls, data: bytes | memoryview, *, hash_name: str = DEFAULT_HASH) -> Ref:
        """The ref of a blob's bytes. Raises `UnknownHash`."""
        try:
            make = _MAKERS[hash_name]
        except KeyError:
            raise UnknownHash(hash_name) from None
        return cls(f"{hash_name}-{make(data).hexdigest()}")

    @property
    def hash_name(self) -> str:
        return self.partition("-")[0]

    @property
    def hex(self) -> str:
        return self.partition("-")[2]

    @property
    def is_known(self) -> bool:
        """Whether blobs of this ref can be verified, and so stored."""
        return self.hash_name in DIGEST_SIZES

    def matches(self, data: bytes | memoryview) -> bool:
        """Whether `data` are the bytes this ref names. Raises `UnknownHash`."""
        return Ref.of(data, hash_name=self.hash_name) == self


class SizedRef(NamedTuple):
    """A ref and how many bytes its blob has."""

    ref: Ref
    size: int


class Blob(NamedTuple):
    """A ref and the bytes that came, or are to go, under it."""

    ref: Ref
    data: bytes
