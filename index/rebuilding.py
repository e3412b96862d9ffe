"""An index made anew beside the one that is used, whose place it takes when it is whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from ..blobstore.errors import BadToken
from .errors import IndexBusy, IndexUnusable, MakingFailed
from .folders import Folders, discard_old, refuse_newer, take_place
from .making import Making, Means
from .work import Work

Install: TypeAlias = Callable[[Making], None]
"""Finishes what was made, and puts it into its place. Raises `IndexBusy` if that cannot be now."""

_RETRY_SECONDS = 1.0


class Rebuilding(Work):
    """Makes an index anew, going on where the last one was cut off, and installs it."""

    name = "rebuilding"

    def __init__(self, means: Means, folder: Path, install: Install, *, anew: bool = False) -> None:
        """With `anew` nothing of an unfinished one is used."""
        super().__init__()
        self._means = means
        self._folder = folder
        self._install = install
        self._is_anew = anew

    def work(self) -> None:
        making = Making(self._means, self._folder, report=self.report, check=self.check)
        try:
            if self._is_anew:
                making.discard()
            making.build()
            making.catch_up()
            while not self._has_installed(making):
                self.stopping.wait(_RETRY_SECONDS)
                self.check()
                making.reopen()
                making.catch_up()
            making.discard()
        except BadToken as error:
            making.discard()
            raise MakingFailed(str(error)) from error
        finally:
            making.close()

    def _has_installed(self, making: Making) -> bool:
        try:
            self._install(making)
        except IndexBusy:
            return False
        return True


def rebuild_unopened(folder: Path, means: Means, *, anew: bool = False) -> Rebuilding:
    """Begin to make an index anew that is not open, for whoever has its store alone.

    What is there may be of an older version, or damaged. Raises `IndexOutdated` if it is of a newer
    one, `IndexUnusable` and `StoreFailed`.
    """
    folders = Folders.of(folder)
    check_place(folders)
    take_place(folders, means.discard_table)
    discard_old(folders, means.discard_table)
    refuse_newer(folders.place, means.open_table)

    def install(making: Making) -> None:
        with means.hub.alone():
            making.finish(vouched=True)
            making.hand_over(folders.ready)
            take_place(folders, means.discard_table)
        discard_old(folders, means.discard_table)

    rebuilding = Rebuilding(means, folders.new, install, anew=anew)
    rebuilding.start()
    return rebuilding


def check_place(folders: Folders) -> None:
    """Raise `IndexUnusable` where folders cannot change places."""
    if folders.place.is_mount():
        raise IndexUnusable(
            str(folders.place), "it is a file system of its own; keep the index in a folder on that"
        )
