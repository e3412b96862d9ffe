"""Who gets memory, who waits, and who is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from holdfast.blobstore.handlers.budget import FREE, Budget, Lease

MIB = 1024 * 1024


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(test(), 20)

    asyncio.run(limited())


async def never_ready(task: asyncio.Task[None]) -> bool:
    await asyncio.sleep(0.05)
    return not task.done()


def test_small_requests_never_wait() -> None:
    async def check() -> None:
        budget = Budget(MIB)
        with budget.lease(pytest.fail) as large, budget.lease(pytest.fail) as small:
            await large.grow(10 * MIB)
            await small.grow(FREE)
            assert budget.used == 10 * MIB - FREE
        assert budget.used == 0

    run(check)


def test_who_wants_more_waits_until_there_is_room_in_the_order_they_came() -> None:
    async def check() -> None:
        budget = Budget(2 * MIB)
        served: list[str] = []

        async def want(lease: Lease, name: str) -> None:
            await lease.grow(MIB)
            served.append(name)

        leases = [budget.lease(lambda: None) for _ in range(4)]
        await leases[0].grow(2 * MIB)
        tasks = [asyncio.create_task(want(leases[n], str(n))) for n in (1, 2, 3)]
        assert await never_ready(tasks[0])
        leases[0].shrink(2 * MIB)
        await asyncio.sleep(0.05)
        assert served == ["1", "2"]
        leases[1].shrink(MIB)
        await tasks[2]
        assert served == ["1", "2", "3"]

    run(check)


def test_the_oldest_may_always_go_on_so_nobody_is_stuck() -> None:
    async def check() -> None:
        budget = Budget(2 * MIB)
        first, second = budget.lease(lambda: None), budget.lease(lambda: None)
        await first.grow(MIB)
        await second.grow(MIB)
        stuck = asyncio.create_task(second.grow(MIB))
        assert await never_ready(stuck)
        await first.grow(3 * MIB)
        first.shrink(4 * MIB)
        await stuck
        assert budget.used == 2 * MIB - FREE

    run(check)


def test_a_lease_that_becomes_the_oldest_while_it_waits_goes_on() -> None:
    async def check() -> None:
        budget = Budget(2 * MIB)
        a, b, c = (budget.lease(lambda: None) for _ in range(3))
        for lease in (a, b, c):
            await lease.grow(700 * 1024)
        tasks = [asyncio.create_task(lease.grow(4 * MIB)) for lease in (c, b)]
        assert await never_ready(tasks[0])
        a.shrink(700 * 1024)
        await tasks[1]
        assert not tasks[0].done()
        b.shrink(5 * MIB)
        await tasks[0]

    run(check)


def test_the_slowest_is_cut_off_while_others_wait_and_only_then() -> None:
    async def check() -> None:
        cut: list[str] = []
        budget = Budget(2 * MIB)
        slow = budget.lease(lambda: (cut.append("slow"), slow.shrink(slow.held))[0])
        quick = budget.lease(lambda: cut.append("quick"))
        await slow.grow(MIB, came=False)
        await quick.grow(MIB)
        await asyncio.sleep(0.8)
        assert cut == [], "nobody waits"
        quick.sent(0)
        await quick.grow(1)
        other = budget.lease(lambda: cut.append("other"))
        await other.grow(MIB)
        assert cut == ["slow"]

    run(check)


def test_who_waits_for_us_is_not_slow() -> None:
    async def check() -> None:
        budget = Budget(MIB)
        held = budget.lease(lambda: pytest.fail("cut off while the disk was slow"))
        await held.grow(MIB, came=False)
        other = asyncio.create_task(budget.lease(lambda: None).grow(MIB))
        with held.ours():
            await asyncio.sleep(1)
        assert not other.done()
        held.shrink(MIB)
        await other

    run(check)


def test_giving_up_while_waiting_gives_nothing_back_twice() -> None:
    async def check() -> None:
        budget = Budget(MIB)
        holder, waiter = budget.lease(lambda: None), budget.lease(lambda: None)
        await holder.grow(MIB)
        task = asyncio.create_task(waiter.grow(MIB))
        assert await never_ready(task)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        holder.shrink(MIB)
        assert budget.used == 0
        await waiter.grow(MIB)

    run(check)
