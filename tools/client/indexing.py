"""A server told to make its index again, or to check it, and asked how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from ...index.checking import Findings
from ...index.work import Progress
from .address import Address
from .answers import read_answer
from .errors import BadAnswer, CannotReindex, ServerGaveUp
from .transport import Transport

_POLL_SECONDS = 0.5

State = TypeVar("State", Progress, Findings)


def reindex(
    transport: Transport, root: Address | None, name: str, *, anew: bool
) -> Iterator[Progress]:
    """As `TendsIndex.reindex`, of the server whose calls about its index are at `root`."""
    begin = "rebuild?anew=1" if anew else "rebuild"
    for progress in _followed(transport, _path(transport, root, name), begin, name, Progress.of):
        yield progress
    _demand_end(progress, name)


def check_index(
    transport: Transport, root: Address | None, name: str, *, limit: int
) -> Iterator[Findings]:
    """As `TendsIndex.check_index`."""
    path, begin = _path(transport, root, name), f"check?limit={limit}"
    for findings in _followed(transport, path, begin, name, Findings.of):
        yield findings
    _demand_end(findings.progress, name)


def _path(transport: Transport, root: Address | None, name: str) -> str:
    if root is None or root.origin != transport.address.origin:
        raise CannotReindex(name)
    return root.path


def _followed(
    transport: Transport,
    path: str,
    begin: str,
    name: str,
    read: Callable[[Mapping[str, object]], State],
) -> Iterator[State]:
    """The states of some work, from its beginning to its end."""
    call, _, _ = begin.partition("?")
    said = transport.post(f"{path}/{begin}", b"", "text/plain")
    while True:
        try:
            state = read(read_answer(said, server=name))
        except ValueError as error:
            raise BadAnswer(name, str(error)) from None
        yield state
        if (state if isinstance(state, Progress) else state.progress).is_over:
            return
        time.sleep(_POLL_SECONDS)
        said = transport.get(f"{path}/{call}")


def _demand_end(progress: Progress, name: str) -> None:
    """Raise why it has ended before it was done, if it has."""
    if progress.state != "done":
        raise ServerGaveUp(name, progress.error or "it was stopped")
