"""Describe rules: which blobs are described because of others that are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from ...blobstore.ref import Ref
from ..attributes import Attributes, first, ref_in
from ..query.request import DescribeRule

MOST_STEPS = 500_000
"""How many times, for one answer, a rule is held against a blob or leads to one."""

Describe = Callable[[Ref], Attributes | None]
"""Describes a blob, unless it is already. Gives its attributes, none for what is no permanode, or
None if there is no room for it."""


class Followed:
    """What rules lead to, and that to more, until nothing new comes.

    Outer rules hold for all that is described, inner ones for what the rule around them leads to.
    None is held against a blob twice, so permanodes that lead to each other come to an end.
    """

    def __init__(
        self, rules: Iterable[DescribeRule], described: Iterable[Ref], *, roots: Iterable[Ref]
    ) -> None:
        """`roots` are the blobs that were asked for."""
        self._outer = _numbered(rules, count())
        self._described = set[Ref]()
        self._roots = frozenset(roots)
        self._met = set[tuple[int, Ref]]()
        self._waiting = deque[tuple[_Rule, Ref]]()
        self._steps = 0
        for ref in described:
            self._hold_all_against(ref)

    def all(self, describe: Describe) -> bool:
        """Describe all there is to describe; whether that came to its end."""
        while self._waiting:
            rule, ref = self._waiting.popleft()
            attributes = describe(ref)
            if attributes is None:
                return False
            for target in rule.leads_from(attributes, is_root=ref in self._roots):
                self._steps += 1
                if self._steps > MOST_STEPS or describe(target) is None:
                    return False
                self._hold_all_against(target)
                self._hold_against(target, rule.inner)
        return self._steps <= MOST_STEPS

    def _hold_all_against(self, ref: Ref) -> None:
        if ref not in self._described:
            self._described.add(ref)
            self._hold_against(ref, self._outer)

    def _hold_against(self, ref: Ref, rules: Iterable[_Rule]) -> None:
        for rule in rules:
            if (rule.number, ref) not in self._met and self._steps <= MOST_STEPS:
                self._steps += 1
                self._met.add((rule.number, ref))
                self._waiting.append((rule, ref))


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule with a number of its own; `inner` are those for what it leads to."""

    number: int
    says: DescribeRule
    inner: list[_Rule]
    names: frozenset[str]
    beginnings: frozenset[str]
    lengths: frozenset[int]
    """Of these beginnings: there may be very many of few lengths."""

    @classmethod
    def of(cls, says: DescribeRule, numbers: Iterator[int]) -> _Rule:
        beginnings = frozenset(name[:-1] for name in says.attrs if name.endswith("*"))
        return cls(
            next(numbers),
            says,
            _numbered(says.rules, numbers),
            frozenset(name for name in says.attrs if not name.endswith("*")),
            beginnings,
            frozenset(map(len, beginnings)),
        )

    def leads_from(self, attributes: Attributes, *, is_root: bool) -> Iterator[Ref]:
        """What a blob with these attributes leads to by this rule."""
        if self.says.if_result_root and not is_root:
            return
        if self.says.if_camli_node_type not in ("", first(attributes, "camliNodeType")):
            return
        for name, values in attributes.items():
            if name in self.names or any(name[:n] in self.beginnings for n in self.lengths):
                yield from filter(None, map(ref_in, values))


def _numbered(rules: Iterable[DescribeRule], numbers: Iterator[int]) -> list[_Rule]:
    return [_Rule.of(says, numbers) for says in rules]
