"""Tests of enumeration: order, cursors, limits."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..ref import SizedRef
from ..storage import Storage
from .samples import blob, listed, refs, sized, texts
from .subject import Subject


def _behind(everything: list[SizedRef], after: str) -> list[SizedRef]:
    return [one for one in everything if one.ref > after]


class Listing(Subject):
    def test_an_empty_store_lists_nothing(self, storage: Storage) -> None:
        assert listed(storage) == []
        assert list(storage.enumerate("sha224-", 10)) == []

    def test_all_come_once_and_ascending(self, storage: Storage) -> None:
        blobs = [blob(f"{i}", hash_name=n) for i in range(700) for n in ("sha224", "sha1")]
        storage.receive(blobs)
        assert listed(storage) == sized(blobs)

    def test_a_limit_cuts(self, storage: Storage) -> None:
        everything = sized(texts())
        storage.receive(texts())
        for limit in (0, 1, 3, 99, 100, 101, 10_000):
            assert list(storage.enumerate(limit=limit)) == everything[:limit]
        assert list(storage.enumerate(everything[2].ref, 1)) == everything[3:4]
        assert list(storage.enumerate("a", 1)) == everything[:1]

    def test_going_on_behind_any_ref_gives_the_rest(self, storage: Storage) -> None:
        everything = sized(texts())
        storage.receive(texts())
        for index, one in enumerate(everything):
            assert list(storage.enumerate(one.ref)) == everything[index + 1 :]

    def test_pages_add_up(self, storage: Storage) -> None:
        blobs = [blob(f"page {number}") for number in range(500)]
        storage.receive(blobs)
        for size in (1, 7, 499, 500):
            found: list[SizedRef] = []
            while page := list(storage.enumerate(found[-1].ref if found else "", size)):
                found += page
            assert found == sized(blobs)

    def test_the_cursor_need_not_be_a_ref(self, storage: Storage) -> None:
        everything = sized([*texts(), *(blob(f"{i}", hash_name="sha256") for i in range(9))])
        storage.receive([*texts(), *(blob(f"{i}", hash_name="sha256") for i in range(9))])
        some = everything[50].ref
        cursors = [
            *("a", "s", "sha", "sha224", "sha224-", "sha224-0", "sha224-f", "sha225", "sha256-~"),
            *("SHA224-", "~", "zzz", "\0", "-", "/", " ", "é", "\U0010ffff", "\ud800"),
            *(some[:length] for length in range(7, len(some))),
            *(some[:length] + "g" for length in range(7, len(some))),
            *(some[:-1] + "/", some + "\0", some + "0", some.upper(), some + ".dat"),
        ]
        for after in cursors:
            assert list(storage.enumerate(after)) == _behind(everything, after)

    def test_any_text_is_a_cursor(self, reopen: Callable[[], Storage]) -> None:
        storage = reopen()
        everything = sized(texts())
        storage.receive(texts())
        near = st.sampled_from(everything).flatmap(
            lambda one: st.tuples(
                st.integers(0, len(one.ref)).map(lambda length: one.ref[:length]),
                st.text(max_size=3),
            ).map("".join)
        )

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(after=st.one_of(st.text(max_size=70), near), limit=st.integers(0, 101))
        def check(after: str, limit: int) -> None:
            assert list(storage.enumerate(after, limit)) == _behind(everything, after)[:limit]

        check()

    def test_a_listing_may_be_left_unfinished(self, storage: Storage) -> None:
        blobs = texts()
        storage.receive(blobs)
        coming = storage.enumerate()
        first = next(coming)
        storage.receive([blob("in between")])
        storage.remove([first.ref])
        del coming
        assert listed(storage) == sized(
            [*(b for b in blobs if b.ref != first.ref), blob("in between")]
        )

    def test_listings_do_not_disturb_each_other(self, storage: Storage) -> None:
        storage.receive(texts())
        one, other = storage.enumerate(), storage.enumerate()
        assert list(zip(one, other, strict=True)) == [(s, s) for s in sized(texts())]

    def test_what_stays_is_listed_once_while_others_come_and_go(self, storage: Storage) -> None:
        staying = [blob(f"stays {number}") for number in range(600)]
        going = [blob(f"goes {number}") for number in range(300)]
        coming = [blob(f"comes {number}") for number in range(300)]
        storage.receive(staying + going)
        found: list[SizedRef] = []
        for index, one in enumerate(storage.enumerate()):
            found.append(one)
            if index % 20 == 0 and going:
                storage.remove(refs(going[:15]))
                storage.receive(coming[:15])
                del going[:15], coming[:15]
        assert [one.ref for one in found] == sorted({one.ref for one in found})
        assert set(sized(staying)) <= set(found)
