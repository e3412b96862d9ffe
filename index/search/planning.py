"""Planning: from what is asked for to the rows that hold all of it, and little else.

What comes out is a superset: whatever is found there is tested against the whole constraint.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..attributes import ref_in
from ..keys import (
    BLOB,
    CHILD,
    DIRECTORY,
    PARENT,
    TYPE,
    WHOLE,
    WORD,
)
from ..query.constraints import (
    Constraint,
    DirConstraint,
    FileConstraint,
    LogicalConstraint,
    Op,
    PermanodeConstraint,
)
from ..query.scalars import TimeConstraint
from .narrowing import by_attribute, lacking, located, posted_words, related, worded
from .sources import (
    NOTHING,
    ByRef,
    Changed,
    Prefixed,
    Rows,
    Source,
    Stored,
    These,
    both,
    either,
)
from .spans import EVERYWHERE, Span, moment_text, since_ns, span_of_prefix, span_of_time


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to look: in `source` (None: in all permanodes, or all blobs), between two places."""

    source: Source | None = None
    span: Span = EVERYWHERE


class Planner:
    """Plans one query. `now_ns` is what "the last hour" is reckoned from."""

    def __init__(self, now_ns: int) -> None:
        self._now_ns = now_ns

    def permanodes(self, constraint: Constraint) -> Plan:
        """Where the permanodes are that fit, by time."""
        plan = self._fields(constraint)
        if constraint.logical is not None:
            plan = _and(plan, self._logical(constraint.logical))
        if constraint.permanode is not None:
            plan = _and(plan, self._permanode(constraint.permanode))
        return plan

    def _fields(self, constraint: Constraint) -> Plan:
        is_other = constraint.camli_type not in ("", "permanode")
        if is_other or constraint.file is not None or constraint.dir is not None:
            return Plan(NOTHING)
        return Plan(_of_prefix(constraint.blob_ref_prefix))

    def _logical(self, logical: LogicalConstraint) -> Plan:
        if logical.b is None:
            return Plan(lacking(logical.a))
        a, b = self.permanodes(logical.a), self.permanodes(logical.b)
        if logical.op is Op.AND:
            return _and(a, b)
        return Plan(either(a.source, b.source), a.span.around(b.span))

    def _permanode(self, asked: PermanodeConstraint) -> Plan:
        span = Span() if asked.time is None else span_of_time(asked.time, self._now_ns)
        found = [
            None if asked.mod_time is None else self._modified(asked.mod_time),
            worded(WORD, asked.text),
        ]
        # What it had at another time is in no row.
        if asked.at is None:
            if asked.location is not None:
                found.append(located(asked.location))
            if asked.attr:
                found.append(by_attribute(asked))
            if asked.relation is not None:
                found.append(related(asked.relation))
        return Plan(both(*found), span)

    def _modified(self, time: TimeConstraint) -> Source | None:
        since = since_ns(time, self._now_ns)
        before = None if time.before is None else time.before.ns
        if since is None and before is None:
            return None
        # "g" is behind all digits.
        low = "" if since is None else moment_text(since)
        return Changed(low, "g" if before is None else moment_text(before))


def plan_blobs(constraint: Constraint, planner: Planner) -> Plan:
    """Where the blobs are that fit, of whatever kind, by ref; of these there is always a source."""
    if constraint == Constraint():
        return Plan(NOTHING)
    plan = Plan(Stored())
    if constraint.blob_ref_prefix:
        span = span_of_prefix(constraint.blob_ref_prefix)
        plan = Plan(NOTHING if span.is_empty else Stored(), span)
    if constraint.any_camli_type:
        plan = _and(plan, Plan(Rows(BLOB.name)))
    if constraint.camli_type:
        plan = _and(plan, Plan(Rows(TYPE.name, (constraint.camli_type,))))
    if constraint.file is not None:
        plan = _and(plan, Plan(_files(constraint.file)))
    if constraint.dir is not None:
        plan = _and(plan, Plan(_directories(constraint.dir), _of_directory(constraint.dir)))
    if constraint.permanode is not None:
        found = planner.permanodes(Constraint(permanode=constraint.permanode)).source
        source = Rows(TYPE.name, ("permanode",)) if found is None else ByRef(found)
        plan = _and(plan, Plan(source))
    if constraint.logical is not None:
        plan = _and(plan, _logical(constraint.logical, planner))
    return plan


def _logical(logical: LogicalConstraint, planner: Planner) -> Plan:
    if logical.b is None:
        return Plan(Stored())
    a, b = plan_blobs(logical.a, planner), plan_blobs(logical.b, planner)
    if logical.op is Op.AND:
        return _and(a, b)
    if isinstance(a.source, Stored) or isinstance(b.source, Stored):
        return Plan(Stored(), a.span.around(b.span))
    return Plan(either(a.source, b.source), a.span.around(b.span))


def _and(a: Plan, b: Plan) -> Plan:
    sources = [a.source, b.source]
    if any(not isinstance(source, Stored) for source in sources):
        # All blobs there are say nothing beside a list of some.
        sources = [source for source in sources if not isinstance(source, Stored)]
    return Plan(both(*sources), a.span.within(b.span))


def _of_prefix(prefix: str) -> Source | None:
    if not prefix:
        return None
    if span_of_prefix(prefix).is_empty:
        return NOTHING
    ref = ref_in(prefix)
    return Prefixed(prefix) if ref is None else These((ref,))


def _files(file: FileConstraint) -> Source | None:
    parent = None if file.parent_dir is None else ref_in(file.parent_dir.blob_ref_prefix)
    name = file.file_name
    exact = name is not None and not name.regexp and name.equals
    found = both(
        None if file.whole_ref is None else Rows(WHOLE.name, (file.whole_ref,)),
        None if parent is None else Rows(CHILD.name, (parent,)),
        posted_words(file.text),
        posted_words(exact) if exact else None,
    )
    return Rows(TYPE.name, ("file",)) if found is None else found


def _of_directory(asked: DirConstraint) -> Span:
    return span_of_prefix(asked.blob_ref_prefix) if asked.blob_ref_prefix else Span()


def _directories(asked: DirConstraint) -> Source:
    parent = None if asked.parent_dir is None else ref_in(asked.parent_dir.blob_ref_prefix)
    child = None if asked.contains is None else ref_in(asked.contains.blob_ref_prefix)
    found = both(
        None if parent is None else Rows(CHILD.name, (parent,)),
        None if child is None else Rows(PARENT.name, (child,)),
    )
    return Rows(DIRECTORY.name) if found is None else found
