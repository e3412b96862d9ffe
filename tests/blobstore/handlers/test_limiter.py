"""How long guessers wait."""

from __future__ import annotations

from holdfast.blobstore.handlers.limiter import FailureLimiter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_forgiven_and_then_one_at_a_time() -> None:
    clock = Clock()
    limiter = FailureLimiter(burst=3, seconds=10, clock=clock)
    for _ in range(3):
        assert limiter.wait("a") == 0
        limiter.failed("a")
    assert limiter.wait("a") == 10
    assert limiter.wait("b") == 0
    clock.now = 9.5
    assert limiter.wait("a") == 1
    clock.now = 10
    assert limiter.wait("a") == 0
    limiter.failed("a")
    assert limiter.wait("a") == 10


def test_all_is_forgiven_in_time() -> None:
    clock = Clock()
    limiter = FailureLimiter(burst=3, seconds=10, clock=clock)
    for _ in range(3):
        limiter.failed("a")
    clock.now = 1000
    for _ in range(3):
        assert limiter.wait("a") == 0
        limiter.failed("a")
    assert limiter.wait("a") == 10


def test_a_network_of_ipv6_counts_as_one_address() -> None:
    limiter = FailureLimiter(burst=1, clock=Clock())
    limiter.failed("2001:db8::1")
    assert limiter.wait("2001:db8::ffff:1") > 0
    assert limiter.wait("2001:db8:0:1::1") == 0


def test_the_table_stays_small() -> None:
    limiter = FailureLimiter(burst=1, size=100, clock=Clock())
    for n in range(10_000):
        limiter.failed(f"10.0.{n // 250}.{n % 250}")
    assert len(limiter._until) == 100
