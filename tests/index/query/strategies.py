"""Random constraints and queries, for tests of what must hold of all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.index.query.constraints import (
    Constraint,
    DirConstraint,
    ExifConstraint,
    FileConstraint,
    LogicalConstraint,
    MediaTagConstraint,
    Op,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
)
from holdfast.index.query.pages import Place, Sort
from holdfast.index.query.request import DescribeRequest, DescribeRule, SearchQuery
from holdfast.index.query.scalars import (
    FloatConstraint,
    IntConstraint,
    LocationConstraint,
    StringConstraint,
    TimeConstraint,
)
from holdfast.schema.timestamps import END_NS, FIRST_NS, Timestamp

MAX = (1 << 63) - 1

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
refs = st.binary(max_size=2).map(Ref.of)
moments = st.integers(FIRST_NS + 1, END_NS - 1).map(Timestamp)
floats = st.floats(allow_nan=False, allow_infinity=False)


def maybe(strategy):
    return st.none() | strategy


def fields(kind, **strategies):
    return st.fixed_dictionaries({}, optional=strategies).map(lambda given: kind(**given))


ints = (
    st.tuples(st.integers(1, MAX), st.integers(1, MAX)).map(
        lambda pair: IntConstraint(min=min(pair), max=max(pair))
    )
    | st.integers(-MAX, MAX).map(lambda number: IntConstraint(equals=number))
    | st.integers(0, MAX).map(lambda number: IntConstraint(zero_min=True, max=number))
    | st.just(IntConstraint(zero_min=True, zero_max=True))
    | st.just(IntConstraint())
)
numbers = (
    st.tuples(floats, floats).map(lambda pair: FloatConstraint(min=min(pair), max=max(pair)))
    | st.just(FloatConstraint(zero_min=True))
).filter(lambda number: not (number.lowest is None and number.min))
strings = fields(
    StringConstraint,
    empty=st.booleans(),
    equals=texts,
    contains=texts,
    has_prefix=texts,
    has_suffix=texts,
    byte_length=ints,
    case_insensitive=st.booleans(),
    regexp=st.sampled_from(["", "^a.*b$", r"\d+"]),
)
times = fields(TimeConstraint, before=moments, after=moments, in_last=st.integers(-MAX, MAX))
locations = fields(
    LocationConstraint,
    any=st.booleans(),
    north=floats,
    west=floats,
    east=floats,
    south=floats,
    place=texts,
)
media_tags = fields(MediaTagConstraint, tag=texts, string=strings, int=ints)


def files(directories):
    return fields(
        FileConstraint,
        file_size=ints,
        file_name=strings,
        mime_type=strings,
        time=times,
        mod_time=times,
        whole_ref=refs,
        parent_dir=directories,
        is_image=st.booleans(),
        exif=st.just(ExifConstraint()),
        width=ints,
        height=ints,
        width_height_ratio=numbers,
        location=locations,
        media_tag=media_tags,
        text=texts,
    )


plain_directories = fields(
    DirConstraint, file_name=strings, blob_ref_prefix=texts, top_file_count=ints
)
plain_files = files(plain_directories)
leaves = (
    st.just(Constraint())
    | st.just(Constraint(anything=True))
    | fields(
        Constraint,
        camli_type=texts,
        any_camli_type=st.booleans(),
        blob_ref_prefix=texts,
        file=plain_files,
        dir=plain_directories,
        blob_size=ints,
        named=texts,
    )
)


def around(inner):
    """Constraints with `inner` ones in them."""
    logical = st.builds(
        LogicalConstraint, op=st.sampled_from([Op.AND, Op.OR, Op.XOR]), a=inner, b=inner
    ) | st.builds(LogicalConstraint, op=st.just(Op.NOT), a=inner)
    relations = st.builds(
        RelationConstraint, relation=st.sampled_from(Relation), edge_type=texts, any=inner
    ) | st.builds(
        RelationConstraint, relation=st.sampled_from(Relation), edge_type=texts, all=inner
    )
    permanodes = fields(
        PermanodeConstraint,
        at=moments,
        mod_time=times,
        time=times,
        skip_hidden=st.booleans(),
        value_all_match=st.booleans(),
        value=texts,
        value_matches=strings,
        value_matches_int=ints,
        value_matches_float=numbers,
        value_in_set=inner,
        relation=relations,
        location=locations,
        text=texts,
    ) | st.builds(
        PermanodeConstraint,
        attr=texts,
        value=texts.filter(bool),
        num_value=maybe(st.just(IntConstraint(min=2))),
    )
    directories = st.builds(
        DirConstraint,
        parent_dir=maybe(plain_directories),
        contains=st.builds(Constraint, file=plain_files),
    ) | st.builds(
        DirConstraint,
        recursive_contains=st.builds(
            Constraint,
            logical=st.builds(
                LogicalConstraint,
                op=st.just(Op.OR),
                a=st.builds(Constraint, file=plain_files),
                b=st.builds(Constraint, dir=plain_directories),
            ),
        ),
    )
    return (
        st.builds(Constraint, logical=logical)
        | st.builds(Constraint, permanode=permanodes)
        | st.builds(Constraint, dir=directories, file=maybe(plain_files))
    )


constraints = st.recursive(leaves, around, max_leaves=6)

rules = st.recursive(
    fields(DescribeRule, if_result_root=st.booleans(), attrs=st.lists(texts).map(tuple)),
    lambda inner: fields(
        DescribeRule, if_camli_node_type=texts, rules=st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=4,
)
describes = fields(
    DescribeRequest,
    blobref=refs,
    blobrefs=st.lists(refs, max_size=3).map(tuple),
    depth=st.integers(-MAX, MAX),
    max_dir_children=st.integers(-MAX, MAX),
    at=moments,
    rules=st.lists(rules, max_size=3).map(tuple),
)
places = st.builds(Place, ns=st.integers(FIRST_NS, END_NS - 1), ref=refs)
ordered = st.sampled_from([sort for sort in Sort if sort.has_places])

queries = (
    fields(
        SearchQuery,
        constraint=constraints,
        limit=st.integers(-MAX, MAX),
        sort=st.sampled_from(Sort),
        describe=describes,
    )
    | fields(SearchQuery, expression=texts, sort=ordered, around=refs)
    | fields(SearchQuery, constraint=constraints, sort=ordered, after=places)
)
