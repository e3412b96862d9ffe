"""What cannot be restored or listed, and what to do about it."""

from __future__ import annotations

from ...blobstore.errors import Blame, HoldfastError


class NotRestorable(HoldfastError):
    """A schema blob asked for as a file or folder; `kind` is what it is instead."""

    blame = Blame.CALLER

    def __init__(self, ref: str, kind: str) -> None:
        self.ref, self.kind = ref, kind
        remedy = (
            f"`holdfast attr show {ref} camliContent` prints the ref of its content"
            if kind == "permanode"
            else f"`holdfast cat {ref}` shows it"
        )
        super().__init__(f"{ref} is a {kind[:40]!r}, not a file or folder; {remedy}")
