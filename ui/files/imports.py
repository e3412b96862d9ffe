"""The imports of one server: one at a time, in a thread of its own."""

from __future__ import annotations

import threading

from ...blobstore.errors import Blame, HoldfastError
from ...blobstore.handlers.problems import report
from ...blobstore.hub import Hub
from ..contents import why_unreadable
from .importing import Import, Progress, Source


class ImportRunning(HoldfastError):
    """An import while another one is under way."""

    blame = Blame.CALLER

    def __init__(self) -> None:
        super().__init__("an import is already in progress")


class Imports:
    """The imports of one server. For many threads."""

    def __init__(self, hub: Hub, *, hash_name: str) -> None:
        self._hub = hub
        self._hash_name = hash_name
        self._lock = threading.Lock()
        self._latest: Import | None = None
        self._thread: threading.Thread | None = None
        self._error = ""

    def begin(self, source: Source) -> None:
        """Begin to import a share. Raises `ImportRunning`."""
        with self._lock:
            if self.is_running:
                raise ImportRunning
            self._latest = Import(source, self._hub, hash_name=self._hash_name)
            self._error = ""
            self._thread = threading.Thread(target=self._run, args=[self._latest], name="import")
            self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def document(self) -> dict[str, object]:
        """How far the latest import is: the reference's words, and `Error`."""
        is_running = self.is_running
        progress = Progress() if self._latest is None else self._latest.progress
        return {
            "Assembled": progress.is_assembled,
            "Running": is_running,
            "FilesSeen": progress.files_seen,
            "FilesCopied": progress.files_copied,
            "BlobRef": progress.ref,
            "Error": self._error,
        }

    def close(self) -> None:
        """End what is under way, and wait until it has ended."""
        with self._lock:
            if self._latest is not None:
                self._latest.stop()
        if self._thread is not None:
            self._thread.join()

    def _run(self, work: Import) -> None:
        try:
            work.run()
        except Exception as error:  # whatever it is, whoever asks must learn of it
            if not isinstance(error, HoldfastError) or error.blame is Blame.STORE:
                report(error)
            self._error = why_unreadable(error)
