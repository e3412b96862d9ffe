"""Random searches of the stores in `corpora.py`, made so that they find something there."""

from __future__ import annotations

from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.index.query.constraints import (
    Constraint,
    DirConstraint,
    FileConstraint,
    LogicalConstraint,
    Op,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
)
from holdfast.index.query.pages import Sort
from holdfast.index.query.request import SearchQuery
from holdfast.index.query.scalars import (
    FloatConstraint,
    IntConstraint,
    LocationConstraint,
    StringConstraint,
    TimeConstraint,
)
from holdfast.schema.timestamps import Timestamp

from .corpora import (
    APPLE,
    COMMON,
    DATES,
    FILES,
    FOLDERS,
    INNER,
    MISSING,
    NODES,
    RAW,
    VALUES,
    A,
)
from .world import moment


def optional(kind: type, **strategies: st.SearchStrategy) -> st.SearchStrategy:
    """A constraint with one or two of its fields set."""
    names = sorted(strategies)
    return (
        st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)
        .flatmap(lambda chosen: st.fixed_dictionaries({one: strategies[one] for one in chosen}))
        .map(lambda fields: kind(**fields))
    )


_MOMENTS = st.sampled_from(
    [
        *DATES,
        *(ns + 1 for ns in DATES),
        moment("2015-01-01T12:00:00").ns,
        moment("2016-01-01").ns,
        moment("1960-01-01").ns,
    ]
).map(Timestamp)
times = optional(TimeConstraint, before=_MOMENTS, after=_MOMENTS)


def ints(*numbers: int) -> st.SearchStrategy[IntConstraint]:
    some = st.sampled_from(numbers)
    return (
        some.map(lambda number: IntConstraint(min=number))
        | some.map(lambda number: IntConstraint(max=number))
        | some.map(lambda number: IntConstraint(equals=number))
        | st.sampled_from([IntConstraint(zero_min=True), IntConstraint(zero_max=True)])
    )


_PARTS = ["apple", "Apple", "red", "Red ", "d a", "pie", "le p", "x", "x" * 125, "1", "äpf", "e"]
strings = st.tuples(
    optional(
        StringConstraint,
        equals=st.sampled_from(["red", "Red apple", "apple pie", "äpfel", "x" * 130 + "2"]),
        contains=st.sampled_from(_PARTS),
        has_prefix=st.sampled_from(_PARTS),
        has_suffix=st.sampled_from(_PARTS),
        empty=st.booleans(),
        byte_length=ints(3, 5, 9, 131),
        regexp=st.sampled_from(["^a", "e$", "[0-9]"]),
    ),
    st.booleans(),
).map(lambda pair: _cased(*pair))


def _cased(text: StringConstraint, is_insensitive: bool) -> StringConstraint:
    fields = {name: getattr(text, name) for name in text.__slots__}
    return StringConstraint(**{**fields, "case_insensitive": is_insensitive})


locations = st.sampled_from(
    [
        LocationConstraint(any=True),
        LocationConstraint(north=49, west=0, south=47, east=3),
        LocationConstraint(north=50, west=-10, south=-50, east=50),
        LocationConstraint(north=50, west=170, south=-50, east=-170),
        LocationConstraint(north=10, west=20, south=10, east=20),
        LocationConstraint(north=90, west=-180, south=-90, east=180),
    ]
)
_WORDS = st.sampled_from(["apple", "red", "apple red", "PIE", "apfel", "txt", "green", "nowhere"])
_EVERY_REF = [*NODES, *FILES, *FOLDERS, RAW.ref, MISSING]
prefixes = st.sampled_from(
    [*_EVERY_REF, *(ref[:8] for ref in NODES), *(ref[:9] for ref in NODES), "sha224-", "x-1"]
)
_NAMES = optional(
    StringConstraint,
    equals=st.sampled_from(["apple.jpg", "apples.txt", "n" * 130 + "1.txt"]),
    contains=st.sampled_from(["apple", "ple pi", ".", "n" * 50, "le"]),
    has_prefix=st.sampled_from(["apple", "App", "n" * 125, "c"]),
    has_suffix=st.sampled_from([".txt", "pie.png", "2.txt", "jpg"]),
    case_insensitive=st.booleans(),
)
_MIMES = optional(
    StringConstraint,
    equals=st.sampled_from(["image/jpeg", "text/plain"]),
    has_prefix=st.sampled_from(["image/", "image/p", "te"]),
    contains=st.just("a"),
)


def _folders(inner: st.SearchStrategy | None = None) -> st.SearchStrategy:
    plain = optional(
        DirConstraint,
        file_name=optional(
            StringConstraint, equals=st.sampled_from(["inner", "outer"]), contains=st.just("e")
        ),
        blob_ref_prefix=st.sampled_from([*FOLDERS, A]),
        top_file_count=ints(1, 2),
    )
    if inner is None:
        return plain
    within = inner.map(lambda file: Constraint(file=file)) | st.sampled_from(
        [
            Constraint(blob_ref_prefix=A),
            Constraint(blob_ref_prefix=INNER),
            Constraint(dir=DirConstraint()),
        ]
    )
    return (
        plain
        | within.map(lambda it: DirConstraint(contains=it))
        | within.map(lambda it: DirConstraint(recursive_contains=it))
        | plain.map(lambda it: DirConstraint(parent_dir=it))
        | st.just(DirConstraint())
    )


