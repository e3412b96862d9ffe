"""The one way in: verify, store, then tell the hooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from .errors import BlobTooLarge, DigestMismatch, HoldfastError, UnknownHash
from .ref import MAX_BLOB_SIZE, Blob, Ref, SizedRef
from .storage import DefersSync, Storage, capability

if TYPE_CHECKING:
    from collections.abc import Iterator

Hook = Callable[[Sequence[Blob]], None]
"""Is told of blobs that were stored, or stored again, in the order of arrival within a call."""

RemoveHook = Callable[[Sequence[Ref]], AbstractContextManager[None]]
"""Is entered before blobs are removed, and left when they are, or when that has failed."""


class Receipt(NamedTuple):
    """What became of one offered blob: stored (new or not), or refused and why."""

    ref: Ref
    size: int
    is_new: bool
    error: HoldfastError | None = None


class Hub:
    """The gate of one storage: nothing is written to it by any other way.

    Hooks run in the order they were added, in the thread that received, after the storage has
    the blobs and before the sender is answered; what a hook raises reaches the sender, who
    sends again, so a hook must take the same blob any number of times. Watchers are told last,
    must return at once and must not raise.

    A removal has the gate to itself, from before its first hook until after its last: blobs that
    come meanwhile wait.
    """

    def __init__(self, storage: Storage, *, hooks: Sequence[Hook] = ()) -> None:
        self.storage = storage
        self._hooks = list(hooks)
        self._remove_hooks: list[RemoveHook] = []
        self._calls: set[object] = set()
        self._is_taken = False
        self._calls_changed = threading.Condition()
        self._receiving_now = 0
        self._last_blobs = time.monotonic()
        self.failures = 0
        """How many calls have failed: the storage may have blobs of these that no hook knows of."""
        self._watchers: dict[object, Callable[[Sequence[SizedRef]], None]] = {}
        self._watchers_lock = threading.Lock()
        self._deferring = capability(storage, DefersSync)

    def add_hook(self, hook: Hook) -> None:
        """Tell `hook` of every blob from now on."""
        self._hooks.append(hook)

    def add_remove_hook(self, hook: RemoveHook) -> None:
        """Tell `hook` of every blob that is removed from now on."""
        self._remove_hooks.append(hook)

    def drain(self) -> None:
        """Return when the hooks know of all that the storage has got so far by calls that succeed.

        Of others it may have blobs too, see `failures`.
        """
        with self._calls_changed:
            calls = set(self._calls)
            self._calls_changed.wait_for(lambda: self._calls.isdisjoint(calls))

    def is_quiet(self, seconds: float) -> bool:
        """Whether no blobs are coming in, and none came for so long."""
        with self._calls_changed:
            return not self._receiving_now and time.monotonic() - self._last_blobs >= seconds

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Let nothing be removed while this lasts. Inside it, no call of the gate may be made."""
        call = object()
        with self._calls_changed:
            self._calls_changed.wait_for(lambda: not self._is_taken)
            self._calls.add(call)
        try:
            yield
        finally:
            with self._calls_changed:
                self._calls.remove(call)
                self._calls_changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nothing come in or be removed while this lasts: calls wait. Make none inside it."""
        with self._calls_changed:
            self._calls_changed.wait_for(lambda: not self._is_taken)
            self._is_taken = True
        try:
            with self._calls_changed:
                self._calls_changed.wait_for(lambda: not self._calls)
            yield
        finally:
            with self._calls_changed:
                self._is_taken = False
                self._calls_changed.notify_all()

    @contextmanager
    def watching(self, watcher: Callable[[Sequence[SizedRef]], None]) -> Iterator[None]:
        """Tell `watcher`, from any thread, what arrives while this lasts."""
        key = object()
        with self._watchers_lock:
            self._watchers[key] = watcher
        try:
            yield
        finally:
            with self._watchers_lock:
                del self._watchers[key]

    def receive(self, blobs: Sequence[Blob], *, durable: bool = True) -> list[Receipt]:
        """Take in blobs; one receipt each, in order. A refused one does not stop the others.

        With `durable=False` the storage may put off making them durable until `sync`.
        Raises what the storage or a hook raises, for instance `StoreFailed`.
        """
        errors = [_fault(blob) for blob in blobs]
        good = [blob for blob, error in zip(blobs, errors, strict=True) if error is None]
        with self._receiving():
            if not durable and self._deferring is not None:
                fresh = iter(self._deferring.receive_deferred(good))
            else:
                fresh = iter(self.storage.receive(good))
            if good:
                self._tell(good)
        return [
            Receipt(ref, len(data), error is None and next(fresh), error)
            for (ref, data), error in zip(blobs, errors, strict=True)
        ]

    def receive_one(self, ref: Ref, data: bytes) -> Receipt:
        """Take in one blob. Raises why it was refused."""
        (receipt,) = self.receive((Blob(ref, data),))
        if receipt.error is not None:
            raise receipt.error
        return receipt

    def remove(self, refs: Sequence[Ref]) -> None:
        """Forget blobs, durably; missing ones are no error. Raises what the storage raises."""
        with self.alone(), ExitStack() as hooks:
            for hook in self._remove_hooks:
                hooks.enter_context(hook(refs))
            self.storage.remove(refs)

    def sync(self) -> None:
        """Make durable whatever was taken in with `durable=False`."""
        if self._deferring is not None:
            self._deferring.sync()

    @contextmanager
    def _receiving(self) -> Iterator[None]:
        with self.keeping():
            with self._calls_changed:
                self._receiving_now += 1
            try:
                yield
            except BaseException:
                with self._calls_changed:
                    self.failures += 1
                raise
            finally:
                with self._calls_changed:
                    self._receiving_now -= 1
                    self._last_blobs = time.monotonic()

    def _tell(self, blobs: Sequence[Blob]) -> None:
        for hook in self._hooks:
            hook(blobs)
        if self._watchers:
            news = [SizedRef(ref, len(data)) for ref, data in blobs]
            with self._watchers_lock:
                watchers = list(self._watchers.values())
            for watcher in watchers:
                watcher(news)


def _fault(blob: Blob) -> HoldfastError | None:
    """Why a blob may not come in, or None."""
    ref, data = blob
    if len(data) > MAX_BLOB_SIZE:
        return BlobTooLarge(ref, MAX_BLOB_SIZE)
    try:
        return None if ref.matches(data) else DigestMismatch(ref)
    except UnknownHash as error:
        return error
