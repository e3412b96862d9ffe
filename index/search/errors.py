"""What can keep a question from being answered."""

from __future__ import annotations

from ...blobstore.errors import Blame, HoldfastError


class TooMuchToRead(HoldfastError):
    """A question that would have read more of the index than one question may."""

    blame = Blame.CALLER

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"this search would read more than {most} rows of the index; narrow it, for example"
            " with a tag, a date or another sort"
        )


class IndexBehind(HoldfastError):
    """The index does not know yet what the store has, so an answer might lack something."""

    def __init__(self) -> None:
        super().__init__("the index is catching up with the store; try again")
