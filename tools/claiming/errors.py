"""What cannot be claimed, or told of claims, and what to do about it."""

from __future__ import annotations

from typing import ClassVar

from ...blobstore.errors import Blame, HoldfastError


class NotStored(HoldfastError):
    """Something to be spoken of that is not in the store, and whether one may insist."""

    blame: ClassVar[Blame] = Blame.ABSENCE

    def __init__(self, ref: str, store: str, *, may_insist: bool) -> None:
        self.ref, self.store = ref, store
        remedy = ", or add --force to speak of it all the same" if may_insist else ""
        super().__init__(f"{ref} is not in {store}; put it there first{remedy}")


class NotPermanode(HoldfastError):
    """Something else where a permanode is needed; `kind` is what it is."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, ref: str, kind: str) -> None:
        self.ref, self.kind = ref, kind
        remedy = (
            "`holdfast claims` tells what it speaks of"
            if kind == "claim"
            else f"make a permanode of it with `holdfast permanode --content {ref}`"
        )
        super().__init__(f"{ref} is a {kind}, not a permanode; {remedy}")


class NotDeletable(HoldfastError):
    """Something that no claim can delete; `kind` is what it is."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, ref: str, kind: str) -> None:
        self.ref, self.kind = ref, kind
        super().__init__(
            f"{ref} is a {kind}; only permanodes and claims can be deleted, or spoken of in claims:"
            " name the permanode it is the content of"
        )


class NotShare(HoldfastError):
    """Something else where a share is needed; `kind` is what it is."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, ref: str, kind: str) -> None:
        self.ref, self.kind = ref, kind
        super().__init__(f"{ref} is a {kind}, not a share; `holdfast share list` shows all shares")


class BadMoment(HoldfastError):
    """Text that is no time."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, text: str, forms: str) -> None:
        self.text = text
        super().__init__(f"not a time: {text[:60]!r}; write it as {forms}")


class NotText(HoldfastError):
    """Bytes that are no UTF-8 where text is needed."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"{what} is not UTF-8, and claims can hold nothing else;"
            " give it in UTF-8, or put it as a file and give the file's ref"
        )


class ValueTooLong(HoldfastError):
    """A value no claim has room for. None is ever cut."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, what: str, limit: int) -> None:
        self.what, self.limit = what, limit
        super().__init__(
            f"{what} has more than the {limit} bytes a claim may have;"
            " put it as a file and give the file's ref"
        )


class BadUsage(HoldfastError):
    """Options that do not go together, or one that is lacking."""

    blame: ClassVar[Blame] = Blame.CALLER
