"""Search as it is defined, with no index and no plan: every blob is held against the constraint.

A second reading of the rules, for tests to compare with. All it takes from elsewhere are
the queries as values, and the words of a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from holdfast.blobstore.ref import Ref
from holdfast.index.query.constraints import (
    Constraint,
    DirConstraint,
    FileConstraint,
    Op,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
    finds_only_permanodes,
)
from holdfast.index.query.pages import Place, Sort
from holdfast.index.query.request import SearchQuery
from holdfast.index.words import words_of
from holdfast.schema.claims import AddAttribute, DelAttribute, Delete, SetAttribute, Statement
from holdfast.schema.timestamps import FIRST_NS

from .naive_things import (
    Point,
    first,
    moment_in,
    number_fits,
    place_fits,
    point,
    ref_in,
    text_fits,
    time_fits,
)


@dataclass(frozen=True)
class Said:
    """A claim."""

    ref: Ref
    date: int
    says: Statement
    is_owners: bool = True


@dataclass(frozen=True)
class File:
    """What is to be known of a file."""

    name: str
    size: int
    mime: str
    whole: Ref
    times: tuple[int, ...] = ()
    picture: tuple[int, int] | None = None
    place: Point | None = None
    words: frozenset[str] = frozenset()
    derived: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Folder:
    """What is to be known of a folder."""

    name: str
    members: frozenset[Ref]


class Naive:
    """A store, to be asked."""

    def __init__(
        self,
        kinds: Mapping[Ref, str],
        sizes: Mapping[Ref, int],
        claims: Iterable[Said],
        files: Mapping[Ref, File],
        folders: Mapping[Ref, Folder],
    ) -> None:
        """`kinds` are the types of all blobs, empty for those that are no schema blobs."""
        self.kinds = kinds
        self.sizes = sizes
        self.claims = sorted(claims, key=lambda claim: (claim.date, claim.ref))
        self.files = files
        self.folders = folders
        self._attributes = cache(self._folded)
        self.is_deleted = cache(self._is_deleted)

    # What is claimed

    def _is_deleted(self, ref: Ref) -> bool:
        return any(
            claim.is_owners
            and isinstance(claim.says, Delete)
            and claim.says.target == ref
            and not self.is_deleted(claim.ref)
            for claim in self.claims
        )

    def counting(self, permanode: Ref, at: int | None = None) -> Iterator[Said]:
        for claim in self.claims:
            about = claim.says.target if isinstance(claim.says, Delete) else claim.says.permanode
            is_early = at is None or claim.date <= at
            counts = claim.is_owners and is_early and not self.is_deleted(claim.ref)
            if counts and about == permanode:
                yield claim

    def _folded(self, permanode: Ref, at: int | None = None) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for claim in self.counting(permanode, at):
            match claim.says:
                case SetAttribute(_, name, value):
                    found[name] = [value]
                case AddAttribute(_, name, value):
                    found.setdefault(name, []).append(value)
                case DelAttribute(_, name, ""):
                    found.pop(name, None)
                case DelAttribute(_, name, value):
                    found[name] = [one for one in found.get(name, []) if one != value]
        return {name: values for name, values in found.items() if values}

    def modified(self, permanode: Ref) -> int | None:
        return max((claim.date for claim in self.counting(permanode)), default=None)

    def is_listed(self, ref: Ref) -> bool:
        is_permanode = self.kinds.get(ref) == "permanode"
        return is_permanode and not self.is_deleted(ref) and self.modified(ref) is not None

    def values(self, permanode: Ref, name: str, at: int | None = None) -> list[str]:
        attributes = self._attributes(permanode, at)
        if name not in attributes and at is None:
            content = ref_in(first(attributes, "camliContent"))
            if content in self.files and name in self.files[content].derived:
                return [self.files[content].derived[name]]
        return attributes.get(name, [])

    def time(self, permanode: Ref) -> int | None:
        attributes = self._attributes(permanode, None)
        for name in ("paymentDueDate", "startDate", "dateCreated"):
            if (moment := moment_in(first(attributes, name))) is not None:
                return moment
        content = None
        for claim in self.counting(permanode):
            if isinstance(claim.says, SetAttribute) and claim.says.attribute == "camliContent":
                content = claim
            if isinstance(claim.says, DelAttribute) and claim.says.attribute == "camliContent":
                content = None
        file = None if content is None else self.files.get(ref_in(content.says.value))
        if file is not None and file.times:
            return file.times[0]
        for name in ("datePublished", "dateModified"):
            if (moment := moment_in(first(attributes, name))) is not None:
                return moment
        return self.modified(permanode) if content is None else content.date

    def place(self, permanode: Ref, at: int | None = None) -> Point | None:
        attributes = self._attributes(permanode, at)
        own = first(attributes, "latitude"), first(attributes, "longitude")
        if all(own):
            return point(*own)
        if first(attributes, "camliNodeType") == "foursquare.com:checkin":
            venue = ref_in(first(attributes, "foursquareVenuePermanode"))
            if venue is not None:
                there = self._attributes(venue, at)
                found = point(first(there, "latitude"), first(there, "longitude"))
                if found is not None:
                    return found
        content = ref_in(first(attributes, "camliContent"))
        return self.files[content].place if content in self.files else None

    # What fits

    def fits(self, asked: Constraint, ref: Ref, now: int) -> bool:
        if self.kinds.get(ref) == "permanode" and self.is_deleted(ref):
            return False
        return self._fits(asked, ref, now)

    def _fits(self, asked: Constraint, ref: Ref, now: int) -> bool:
        if ref not in self.kinds or asked == Constraint():
            return False
        kind = self.kinds[ref]
        if asked.camli_type and kind != asked.camli_type:
            return False
        if asked.any_camli_type and not kind:
            return False
        if asked.blob_ref_prefix:
            digits = asked.blob_ref_prefix.partition("-")[2]
            if not digits or not ref.startswith(asked.blob_ref_prefix):
                return False
        if asked.blob_size and not number_fits(asked.blob_size, self.sizes[ref]):
            return False
        if asked.logical is not None:
            logical = asked.logical
            a = self._fits(logical.a, ref, now)
            b = logical.b is not None and self._fits(logical.b, ref, now)
            result = {Op.AND: a and b, Op.OR: a or b, Op.XOR: a != b, Op.NOT: not a}[logical.op]
            if not result:
                return False
        if asked.permanode is not None and not self._permanode(asked.permanode, ref, now):
            return False
        if asked.file is not None and not self._file(asked.file, ref, now):
            return False
        return asked.dir is None or self._folder(asked.dir, ref, now)

    def _permanode(self, asked: PermanodeConstraint, ref: Ref, now: int) -> bool:
        if not self.is_listed(ref):
            return False
        at = None if asked.at is None else asked.at.ns
        if asked.mod_time and not time_fits(asked.mod_time, self.modified(ref), now):
            return False
        if asked.time and not time_fits(asked.time, self.time(ref), now):
            return False
        if asked.skip_hidden:
            attributes = self._attributes(ref, at)
            if first(attributes, "camliDefVis") == "hide":
                return False
            if first(attributes, "camliNodeType") == "foursquare.com:venue":
                return False
        if asked.attr and not self._values_fit(asked, ref, at, now):
            return False
        if asked.location and not place_fits(asked.location, self.place(ref, at)):
            return False
        if asked.text and not self._has_words(asked.text, ref):
            return False
        return asked.relation is None or self._is_related(asked.relation, ref, at, now)

    def _values_fit(self, asked: PermanodeConstraint, ref: Ref, at: int | None, now: int) -> bool:
        values = self.values(ref, asked.attr, at)
        if asked.num_value and not number_fits(asked.num_value, len(values)):
            return False
        if not asked.tests_value:
            return True
        passed = [self._value_fits(asked, value, now) for value in values]
        return bool(passed) and (all(passed) if asked.value_all_match else any(passed))

    def _value_fits(self, asked: PermanodeConstraint, value: str, now: int) -> bool:
        if asked.value and value != asked.value:
            return False
        if asked.value_matches and not text_fits(asked.value_matches, value):
            return False
        if asked.value_matches_int:
            if not re.fullmatch(r"[+-]?[0-9]+", value):
                return False
            if not -(2**63) <= int(value) < 2**63:
                return False
            if not number_fits(asked.value_matches_int, int(value)):
                return False
        if asked.value_matches_float:
            if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", value):
                return False
            if not number_fits(asked.value_matches_float, float(value)):
                return False
        if asked.value_in_set:
            named = ref_in(value)
            if named is None or not self.fits(asked.value_in_set, named, now):
                return False
        return True

    def _has_words(self, text: str, ref: Ref) -> bool:
        attributes = self._attributes(ref, None)
        found = {word for title in attributes.get("title", ()) for word in words_of(title)}
        content = ref_in(first(attributes, "camliContent"))
        if content in self.files:
            found |= self.files[content].words
        return set(words_of(text)) <= found

    def _is_related(self, asked: RelationConstraint, ref: Ref, at: int | None, now: int) -> bool:
        def relates(name: str) -> bool:
            if asked.edge_type:
                return name == asked.edge_type
            return name == "camliMember" or name.startswith("camliPath:")

        if asked.relation is Relation.CHILD:
            related = {
                child
                for name, values in self._attributes(ref, at).items()
                if relates(name)
                for value in values
                if (child := ref_in(value)) is not None
            }
        else:
            related = {
                parent
                for parent, kind in self.kinds.items()
                if kind == "permanode" and self.is_listed(parent)
                for name, values in self._attributes(parent, at).items()
                if relates(name) and ref in values
            }
        inner = asked.any or asked.all
        assert inner is not None
        passed = [self.fits(inner, other, now) for other in related if other in self.kinds]
        return any(passed) if asked.any else bool(passed) and all(passed)

    def _file(self, asked: FileConstraint, ref: Ref, now: int) -> bool:
        if ref not in self.files:
            return False
        file = self.files[ref]
        width, height = file.picture or (None, None)
        return (
            (not asked.file_size or number_fits(asked.file_size, file.size))
            and (not asked.file_name or text_fits(asked.file_name, file.name))
            and (not asked.mime_type or text_fits(asked.mime_type, file.mime))
            and (not asked.time or time_fits(asked.time, next(iter(file.times), None), now))
            and (
                not asked.mod_time
                or time_fits(asked.mod_time, file.times[1] if file.times[1:] else None, now)
            )
            and (not asked.whole_ref or file.whole == asked.whole_ref)
            and (not asked.is_image or file.mime.startswith("image/"))
            and (not asked.width or (width is not None and number_fits(asked.width, width)))
            and (not asked.height or (height is not None and number_fits(asked.height, height)))
            and (
                not asked.width_height_ratio
                or (
                    file.picture is not None
                    and number_fits(asked.width_height_ratio, width / height)
                )
            )
            and (not asked.location or place_fits(asked.location, file.place))
            and (not asked.text or set(words_of(asked.text)) <= file.words)
            and (
                not asked.parent_dir
                or any(
                    ref in folder.members and self._folder(asked.parent_dir, parent, now)
                    for parent, folder in self.folders.items()
                )
            )
        )

    def _folder(self, asked: DirConstraint, ref: Ref, now: int) -> bool:
        if ref not in self.folders:
            return False
        folder = self.folders[ref]
        if asked.blob_ref_prefix and not ref.startswith(asked.blob_ref_prefix):
            return False
        if asked.file_name and not text_fits(asked.file_name, folder.name):
            return False
        if asked.top_file_count and not number_fits(asked.top_file_count, len(folder.members)):
            return False
        if asked.parent_dir and not any(
            ref in above.members and self._folder(asked.parent_dir, parent, now)
            for parent, above in self.folders.items()
        ):
            return False
        if asked.contains:
            return any(self._fits(asked.contains, member, now) for member in folder.members)
        if asked.recursive_contains:
            inner = asked.recursive_contains
            return any(self._fits(inner, member, now) for member in self._all_in(ref))
        return True

    def _all_in(self, ref: Ref) -> set[Ref]:
        found: set[Ref] = set()
        for member in self.folders[ref].members:
            found |= {member, *(self._all_in(member) if member in self.folders else ())}
        return found

    # In order

    def all(self, query: SearchQuery, asked: Constraint, now: int) -> list[Place]:
        """Everything that fits, in the order asked for; the limit is not looked at."""
        sort = query.sort_of(asked)
        is_of_permanodes = finds_only_permanodes(asked)
        found = []
        for ref in self.kinds:
            if self.fits(asked, ref, now):
                time = self._time_for(sort, ref)
                if sort is Sort.BLOBREF:
                    found.append(Place(0, ref))
                elif time is not None:
                    found.append(Place(time, ref))
                elif not is_of_permanodes:
                    # What has no time is older than all that has one.
                    found.append(Place(FIRST_NS, ref))
        return sorted(found, reverse=sort.is_descending)

    def _time_for(self, sort: Sort, ref: Ref) -> int | None:
        by_change = sort in (Sort.MODIFIED, Sort.MODIFIED_DESC)
        if ref in self.files:
            times = self.files[ref].times
            return None if not times else times[-1] if by_change else times[0]
        if self.kinds[ref] == "permanode":
            return self.modified(ref) if by_change else self.time(ref)
        return None

    def page(self, query: SearchQuery, asked: Constraint, now: int) -> list[Ref]:
        """What one answer is to hold, if it has an order."""
        places = self.all(query, asked, now)
        most = len(places) if query.most is None else query.most
        if query.around is not None:
            refs = [place.ref for place in places]
            if query.around not in refs or not most:
                return []
            at = refs.index(query.around)
            start = max(at - most // 2, 0)
            return refs[start : start + most]
        if query.after is not None:
            is_descending = query.sort_of(asked).is_descending
            places = [
                place
                for place in places
                if (place < query.after if is_descending else place > query.after)
            ]
        return [place.ref for place in places[:most]]

    def place_of(self, ref: Ref) -> Point | None:
        if self.kinds[ref] == "permanode":
            return self.place(ref)
        return self.files[ref].place if ref in self.files else None
