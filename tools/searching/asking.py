"""Asking: who answers at a store, once all that was put there can be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..client.errors import CannotSearch
from ..client.opening import open_store
from ..client.search import AnswersQuestions
from ..client.store import CanBeAsked, Store
from ..config import Config

PATIENCE = 2.0
"""Seconds after which a person is told what is being waited for."""


@contextmanager
def open_questions(
    config: Config, *, server: str | None, note: Callable[[str], None]
) -> Iterator[tuple[AnswersQuestions, Store]]:
    """Who answers, and the store that is asked about, as long as this lasts.

    Raises `CannotSearch`, and what `open_store` raises.
    """
    with open_store(config, server=server) as store:
        yield questions_at(store, note=note), store


def questions_at(store: Store, *, note: Callable[[str], None]) -> AnswersQuestions:
    """Who answers at a store that is open. Raises `CannotSearch`."""
    if not isinstance(store, CanBeAsked):
        raise CannotSearch(store.name)
    if not store.settle(PATIENCE):
        note(
            f"holdfast: reading what was put into {store.name} since the last search; when this is"
            " interrupted, the next one goes on where it was"
        )
        while not store.settle(60):
            pass
    return store.questions()
