"""Planning: from what is asked for to the rows that hold all of it, and little else.

What comes out is a superset: whatever is found there is tested against the whole constraint.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...blobstore.errors import BadRef
from ...blobstore.ref import Ref
from ..cells import cover
from ..keys import (
    BLOB,
    CELL,
    CHILD,
    CONTENT,
    DIRECTORY,
    HAS,
    MEMBER,
    PARENT,
    TEXT,
    TYPE,
    WHOLE,
    WORD,
    RowKind,
    date_text,
)
from ..nodes import MEMBER as MEMBER_ATTRIBUTE
from ..nodes import PATH, VALUE_LENGTH
from ..query.constraints import (
    Constraint,
    DirConstraint,
    FileConstraint,
    LogicalConstraint,
    Op,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
)
from ..query.scalars import (
    IntConstraint,
    LocationConstraint,
    StringConstraint,
    TimeConstraint,
    bound,
)
from ..words import MOST_LETTERS, is_letter, plain, words_of
from .sources import (
    NOTHING,
    ByRef,
    Changed,
    Held,
    Holders,
    OfWhole,
    Prefixed,
    Rows,
    Source,
    Spelled,
    Spread,
    Stored,
    These,
    both,
    either,
)
from .spans import EVERYWHERE, Span, since_ns, span_of_prefix, span_of_time

_TEXT_FIELDS = ("title",)


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
            return Plan()
        a, b = self.permanodes(logical.a), self.permanodes(logical.b)
        if logical.op is Op.AND:
            return _and(a, b)
        return Plan(either(a.source, b.source), a.span.around(b.span))

    def _permanode(self, asked: PermanodeConstraint) -> Plan:
        span = Span() if asked.time is None else span_of_time(asked.time, self._now_ns)
        found = [
            None if asked.mod_time is None else self._modified(asked.mod_time),
            _worded(WORD, asked.text),
        ]
        # What it had at another time is in no row.
        if asked.at is None:
            if asked.location is not None:
                found.append(_located(asked.location))
            if asked.attr:
                found.append(_attribute(asked))
            if asked.relation is not None:
                found.append(_related(asked.relation))
        return Plan(both(*found), span)

    def _modified(self, time: TimeConstraint) -> Source | None:
        since = since_ns(time, self._now_ns)
        before = None if time.before is None else time.before.ns
        if since is None and before is None:
            return None
        low = "" if since is None else date_text(bound(since))
        high = "g" if before is None else date_text(bound(before))
        return Changed(low, high)


def plan_blobs(constraint: Constraint, planner: Planner) -> Plan:
    """Where the blobs are that fit, of whatever kind, by ref. A source of None is for nothing."""
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
    ref = _whole_ref(prefix)
    return Prefixed(prefix) if ref is None else These((ref,))


def _whole_ref(text: str) -> Ref | None:
    try:
        return Ref.parse(text)
    except BadRef:
        return None


def _worded(kind: RowKind, text: str) -> Source | None:
    """Where things are that have all these words."""
    return both(
        *(Rows(kind.name, (word if len(word) <= MOST_LETTERS else "",)) for word in words_of(text))
    )


# Permanodes by an attribute


def _attribute(asked: PermanodeConstraint) -> Source | None:
    number = asked.num_value
    if not asked.tests_value:
        has_some = number is not None and (number.lowest or 0) > 0
        return _any_value(asked.attr) if has_some else None
    found = both(
        _one_value(asked.attr, asked.value) if asked.value else None,
        None if asked.value_matches is None else _matching(asked.attr, asked.value_matches),
        None if asked.value_in_set is None else _in_set(asked.attr, asked.value_in_set),
    )
    return _any_value(asked.attr) if found is None else found


def _is_for_links(attribute: str) -> bool:
    return attribute == MEMBER_ATTRIBUTE or attribute.startswith(PATH)


def _any_value(attribute: str) -> Source | None:
    return None if _is_for_links(attribute) else Spread(HAS.name, (attribute,))


def _one_value(attribute: str, value: str) -> Source | None:
    if _is_for_links(attribute) and (ref := _whole_ref(value)) is not None:
        return Holders(attribute, Constraint(blob_ref_prefix=ref))
    return Rows(HAS.name, (attribute, value[:VALUE_LENGTH]))


def _matching(attribute: str, text: StringConstraint) -> Source | None:
    if _is_for_links(attribute) or text.regexp:
        return None
    if text.equals and not text.case_insensitive:
        return _one_value(attribute, text.equals)
    if text.empty:
        return Rows(HAS.name, (attribute, ""))
    found: list[Source | None] = []
    if text.has_prefix and not text.case_insensitive:
        found.append(Spread(HAS.name, (attribute,), text.has_prefix[:VALUE_LENGTH]))
    if attribute in _TEXT_FIELDS:
        found.append(_spelled(text))
    return both(*found)


def _spelled(text: StringConstraint) -> Source | None:
    """Where titles, or names of contents, are in whose words these texts can be."""
    return both(
        _words_within(text.equals, is_start=True, is_end=True),
        _words_within(text.has_prefix, is_start=True),
        _words_within(text.contains),
        _words_within(text.has_suffix, is_end=True),
    )


def _words_within(text: str, *, is_start: bool = False, is_end: bool = False) -> Source | None:
    """Where the words are of a text that is part of another.

    Its first and last word may be parts of longer ones, but where they begin or end with it.
    """
    words, letters = list(words_of(text)), plain(text)
    found: list[Source | None] = []
    for place, word in enumerate(words):
        begins = place > 0 or is_start or not is_letter(letters[0])
        ends = place < len(words) - 1 or is_end or not is_letter(letters[-1])
        if begins and ends:
            short = len(word) <= MOST_LETTERS
            found.append(Rows(WORD.name, (word if short else "",)))
        elif begins or len(word) > 2 or len(words) == 1:
            found.append(either(Spelled(word, is_prefix=begins), Rows(WORD.name, ("",))))
    return both(*found)


# Permanodes by their content


def _in_set(attribute: str, inner: Constraint) -> Source | None:
    if attribute == "camliContent" and inner.file is not None:
        return _content(inner.file)
    if _is_for_links(attribute) or inner == Constraint():
        return Holders(attribute, inner) if _is_for_links(attribute) else NOTHING
    return Holders(attribute, inner)


def _content(file: FileConstraint) -> Source | None:
    found: list[Source | None] = [
        Rows(CONTENT.name, ("type", "image")) if file.is_image else None,
        None if file.mime_type is None else _mime(file.mime_type),
        None if file.file_name is None else _name(file.file_name),
        None if file.whole_ref is None else OfWhole(file.whole_ref),
        _worded(WORD, file.text),
    ]
    for field, range_ in (("width", file.width), ("height", file.height)):
        if range_ is not None:
            found.append(_digits(field, range_))
    known = both(*found)
    return Spread(CONTENT.name, ("type",)) if known is None else known


def _mime(text: StringConstraint) -> Source | None:
    if text.regexp or text.case_insensitive:
        return None
    if text.equals:
        return Rows(CONTENT.name, ("mime", text.equals))
    kind, slash, rest = text.has_prefix.partition("/")
    if slash and not rest:
        return Rows(CONTENT.name, ("type", kind))
    return Spread(CONTENT.name, ("mime",), text.has_prefix) if text.has_prefix else None


def _name(text: StringConstraint) -> Source | None:
    if text.regexp:
        return None
    if text.equals and not text.case_insensitive:
        return Rows(CONTENT.name, ("name", text.equals[:VALUE_LENGTH]))
    found = [_spelled(text)]
    if text.has_prefix and not text.case_insensitive:
        found.append(Spread(CONTENT.name, ("name",), text.has_prefix[:VALUE_LENGTH]))
    return both(*found)


def _digits(field: str, range_: IntConstraint) -> Source | None:
    low, high = range_.lowest, range_.highest
    if low is None and high is None:
        return None
    most = 10**10 - 1
    return Spread(
        CONTENT.name,
        (field,),
        f"{min(max(low or 0, 0), most):010d}",
        f"{min(max(most if high is None else high, 0), most):010d}",
    )


# Permanodes by others, and by where they are


def _related(asked: RelationConstraint) -> Source | None:
    inner = asked.any or asked.all
    assert inner is not None
    attribute = asked.edge_type or None
    if asked.relation is Relation.CHILD:
        return Holders(attribute, inner)
    parent = _whole_ref(inner.blob_ref_prefix)
    if parent is not None and attribute is None:
        return Rows(MEMBER.name, (parent,))
    return Held(attribute, inner)


def _located(location: LocationConstraint) -> Source | None:
    if location.any:
        return Rows(CELL.name, ("",))
    box = location.north, location.west, location.south, location.east
    return either(*(Rows(CELL.name, (cell,)) for cell in cover(*box)))


# Blobs by ref


def _files(file: FileConstraint) -> Source | None:
    parent = None if file.parent_dir is None else _whole_ref(file.parent_dir.blob_ref_prefix)
    name = file.file_name
    exact = name is not None and not name.regexp and name.equals
    found = both(
        None if file.whole_ref is None else Rows(WHOLE.name, (file.whole_ref,)),
        None if parent is None else Rows(CHILD.name, (parent,)),
        _posted_words(file.text),
        _posted_words(exact) if exact else None,
    )
    return Rows(TYPE.name, ("file",)) if found is None else found


def _posted_words(text: str) -> Source | None:
    words = [word for word in words_of(text) if len(word) <= MOST_LETTERS]
    return both(*(Rows(TEXT.name, (word,)) for word in words))


def _of_directory(asked: DirConstraint) -> Span:
    return span_of_prefix(asked.blob_ref_prefix) if asked.blob_ref_prefix else Span()


def _directories(asked: DirConstraint) -> Source:
    parent = None if asked.parent_dir is None else _whole_ref(asked.parent_dir.blob_ref_prefix)
    child = None if asked.contains is None else _whole_ref(asked.contains.blob_ref_prefix)
    found = both(
        None if parent is None else Rows(CHILD.name, (parent,)),
        None if child is None else Rows(PARENT.name, (child,)),
    )
    return Rows(DIRECTORY.name) if found is None else found
