"""Narrowing: which rows hold all permanodes that pass one test."""

from __future__ import annotations

from ..attributes import ref_in
from ..cells import cover
from ..keys import CELL, CONTENT, HAS, LACKS, MEMBER, TEXT, WORD, RowKind
from ..nodes import VALUE_LENGTH, is_for_links
from ..postings import LOOKED_FOR_ABSENT
from ..query.constraints import (
    HIDDEN,
    Constraint,
    FileConstraint,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
)
from ..query.scalars import IntConstraint, LocationConstraint, StringConstraint
from ..words import MOST_LETTERS, is_letter, plain, words_of
from .sources import (
    NOTHING,
    Held,
    Holders,
    OfWhole,
    Rows,
    Source,
    Spelled,
    Spread,
    both,
    either,
)

_TEXT_FIELDS = ("title",)


def worded(kind: RowKind, text: str) -> Source | None:
    """Where things are that have all these words."""
    return both(
        *(Rows(kind.name, (word if len(word) <= MOST_LETTERS else "",)) for word in words_of(text))
    )


# Permanodes by an attribute


def by_attribute(asked: PermanodeConstraint) -> Source | None:
    """Where what has such values of an attribute is."""
    number = asked.num_value
    if number is not None and number.highest == 0 and asked.attr in LOOKED_FOR_ABSENT:
        return Rows(LACKS.name, (asked.attr,))
    if not asked.tests_value:
        has_some = number is not None and (number.lowest or 0) > 0
        return _any_value(asked.attr) if has_some else None
    found = both(
        _one_value(asked.attr, asked.value) if asked.value else None,
        None if asked.value_matches is None else _matching(asked.attr, asked.value_matches),
        None if asked.value_in_set is None else _in_set(asked.attr, asked.value_in_set),
    )
    return _any_value(asked.attr) if found is None else found


def lacking(unwanted: Constraint) -> Source | None:
    """Where what has no value of an attribute is, if that is all that is asked."""
    asked = unwanted.permanode
    if asked is None or asked.attr not in LOOKED_FOR_ABSENT:
        return None
    some = StringConstraint(byte_length=IntConstraint(min=1))
    alone = PermanodeConstraint(attr=asked.attr, value_matches=some, skip_hidden=asked.skip_hidden)
    if unwanted != Constraint(permanode=alone):
        return None
    found: list[Source] = [Rows(LACKS.name, (asked.attr,)), Rows(HAS.name, (asked.attr, ""))]
    if asked.skip_hidden:
        found += (Rows(HAS.name, pair) for pair in HIDDEN)
    return either(*found)


def _any_value(attribute: str) -> Source | None:
    return None if is_for_links(attribute) else Spread(HAS.name, (attribute,))


def _one_value(attribute: str, value: str) -> Source | None:
    if is_for_links(attribute) and (ref := ref_in(value)) is not None:
        return Holders(attribute, Constraint(blob_ref_prefix=ref))
    return Rows(HAS.name, (attribute, value[:VALUE_LENGTH]))


def _matching(attribute: str, text: StringConstraint) -> Source | None:
    if is_for_links(attribute) or text.regexp:
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
    return NOTHING if inner == Constraint() else Holders(attribute, inner)


def _content(file: FileConstraint) -> Source | None:
    found: list[Source | None] = [
        Rows(CONTENT.name, ("type", "image")) if file.is_image else None,
        None if file.mime_type is None else _mime(file.mime_type),
        None if file.file_name is None else _name(file.file_name),
        None if file.whole_ref is None else OfWhole(file.whole_ref),
        worded(WORD, file.text),
    ]
    for field, range_ in (("width", file.width), ("height", file.height)):
        if range_ is not None:
            found.append(_digits(field, range_))
    known = both(*found)
    if known is None:
        known = Spread(CONTENT.name, ("type",))
    # Lists of contents know one of each permanode.
    return either(known, Rows(CONTENT.name, ("several", "")))


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


def related(asked: RelationConstraint) -> Source | None:
    """Where what is so related to others is."""
    inner = asked.any or asked.all
    assert inner is not None
    attribute = asked.edge_type or None
    if asked.relation is Relation.CHILD:
        return Holders(attribute, inner)
    parent = ref_in(inner.blob_ref_prefix)
    if parent is not None and attribute is None:
        return Rows(MEMBER.name, (parent,))
    return Held(attribute, inner)


def located(location: LocationConstraint) -> Source | None:
    """Where what is in some place is."""
    if location.any:
        return Rows(CELL.name, ("",))
    box = location.north, location.west, location.south, location.east
    return either(*(Rows(CELL.name, (cell,)) for cell in cover(*box)))


def posted_words(text: str) -> Source | None:
    """Where files are that have all words of a text that are posted."""
    words = [word for word in words_of(text) if len(word) <= MOST_LETTERS]
    return both(*(Rows(TEXT.name, (word,)) for word in words))
