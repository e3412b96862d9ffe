"""Queries from JSON and back: what is read, what is refused, and where the error is."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.index.query.constraints import (
    Constraint,
    FileConstraint,
    LogicalConstraint,
    Op,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
    negated,
)
from holdfast.index.query.errors import BadQuery
from holdfast.index.query.pages import Sort
from holdfast.index.query.reading import (
    MAX_QUERY_SIZE,
    parse_constraint,
    parse_describe,
    parse_query,
    read_query,
)
from holdfast.index.query.request import SearchQuery
from holdfast.index.query.scalars import (
    FloatConstraint,
    IntConstraint,
    LocationConstraint,
    StringConstraint,
    TimeConstraint,
)
from holdfast.index.query.trees import MAX_DEPTH, MAX_OBJECTS
from holdfast.index.query.writing import to_json
from holdfast.schema.timestamps import Timestamp, parse_time

from .strategies import constraints, describes, queries

REF = Ref.of(b"something")

KEYS = [
    *("constraint", "describe", "sort", "around", "continue", "rules", "attrs", "unknown"),
    *("logical", "op", "a", "b", "permanode", "attr", "value", "at", "numValue", "min", "zeroMin"),
    *("relation", "any", "file", "fileName", "regexp", "dir", "contains"),
]


def asked(constraint: object) -> Constraint:
    """The constraint that a query with this JSON asks for."""
    found = parse_query(json.dumps({"constraint": constraint}).encode()).constraint
    assert found is not None
    return found


def refused(query: object) -> BadQuery:
    """The error that a query with this JSON gives."""
    with pytest.raises(BadQuery) as caught:
        parse_query(json.dumps(query).encode())
    return caught.value


def why(constraint: object) -> tuple[str, str]:
    """Where a constraint is wrong, and why."""
    error = refused({"constraint": constraint})
    return error.path, error.why


@given(queries)
def test_every_query_reads_back_as_itself(query):
    written = to_json(query)
    assert parse_query(json.dumps(written).encode()) == query
    assert to_json(read_query(written)) == written


@given(constraints, describes)
def test_constraints_and_describes_stand_alone_too(constraint, describe):
    assert parse_constraint(json.dumps(to_json(constraint)).encode()) == constraint
    assert parse_describe(json.dumps(to_json(describe)).encode()) == describe


@given(constraints)
def test_equal_constraints_have_equal_hashes(constraint):
    again = parse_constraint(json.dumps(to_json(constraint)).encode())
    assert len({constraint, again}) == 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_no_bytes_do_worse_than_be_refused(data):
    with contextlib.suppress(BadQuery):
        parse_query(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(KEYS),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_does_worse_than_be_refused(value):
    try:
        query = read_query(value)
    except BadQuery:
        return
    assert read_query(to_json(query)) == query


# The captured pairs of the reference: what its clients send, and what that means.
TAGGED = {"permanode": {"attr": "tag", "value": "ssumq"}}
TAGGED_VALUE = Constraint(permanode=PermanodeConstraint(attr="tag", value="ssumq"))


@pytest.mark.parametrize(
    ("constraint", "meaning"),
    [
        (TAGGED, TAGGED_VALUE),
        (
            {"permanode": {"attr": "ssumqn", "valueMatchesInt": {"min": 40, "max": 50}}},
            Constraint(
                permanode=PermanodeConstraint(
                    attr="ssumqn", value_matches_int=IntConstraint(min=40, max=50)
                )
            ),
        ),
        (
            {
                "permanode": {
                    "attr": "camliContent",
                    "valueInSet": {"file": {"fileName": {"hasPrefix": "a-", "hasSuffix": ".txt"}}},
                }
            },
            Constraint(
                permanode=PermanodeConstraint(
                    attr="camliContent",
                    value_in_set=Constraint(
                        file=FileConstraint(
                            file_name=StringConstraint(has_prefix="a-", has_suffix=".txt")
                        )
                    ),
                )
            ),
        ),
        (
            {"permanode": {"relation": {"relation": "parent", "any": {"blobRefPrefix": REF}}}},
            Constraint(
                permanode=PermanodeConstraint(
                    relation=RelationConstraint(
                        relation=Relation.PARENT, any=Constraint(blob_ref_prefix=REF)
                    )
                )
            ),
        ),
        (
            # Written without tags, so the reference's own clients send capitals here.
            {"permanode": {"relation": {"Relation": "child", "EdgeType": "x", "All": TAGGED}}},
            Constraint(
                permanode=PermanodeConstraint(
                    relation=RelationConstraint(
                        relation=Relation.CHILD, edge_type="x", all=TAGGED_VALUE
                    )
                )
            ),
        ),
        (
            {"logical": {"op": "and", "a": TAGGED, "b": {"logical": {"op": "not", "a": TAGGED}}}},
            Constraint(
                logical=LogicalConstraint(op=Op.AND, a=TAGGED_VALUE, b=negated(TAGGED_VALUE))
            ),
        ),
        (
            {
                "file": {
                    "width": {"min": 400},
                    "location": {"any": True},
                    "widthHeightRation": {"min": 1},
                    "wholeRef": None,
                    "exif": None,
                }
            },
            Constraint(
                file=FileConstraint(
                    width=IntConstraint(min=400),
                    location=LocationConstraint(any=True),
                    width_height_ratio=FloatConstraint(min=1.0),
                )
            ),
        ),
        (
            {"permanode": {"at": "0001-01-01T00:00:00Z", "attr": "tag", "value": "spec1"}},
            Constraint(permanode=PermanodeConstraint(attr="tag", value="spec1")),
        ),
        ({}, Constraint()),
        ({"anything": True}, Constraint(anything=True)),
        ({"permanode": {}}, Constraint(permanode=PermanodeConstraint())),
        (
            {"permanode": {"attr": "tag", "numValue": {"zeroMax": True}}},
            Constraint(
                permanode=PermanodeConstraint(attr="tag", num_value=IntConstraint(zero_max=True))
            ),
        ),
    ],
)
def test_what_the_references_clients_send_is_read(constraint, meaning):
    assert asked(constraint) == meaning


@pytest.mark.parametrize(
    "query",
    [
        {"expression": "tag:ssumq -is:image -title:set"},
        {"constraint": TAGGED, "sort": "created"},
        {"constraint": TAGGED, "limit": 2, "sort": "-mod"},
        {"constraint": TAGGED, "limit": 3, "sort": "blobref", "around": REF},
        {"constraint": TAGGED, "limit": 2, "continue": f"pn:1791072000000000000:{REF}"},
        {"constraint": {"permanode": {"attr": "n", "valueMatchesInt": {"min": 40, "max": 50}}}},
        {
            "constraint": {
                "permanode": {
                    "attr": "camliContent",
                    "valueInSet": {"file": {"fileName": {"hasPrefix": "a-", "hasSuffix": ".txt"}}},
                }
            }
        },
        {"constraint": {"permanode": {"relation": {"relation": "child", "all": TAGGED}}}},
        {
            "constraint": {
                "logical": {
                    "op": "and",
                    "a": TAGGED,
                    "b": {
                        "logical": {
                            "op": "not",
                            "a": {"permanode": {"attr": "camliContent", "numValue": {"min": 1}}},
                        }
                    },
                }
            }
        },
        {
            "constraint": {
                "file": {
                    "fileName": {"equals": "land.jpg"},
                    "width": {"min": 400},
                    "location": {"any": True},
                }
            },
            "sort": "blobref",
            "describe": {"depth": 1},
        },
        {
            "expression": 'title:"ssumq set"',
            "describe": {
                "depth": 1,
                "rules": [{"attrs": ["camliMember"], "rules": [{"attrs": ["camliContent"]}]}],
            },
        },
        {
            "constraint": {
                "permanode": {
                    "attr": "n",
                    "valueAllMatch": True,
                    "valueMatchesInt": {"zeroMin": True},
                }
            }
        },
        {
            "constraint": {
                "permanode": {"at": "2026-01-15T00:00:00Z", "attr": "title", "value": "A"}
            }
        },
        {"constraint": {"dir": {"recursiveContains": {"file": {"fileName": {"equals": "a"}}}}}},
        {"constraint": {"file": {"parentDir": {"fileName": {"equals": "b"}}}}},
        {"constraint": {"file": {"wholeRef": REF}}},
        {"constraint": {"file": {"mediaTag": {"tag": "track", "int": {"min": 5, "max": 8}}}}},
    ],
)
def test_the_captured_queries_are_written_back_as_they_came(query):
    assert to_json(parse_query(json.dumps(query).encode())) == query


def test_a_real_request_with_all_its_nulls_is_read():
    query = parse_query(
        b'{"constraint":{"permanode":{"at":"0001-01-01T00:00:00Z","attr":"tag","value":"spec1"}},'
        b'"limit":2,"around":null,"describe":{"blobref":null,"at":null}}'
    )
    assert query.limit == 2
    assert query.around is None
    assert query.describe is not None
    assert query.describe.levels == 1


@pytest.mark.parametrize("body", [b"{}", b"null", b' {"constraint": null} ', b'{"expression": ""}'])
def test_what_asks_for_nothing_is_the_empty_expression(body):
    assert parse_query(body) == SearchQuery()


def test_what_follows_the_first_value_is_ignored():
    assert parse_query(b'{"limit": 5} and so on').limit == 5


def test_keys_match_in_any_case():
    assert asked({"PERMANODE": {"Attr": "n", "valueInset": {"ANYTHING": True}}}) == Constraint(
        permanode=PermanodeConstraint(attr="n", value_in_set=Constraint(anything=True))
    )


def test_bounds_of_zero_count_only_if_they_are_said_to():
    zero = asked({"blobSize": {"min": 0, "max": 0}}).blob_size
    meant = asked({"blobSize": {"zeroMin": True, "zeroMax": True}}).blob_size
    equal = asked({"blobSize": {"equals": 7, "min": 3, "max": 4}}).blob_size
    assert zero is not None
    assert meant is not None
    assert equal is not None
    assert (zero.lowest, zero.highest) == (None, None)
    assert (meant.lowest, meant.highest) == (0, 0)
    assert (equal.lowest, equal.highest) == (7, 7)


@pytest.mark.parametrize("unset", [None, "", "0001-01-01T00:00:00Z"])
def test_some_texts_set_no_bound_of_time(unset):
    constraint = asked({"permanode": {"time": {"before": unset, "after": unset, "inLast": 5}}})
    assert constraint.permanode == PermanodeConstraint(time=TimeConstraint(in_last=5))


def test_times_of_every_year_are_bounds():
    times = {"before": "9999-12-31T23:00:00-05:00", "after": "0000-06-01T00:00:00Z"}
    constraint = asked({"permanode": {"time": times}})
    assert constraint.permanode is not None
    bounds = constraint.permanode.time
    assert bounds == TimeConstraint(
        before=parse_time("9999-12-31T23:59:59.999999999Z"),
        after=parse_time("0001-01-01T00:00:00.000000001Z"),
    )
    moment = asked({"permanode": {"at": "1969-12-31T23:59:59.5Z"}}).permanode
    assert moment == PermanodeConstraint(at=Timestamp(-500_000_000))


# Limits, sorts and the rest of a query.


@pytest.mark.parametrize(("limit", "most"), [(0, 200), (None, 200), (7, 7), (-1, None)])
def test_limits_have_a_default_and_can_be_lifted(limit, most):
    assert read_query({"limit": limit}).most == most


@pytest.mark.parametrize(
    "name", ["unsorted", "-mod", "mod", "-created", "created", "blobref", "map"]
)
def test_sorts_have_the_references_names(name):
    assert read_query({"sort": name}).sort == Sort(name)


@pytest.mark.parametrize(
    ("constraint", "sort"),
    [
        ({"permanode": {}}, Sort.CREATED_DESC),
        ({"camliType": "permanode"}, Sort.CREATED_DESC),
        ({"logical": {"op": "and", "a": {"anything": True}, "b": TAGGED}}, Sort.CREATED_DESC),
        ({"logical": {"op": "or", "a": TAGGED, "b": TAGGED}}, Sort.CREATED_DESC),
        ({"logical": {"op": "or", "a": {"anything": True}, "b": TAGGED}}, Sort.BLOBREF),
        ({"logical": {"op": "not", "a": TAGGED}}, Sort.BLOBREF),
        ({"camliType": "file"}, Sort.BLOBREF),
    ],
)
def test_without_a_sort_permanodes_come_newest_first(constraint, sort):
    assert SearchQuery().sort_of(asked(constraint)) is sort
    assert SearchQuery(sort=Sort.MODIFIED).sort_of(asked(constraint)) is Sort.MODIFIED


def test_describe_rules_nest():
    describe = parse_describe(
        b'{"blobrefs":["%s","%s"],"blobref":"%s","maxDirChildren":2000,"unknown":1,'
        b'"rules":[{"attrs":["camliMember"],"rules":[{"attrs":["camliContent","camliPath:*"]}]}]}'
        % ((REF.encode(),) * 3)
    )
    assert describe.roots == (REF,)
    assert describe.most_children == 50
    assert describe.rules[0].rules[0].attrs == ("camliContent", "camliPath:*")


def test_a_key_of_old_clients_is_let_pass_in_a_describe():
    assert read_query({"describe": {"thumbnailSize": 100}}).describe is not None
    assert refused({"describe": {"thumbnailSizes": 100}}).path == "describe"


# What is refused.

NO_TEST = (
    "PermanodeConstraint with Attr requires also setting NumValue or a value-matching constraint"
)
NO_VALUE = (
    "NumValue with ZeroMax makes no sense in conjunction with a value-matching constraint;"
    " matches nothing"
)
NO_FILES = (
    "[Recursive]Contains constraint should have a *FileConstraint, or a *DirConstraint, or"
    " a *LogicalConstraint combination of the aforementioned."
)


@pytest.mark.parametrize(
    ("constraint", "path", "reason"),
    [
        (
            {"permanode": {"attr": "tag"}},
            "constraint.permanode",
            NO_TEST,
        ),
        (
            {"permanode": {"attr": "tag", "numValue": {"zeroMin": True}}},
            "constraint.permanode",
            "NumValue with ZeroMin makes no sense; matches everything",
        ),
        (
            {"permanode": {"attr": "tag", "numValue": {"zeroMax": True}, "value": "x"}},
            "constraint.permanode",
            NO_VALUE,
        ),
        (
            {"permanode": {"attr": "tag", "numValue": {"min": -1}}},
            "constraint.permanode",
            "NumValue with negative Min or Max makes no sense",
        ),
        ({"logical": {}}, "constraint.logical", "In LogicalConstraint, need to set A"),
        (
            {"logical": {"op": "xor", "a": TAGGED}},
            "constraint.logical",
            "In LogicalConstraint, need both A and B set",
        ),
        (
            {"logical": {"op": "nand", "a": TAGGED, "b": TAGGED}},
            "constraint.logical.op",
            'In LogicalConstraint, unknown operation "nand"',
        ),
        (
            {"logical": {"a": TAGGED, "b": TAGGED}},
            "constraint.logical",
            'In LogicalConstraint, unknown operation ""',
        ),
        (
            {"dir": {"contains": {"file": {}}, "recursiveContains": {"file": {}}}},
            "constraint.dir",
            "Contains and RecursiveContains in a DirConstraint are mutually exclusive",
        ),
        (
            {"dir": {"contains": {"logical": {"op": "not", "a": {"anything": True}}}}},
            "constraint.dir",
            NO_FILES,
        ),
        (
            {"permanode": {"relation": {"relation": "ancestor", "any": TAGGED}}},
            "constraint.permanode.relation.relation",
            'only RelationConstraint.Relation of "parent" or "child" is currently supported',
        ),
        (
            {"permanode": {"relation": {"relation": "parent"}}},
            "constraint.permanode.relation",
            "exactly one of RelationConstraint Any or All must be defined",
        ),
        (
            {"permanode": {"relation": {"relation": "parent", "any": TAGGED, "all": TAGGED}}},
            "constraint.permanode.relation",
            "exactly one of RelationConstraint Any or All must be defined",
        ),
        (
            {"blobSize": {"min": 5, "max": 4}},
            "constraint.blobSize",
            "in IntConstraint, min is greater than max",
        ),
        (
            {"blobSize": {"min": 5, "zeroMin": True}},
            "constraint.blobSize",
            "in IntConstraint, can't set both ZeroMin and Min",
        ),
        (
            {"blobSize": {"max": 5, "zeroMax": True}},
            "constraint.blobSize",
            "in IntConstraint, can't set both ZeroMax and Max",
        ),
        ({"claim": {}}, "constraint", "ClaimConstraint is not supported"),
    ],
)
def test_invalid_constraints_are_refused_in_the_references_words(constraint, path, reason):
    assert why(constraint) == (path, reason)
    assert str(refused({"constraint": constraint})).startswith(f"Invalid SearchQuery: {reason}")


def test_what_is_inside_of_others_is_checked_too():
    inner = {"permanode": {"attr": "tag"}}
    for outer in (
        {"permanode": {"attr": "x", "valueInSet": inner}},
        {"permanode": {"relation": {"relation": "child", "any": inner}}},
        {"logical": {"op": "not", "a": inner}},
    ):
        assert why(outer)[1].startswith("PermanodeConstraint with Attr requires")
    assert why({"file": {"width": {"min": 2, "max": 1}}}) == (
        "constraint.file.width",
        "in IntConstraint, min is greater than max",
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (
            {"expression": "tag:x", "constraint": TAGGED},
            "Constraint and Expression are mutually exclusive in a search query",
        ),
        (
            {"around": REF, "continue": f"pn:5:{REF}"},
            "Continue and Around parameters are mutually exclusive",
        ),
        (
            {"sort": "map", "around": REF},
            "Continue or Around parameters are not available with MapSort",
        ),
        (
            {"sort": "map", "continue": f"pn:5:{REF}"},
            "Continue or Around parameters are not available with MapSort",
        ),
        ({"sort": "unsorted", "continue": f"pn:5:{REF}"}, "Continue needs a sort with an order"),
        ({"sort": "x"}, r'Bogus search sort type "\"x\""'),
        ({"sort": ""}, r'Bogus search sort type "\"\""'),
    ],
)
def test_queries_that_contradict_themselves_are_refused(query, reason):
    assert refused(query).why == reason


@pytest.mark.parametrize(
    ("query", "path", "reason"),
    [
        ({"limit": "x"}, "limit", "not an integer of 64 bits"),
        ({"limit": 1.5}, "limit", "not an integer of 64 bits"),
        ({"limit": True}, "limit", "not an integer of 64 bits"),
        ({"limit": 1 << 63}, "limit", "not an integer of 64 bits"),
        ({"expression": 5}, "expression", "not a string"),
        ({"around": "x"}, "around", "not a blobref: 'x'"),
        ({"constraint": []}, "constraint", "not an object"),
        ({"constraint": {"anything": 1}}, "constraint.anything", "not true or false"),
        ({"constraint": {"atrr": 1}}, "constraint", 'unknown field "atrr"'),
        (
            {"constraint": {"file": {"widthHeightRatio": {}}}},
            "constraint.file",
            'unknown field "widthHeightRatio"',
        ),
        (
            {"constraint": {"permanode": {"at": ""}}},
            "constraint.permanode.at",
            "not an RFC 3339 time: ''",
        ),
        (
            {"constraint": {"permanode": {"time": {"inLast": "1h"}}}},
            "constraint.permanode.time.inLast",
            "not an integer of 64 bits",
        ),
        ({"describe": {"rules": {}}}, "describe.rules", "not an array"),
        (
            {"describe": {"rules": [{}, {"attrs": [1]}]}},
            "describe.rules[1].attrs[0]",
            "not a string",
        ),
        ({"describe": {"blobrefs": [None]}}, "describe.blobrefs[0]", "not a string"),
    ],
)
def test_errors_say_where_they_are(query, path, reason):
    error = refused(query)
    assert (error.path, error.why) == (path, reason)
    assert str(error) == f"Invalid SearchQuery: {reason} (at {path})"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{",
        b"[]",
        b"5",
        b'{"limit": NaN}',
        b'{"limit": 1' + b"0" * 5000 + b"}",
        b'{"expression": "x", "Expression": "x"}',
        b'{"constraint": {"permanode": {"valueMatchesFloat": {"min": 1e999}}}}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
)
def test_bodies_that_are_no_query_are_refused(body):
    with pytest.raises(BadQuery):
        parse_query(body)


def test_bytes_and_letters_that_are_none_become_replacement_characters():
    assert parse_query(b'{"expression": "\xff\\ud800"}').expression == "\ufffd\ufffd"


def test_patterns_are_compiled_before_anything_is_searched():
    assert asked({"file": {"fileName": {"regexp": r"^IMG_\d+"}}}) is not None
    path, reason = why({"file": {"fileName": {"regexp": "(a"}}})
    assert path == "constraint.file.fileName"
    assert reason.startswith("in StringConstraint, bad regexp: ")
    # Look-around and back-references are what makes others hang.
    assert "bad regexp" in why({"file": {"fileName": {"regexp": r"(a)\1"}}})[1]
    assert "bad regexp" in why({"file": {"fileName": {"regexp": "a" * 1001}}})[1]


# Bounds.


def nested(levels: int) -> dict[str, object]:
    """A query of so many levels of objects: an odd number."""
    inner: dict[str, object] = {"anything": True}
    for _ in range((levels - 2) // 2):
        inner = {"logical": {"op": "not", "a": inner}}
    return {"constraint": inner}


def test_depth_is_bounded_and_what_is_within_it_can_be_used():
    query = parse_query(json.dumps(nested(MAX_DEPTH)).encode())
    again = parse_query(json.dumps(nested(MAX_DEPTH)).encode())
    assert query == again
    assert hash(query) == hash(again)
    assert repr(query) == repr(again)
    assert to_json(query) == nested(MAX_DEPTH)
    assert "nested deeper" in refused(nested(MAX_DEPTH + 2)).why


def test_the_number_of_objects_is_bounded():
    rules = [{}] * (MAX_OBJECTS - 2)
    assert read_query({"describe": {"rules": rules}}).describe is not None
    assert refused({"describe": {"rules": [*rules, {}]}}).why == f"more than {MAX_OBJECTS} objects"


def test_the_size_of_a_body_is_bounded():
    body = b'{"expression": "' + b"x" * (MAX_QUERY_SIZE - 18) + b'"}'
    assert len(body) == MAX_QUERY_SIZE
    assert parse_query(body).expression
    with pytest.raises(BadQuery, match="more than 1048576 bytes"):
        parse_query(body + b" ")


def test_the_largest_body_is_read_or_refused_soon():
    bodies = [
        b'{"constraint":' + b'{"logical":{"op":"or","a":{},"b":' * 30_000,
        b'{"describe":{"rules":[' + b"{}," * 340_000 + b"{}]}}",
        b'{"describe":{"rules":[{"attrs":[' + b'"a",' * 250_000 + b'"a"]}]}}',
    ]
    start = time.perf_counter()
    for body in bodies:
        assert len(body) <= MAX_QUERY_SIZE
        try:
            parse_query(body)
        except BadQuery:
            continue
    assert time.perf_counter() - start < 20