def _files(folders: st.SearchStrategy) -> st.SearchStrategy:
    return st.just(FileConstraint()) | optional(
        FileConstraint,
        file_size=ints(1, 28),
        file_name=_NAMES,
        mime_type=_MIMES,
        time=times,
        mod_time=times,
        whole_ref=st.sampled_from([Ref.of(APPLE), Ref.of(b"1"), MISSING]),
        parent_dir=folders,
        is_image=st.booleans(),
        width=ints(30, 40),
        height=ints(30, 40),
        width_height_ratio=st.sampled_from([FloatConstraint(min=1.0), FloatConstraint(max=1.0)]),
        location=locations,
        text=_WORDS,
    )


files = _files(_folders())
folders = _folders(files)

_FLOATS = st.sampled_from(
    [FloatConstraint(min=2.5), FloatConstraint(max=-1.0), FloatConstraint(zero_min=True)]
)


def _attributes(inner: st.SearchStrategy) -> st.SearchStrategy:
    """Tests of an attribute's values."""

    @st.composite
    def drawn(draw: st.DrawFn) -> PermanodeConstraint:
        name = draw(st.sampled_from(COMMON) | st.sampled_from(sorted(VALUES)))
        more = draw(
            optional(
                dict,
                value=st.sampled_from(VALUES[name]).filter(bool),
                num_value=st.sampled_from(
                    [
                        IntConstraint(min=1),
                        IntConstraint(min=2),
                        IntConstraint(max=1),
                        IntConstraint(equals=2),
                    ]
                ),
                value_matches=strings,
                value_matches_int=ints(5, -7),
                value_matches_float=_FLOATS,
                value_in_set=inner,
            )
        )
        if draw(st.integers(0, 9)) == 0:
            more = {"num_value": IntConstraint(zero_max=True)}
        at = draw(st.none() | st.none() | st.none() | _MOMENTS)
        is_all = draw(st.integers(0, 4)) == 0
        return PermanodeConstraint(attr=name, at=at, value_all_match=is_all, **more)

    return drawn()


def _permanodes(inner: st.SearchStrategy) -> st.SearchStrategy:
    relations = st.builds(
        RelationConstraint,
        relation=st.sampled_from(Relation),
        edge_type=st.sampled_from(["", "", "camliMember", "camliPath:a|b", "ref", "camliContent"]),
        any=inner,
    ) | st.builds(
        RelationConstraint,
        relation=st.sampled_from(Relation),
        edge_type=st.sampled_from(["", "camliMember", "camliContent"]),
        all=inner,
    )
    plain = optional(
        PermanodeConstraint,
        at=_MOMENTS,
        mod_time=times,
        time=times,
        skip_hidden=st.just(True),
        relation=relations,
        location=locations,
        text=_WORDS,
    )
    worded = st.builds(PermanodeConstraint, text=_WORDS)
    located = st.builds(PermanodeConstraint, location=locations, at=st.none() | _MOMENTS)
    attributes = _attributes(inner)
    return st.just(PermanodeConstraint()) | plain | attributes | attributes | worded | located


_kinds = st.sampled_from(["permanode", "claim", "file", "directory", "static-set", "nosuch"])
_leaves = (
    st.just(Constraint(anything=True))
    | st.just(Constraint(any_camli_type=True))
    | _kinds.map(lambda kind: Constraint(camli_type=kind))
    | prefixes.map(lambda prefix: Constraint(blob_ref_prefix=prefix))
    | files.map(lambda file: Constraint(file=file))
    | folders.map(lambda folder: Constraint(dir=folder))
    | ints(14, 400, 800).map(lambda size: Constraint(blob_size=size))
    | _permanodes(st.just(Constraint(anything=True))).map(lambda it: Constraint(permanode=it))
)


def _around(inner: st.SearchStrategy) -> st.SearchStrategy:
    permanodes = _permanodes(inner).map(lambda it: Constraint(permanode=it))
    return (
        permanodes
        | permanodes
        | st.builds(
            lambda op, a, b: Constraint(logical=LogicalConstraint(op=op, a=a, b=b)),
            st.sampled_from([Op.AND, Op.AND, Op.OR, Op.XOR]),
            inner | permanodes,
            inner | permanodes,
        )
        | inner.map(lambda it: Constraint(logical=LogicalConstraint(op=Op.NOT, a=it)))
        | st.tuples(permanodes, prefixes).map(
            lambda pair: Constraint(permanode=pair[0].permanode, blob_ref_prefix=pair[1])
        )
    )


_deeper = _leaves | _around(_leaves)
constraints = _leaves | _deeper | _around(_leaves | _around(_deeper))
"""Any constraints."""

of_permanodes = _around(constraints).map(
    lambda it: Constraint(
        logical=LogicalConstraint(
            op=Op.AND, a=Constraint(permanode=PermanodeConstraint(skip_hidden=True)), b=it
        )
    )
) | _permanodes(constraints).map(lambda it: Constraint(permanode=it))
"""Those that only permanodes can fit, as expressions become."""

sorts = st.sampled_from([None, *Sort])
queries = st.builds(SearchQuery, constraint=constraints | of_permanodes | of_permanodes, sort=sorts)
