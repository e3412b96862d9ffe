"""How to put: the choices that are the same for a whole run."""

from __future__ import annotations

from dataclasses import dataclass

from ...blobstore.ref import DEFAULT_HASH


@dataclass(frozen=True, kw_only=True, slots=True)
class PutOptions:
    """Choices of a put. Those that change refs are part of the stat cache's key."""

    hash_name: str = DEFAULT_HASH
    follow: bool = False
    """Put what symbolic links lead to in their place."""
    one_file_system: bool = False
    """Do not go into folders on other file systems; they are put empty."""
    ignored: tuple[str, ...] = ()
    """Perkeep's kind of patterns, from the settings."""
    exclude: tuple[str, ...] = ()
    """Patterns in the manner of `.gitignore`, relative to what is put."""
    ignore_files: bool = True
    """Heed `.holdfastignore` files."""
    filenodes: bool = False
    """Make the planned permanode of each file's contents, with the file as its content."""
    filenode_tags: tuple[str, ...] = ()
    """What these permanodes are tagged with."""

    @property
    def key(self) -> str:
        """What must be equal for a remembered ref to be good: names are compared anyway."""
        return f"{self.hash_name} follow={self.follow}"
