"""What can go wrong with an index, which is never more than the time to make it again."""

from __future__ import annotations

from typing import ClassVar

from ..blobstore.errors import Blame, HoldfastError


class IndexUnusable(HoldfastError):
    """Something that is no index, and stays in its way."""

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(
            f"no index can be kept in {path}: {why}; remove what is there, and it is made again"
            " from the blobs"
        )


class IndexOutdated(HoldfastError):
    """An index whose rows are of another set of kinds than this program's."""

    def __init__(self, path: str, found: object, wanted: int) -> None:
        self.path, self.found, self.wanted = path, found, wanted
        is_older = isinstance(found, int) and found < wanted
        remedy = "run `holdfast reindex`" if is_older else "remove that folder"
        super().__init__(
            f"the index in {path} has rows of version {str(found)[:20]}, and this program reads"
            f" {wanted}; {remedy} to have it made again from the blobs"
        )


class ReadingStopped(HoldfastError):
    """Reading that was ended, since nobody wants it any longer."""

    def __init__(self) -> None:
        super().__init__("the reading of blobs was ended")


class NoRoomBeside(HoldfastError):
    """An index without a folder of its own, beside which it could be made anew."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self) -> None:
        super().__init__("this index is in memory alone; it is made again when that is started")


class IndexBusy(HoldfastError):
    """An index that is read all the time, so that it cannot be exchanged just now."""

    def __init__(self) -> None:
        super().__init__("the index is in use; try again")


class MakingFailed(HoldfastError):
    """An index that could not be made anew, this time; the one that was there goes on."""

    def __init__(self, why: str, *, is_full: bool = False) -> None:
        self.why, self.is_full = why, is_full
        super().__init__(
            f"the index could not be made again: {why}; run `holdfast reindex` to go on with it"
        )
