"""What can go wrong with blobs, who is to blame, and what to do about it."""

from __future__ import annotations

import errno
from enum import Enum
from typing import ClassVar


class Blame(Enum):
    """Whose doing an error is: what a caller may change, and what an operator must look at."""

    CALLER = "caller"
    ABSENCE = "absence"
    STORE = "store"


class HoldfastError(Exception):
    """The root of every error Holdfast raises on purpose; its text is fit for a person."""

    blame: ClassVar[Blame] = Blame.STORE


class BadRef(HoldfastError):
    """Text that is no blobref."""

    blame = Blame.CALLER

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"not a blobref: {text[:100]!r}")


class UnknownHash(HoldfastError):
    """A ref whose hash function nobody here can compute, so its blob cannot be verified."""

    blame = Blame.CALLER

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"unknown hash {name[:40]!r}; use sha224, sha256 or sha1")


class DigestMismatch(HoldfastError):
    """Bytes that came under a ref they do not hash to."""

    blame = Blame.CALLER

    def __init__(self, ref: str) -> None:
        self.ref = ref
        super().__init__(f"corrupt blob; digest doesn't match {ref}")


class BlobTooLarge(HoldfastError):
    """More bytes than a blob may have."""

    blame = Blame.CALLER

    def __init__(self, ref: str, limit: int) -> None:
        self.ref = ref
        self.limit = limit
        super().__init__(f"blob {ref} is larger than {limit} bytes; split it into chunks")


class BadRange(HoldfastError):
    """A byte range that no blob of this size has."""

    blame = Blame.CALLER

    def __init__(self, ref: str, offset: int, length: int) -> None:
        self.ref, self.offset, self.length = ref, offset, length
        super().__init__(f"no bytes {offset}+{length} in blob {ref}")


class BadRecord(HoldfastError):
    """A pack-record stream that cannot be read on from here."""

    blame = Blame.CALLER

    def __init__(self, offset: int, why: str) -> None:
        self.offset, self.why = offset, why
        super().__init__(f"bad record at byte {offset}: {why}")


class BadToken(HoldfastError):
    """A continuation token this storage never gave out."""

    blame = Blame.CALLER

    def __init__(self, token: str) -> None:
        self.token = token
        super().__init__(f"unknown continuation token {token[:100]!r}; start again without one")


class BlobNotFound(HoldfastError):
    """No blob of that name is here."""

    blame = Blame.ABSENCE

    def __init__(self, ref: str) -> None:
        self.ref = ref
        super().__init__(f"blob {ref} not found")


class CorruptBlob(HoldfastError):
    """A stored blob whose bytes no longer hash to its name: the disk, or someone, changed them."""

    def __init__(self, ref: str, where: str) -> None:
        self.ref, self.where = ref, where
        super().__init__(f"blob {ref} is damaged in {where}; put the same content again to heal it")


class ReadOnly(HoldfastError):
    """A write to something opened, or made, for reading only."""

    blame = Blame.CALLER

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} is read-only")


class StoreBusy(HoldfastError):
    """Another process owns this store."""

    def __init__(self, path: str, owner: str) -> None:
        self.path, self.owner = path, owner
        super().__init__(f"{path} is in use by {owner}; stop it, or talk to its server instead")


class StoreDamaged(HoldfastError):
    """Files of a store that make no sense; nothing was changed."""

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


class StoreFailed(HoldfastError):
    """The machine refused: disk full, I/O error. What was acknowledged before is safe."""

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"cannot write to {path}: {why}")

    @classmethod
    def by(cls, path: str, error: OSError) -> StoreFailed:
        """What the system said, and what to do about it."""
        why = error.strerror or str(error)
        remedy = _REMEDIES.get(error.errno or 0)
        kind = StoreFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StoreFailed
        return kind(path, f"{why}; {remedy}" if remedy else why)


class StoreFull(StoreFailed):
    """There is no room for more. What is stored can be read, and removed."""


_REMEDIES = {
    errno.ENOSPC: "free some space and try again",
    errno.EDQUOT: "free some space, or get a larger quota, and try again",
    errno.EIO: "see to the disk; the system's log says more",
    errno.EROFS: "mount it for writing; the system's log says why it is not",
    errno.EACCES: "run as the owner of the store, or change its permissions",
    errno.EPERM: "run as the owner of the store, or change its permissions",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


class TableDamaged(HoldfastError):
    """A sorted table that cannot be opened; its owner rebuilds it from blobs."""

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


class RowTooLarge(HoldfastError):
    """A row with more bytes than a sorted table takes; nothing of its write was done."""

    blame = Blame.CALLER

    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(f"a row of {size} bytes; {limit} are the most, split it")
