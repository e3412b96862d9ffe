"""What is kept for a state of the index, and many texts in little room."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.index.kv.memory import MemoryTable
from holdfast.index.search.keeping import Latest
from holdfast.index.search.reader import IndexReader
from holdfast.index.search.texts import Texts


def reader(check: Callable[[], None] | None = None) -> IndexReader:
    return IndexReader(MemoryTable(), trusted=frozenset(), check=check)


def test_a_value_is_made_once_for_each_state() -> None:
    latest = Latest[int]()
    made: list[str] = []

    def ask(stamp: str) -> int:
        def make() -> int:
            made.append(stamp)
            return len(made)

        return latest.of(stamp, reader(), make)

    assert [ask(stamp) for stamp in ("a", "a", "b", "b", "a")] == [1, 1, 2, 2, 3]


def test_of_those_who_ask_at_one_time_one_makes_it() -> None:
    latest = Latest[int]()
    asked, may_end = threading.Barrier(4), threading.Event()
    made: list[int] = []

    def make() -> int:
        assert may_end.wait(20)
        made.append(1)
        return len(made)

    def ask(_number: int) -> int:
        asked.wait(20)
        return latest.of("a", reader(), make)

    with ThreadPoolExecutor(3) as threads:
        answers = [threads.submit(ask, number) for number in range(3)]
        asked.wait(20)
        may_end.set()
        assert [answer.result(20) for answer in answers] == [1, 1, 1]


def test_who_waits_for_another_can_be_let_go() -> None:
    latest = Latest[int]()
    begun, may_end = threading.Event(), threading.Event()

    class Ended(Exception):
        pass

    def make() -> int:
        begun.set()
        assert may_end.wait(20)
        return 1

    def end() -> None:
        raise Ended

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(latest.of, "a", reader(), make)
        assert begun.wait(20)
        with pytest.raises(Ended):
            latest.of("a", reader(end), lambda: 2)
        may_end.set()
        assert first.result(20) == 1


def test_what_could_not_be_made_is_tried_again() -> None:
    latest = Latest[int]()

    def fail() -> int:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  # any of them
        latest.of("a", reader(), fail)
    assert latest.of("a", reader(), lambda: 5) == 5


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_texts_are_those_that_were_added(added: list[bytes]) -> None:
    texts = Texts()
    for text in added:
        texts.append(text)
    assert list(texts) == added
    assert len(texts) == len(added)
    assert texts[1:3] == added[1:3]
    if added:
        assert (texts[0], texts[-1]) == (added[0], added[-1])
    with pytest.raises(IndexError):
        texts[len(added)]
