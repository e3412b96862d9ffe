"""What can go wrong with an index, which is never more than the time to make it again."""

from __future__ import annotations

from ..blobstore.errors import HoldfastError


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
        super().__init__(
            f"the index in {path} has rows of version {str(found)[:20]}, and this program reads"
            f" {wanted}; remove that folder to have it made again from the blobs"
        )


class ReadingStopped(HoldfastError):
    """Reading that was ended, since nobody wants it any longer."""

    def __init__(self) -> None:
        super().__init__("the reading of blobs was ended")
