"""Tests of refs, whatever they are refs of."""

from __future__ import annotations

from typing import TypeAlias

from ...blobstore.ref import Ref
from .scalars import Test

RefTest: TypeAlias = Test[Ref]

MOST_KEPT = 4096
"""Answers that are remembered while one query runs."""


def prefix_test(prefix: str) -> RefTest:
    """What tells whether a ref begins so; none does without a digit."""
    _, _, digits = prefix.partition("-")
    return (lambda ref: ref.startswith(prefix)) if digits else (lambda _: False)


def remembered(test: RefTest) -> RefTest:
    """The same test, whose latest answers are kept."""
    known: dict[Ref, bool] = {}

    def fits(ref: Ref) -> bool:
        if ref not in known:
            if len(known) >= MOST_KEPT:
                known.clear()
            known[ref] = test(ref)
        return known[ref]

    return fits
