"""What can go wrong with blobs that mean something, and what to do about it."""

from __future__ import annotations

from ..blobstore.errors import Blame, HoldfastError


class NotSchema(HoldfastError):
    """A blob that was asked for as a schema blob and is none."""

    blame = Blame.CALLER

    def __init__(self, ref: str, why: str) -> None:
        self.ref, self.why = ref, why
        super().__init__(f"blob {ref} is not a schema blob: {why}")


class WrongKind(HoldfastError):
    """A schema blob of another kind than the one asked for."""

    blame = Blame.CALLER

    def __init__(self, ref: str, kind: str, *, wanted: str) -> None:
        self.ref, self.kind, self.wanted = ref, kind, wanted
        super().__init__(f"blob {ref} is a {kind[:40]!r}, not a {wanted}")


class BadTree(HoldfastError):
    """A file or directory whose blobs are all there and contradict themselves."""

    def __init__(self, ref: str, why: str) -> None:
        self.ref, self.why = ref, why
        super().__init__(f"{ref} cannot be read: {why}")


class ChunkUnreadable(HoldfastError):
    """A blob some file needs that is missing or damaged; `__cause__` is what the store said."""

    def __init__(self, chunk: str, *, file: str, offset: int, why: str) -> None:
        self.chunk, self.file, self.offset, self.why = chunk, file, offset, why
        super().__init__(
            f"file {file} cannot be read at byte {offset}: chunk {chunk}: {why};"
            " put the same content again to heal it"
        )


class BadTimestamp(HoldfastError):
    """Text that is no RFC 3339 time."""

    blame = Blame.CALLER

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"not an RFC 3339 time: {text[:100]!r}")


class SchemaTooLarge(HoldfastError):
    """More fields than a schema blob may hold, for instance a name of a million bytes."""

    blame = Blame.CALLER

    def __init__(self, kind: str, size: int, limit: int) -> None:
        self.kind, self.size, self.limit = kind, size, limit
        super().__init__(f"a {kind} blob of {size} bytes; schema blobs have at most {limit}")
