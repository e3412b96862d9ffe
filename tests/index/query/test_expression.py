"""The search language: what expressions stand for, and what errors say of the others."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.blobstore.errors import Blame
from holdfast.index.query.constraints import (
    BASE,
    Constraint,
    LogicalConstraint,
    Op,
    PermanodeConstraint,
    both,
    either,
    negated,
)
from holdfast.index.query.errors import BadExpression, BadQuery
from holdfast.index.query.expression import constraint_of, parse_expression, parse_saved
from holdfast.index.query.parser import MAX_EXPRESSION
from holdfast.index.query.predicates import FIXED, PREDICATES
from holdfast.index.query.reading import parse_constraint, parse_query
from holdfast.index.query.request import SearchQuery
from holdfast.index.query.writing import to_json
from holdfast.schema.timestamps import format_ns


def meant(expression: str) -> Constraint:
    """What an expression says, without what all of them say."""
    constraint = parse_expression(expression)
    assert constraint.logical is not None
    assert constraint.logical.b is not None
    assert constraint == both(BASE, constraint.logical.b)
    return constraint.logical.b


def permanode(expression: str) -> object:
    """The JSON of the permanode constraint that an expression stands for."""
    written = to_json(meant(expression))
    assert list(written) == ["permanode"]
    return written["permanode"]


def error_of(expression: str) -> BadExpression:
    with pytest.raises(BadExpression) as caught:
        parse_expression(expression)
    return caught.value


def refusal_of(expression: str) -> BadExpression | None:
    try:
        parse_expression(expression)
    except BadExpression as error:
        return error
    return None


def has(attribute: str, **tests: object) -> object:
    return {"attr": attribute, "skipHidden": True, **tests}


def content(**file: object) -> object:
    return {"attr": "camliContent", "valueInSet": {"file": file}}


# Predicates.


@pytest.mark.parametrize(
    ("expression", "constraint"),
    [
        ("tag:photo", has("tag", value="photo")),
        ('tag:"Foo Bar"', has("tag", value="Foo Bar")),
        ('tag:"a\\"b\\t\\u00e9\\x41\\101"', has("tag", value='a"b\té' + "AA")),
        ("tag:", has("tag", valueMatches={"empty": True})),
        ("tag:Ä-ß+$", has("tag", value="Ä-ß+$")),
        ('tag:a"b', has("tag", value='a"b')),
        ("attr:foo:bar", has("foo", value="bar")),
        ('attr:foo:"fun bar"', has("foo", value="fun bar")),
        ('attr:"camliPath:a.txt":x', has("camliPath:a.txt", value="x")),
        ("attr:foo:", has("foo", valueMatches={"empty": True})),
        (
            "attr:foo:~Bar",
            has("foo", valueMatches={"contains": "Bar", "caseInsensitive": True}),
        ),
        ("attr:foo:~", has("foo", valueMatches={"caseInsensitive": True})),
        ("attr::x", {"skipHidden": True, "value": "x"}),
        (
            "title:Doggies",
            has("title", valueMatches={"contains": "Doggies", "caseInsensitive": True}),
        ),
        ("title:", has("title", valueMatches={"caseInsensitive": True})),
        (
            "childrenof:sha1-f00ba4",
            {"relation": {"relation": "parent", "any": {"blobRefPrefix": "sha1-f00ba4"}}},
        ),
        (
            "parentof:sha1-f00ba4",
            {"relation": {"relation": "child", "any": {"blobRefPrefix": "sha1-f00ba4"}}},
        ),
        ("childrenof:", {"relation": {"relation": "parent", "any": {}}}),
        ("format:jpg", content(mimeType={"equals": "image/jpeg"})),
        ("format:jpeg", content(mimeType={"equals": "image/jpeg"})),
        ("format:png", content(mimeType={"equals": "image/png"})),
        ("format:gif", content(mimeType={"equals": "image/gif"})),
        ("format:pdf", content(mimeType={"equals": "application/pdf"})),
        ("format:text/plain", content(mimeType={"equals": "text/plain"})),
        ("filename:a.txt", content(fileName={"equals": "a.txt"})),
        ("filename:*.txt", content(fileName={"hasSuffix": ".txt"})),
        ("filename:IMG*", content(fileName={"hasPrefix": "IMG"})),
        ("filename:*a*", content(fileName={"contains": "a"})),
        ("filename:*", content(fileName={})),
        ("filename:**", content(fileName={})),
        ("filename:", content(fileName={})),
        ("width:640", content(isImage=True, width={"min": 640, "max": 640})),
        ("width:480-1024", content(isImage=True, width={"min": 480, "max": 1024})),
        ("width:480-", content(isImage=True, width={"min": 480})),
        ("width:-1024", content(isImage=True, width={"max": 1024})),
        ("width:-", content(isImage=True, width={})),
        ("width:0-640", content(isImage=True, width={"zeroMin": True, "max": 640})),
        ("height:0", content(isImage=True, height={"zeroMin": True, "zeroMax": True})),
        ("height:500-300", content(isImage=True, height={"min": 500, "max": 300})),
        ("is:image", content(isImage=True)),
        ('is:"image"', content(isImage=True)),
        ("is:landscape", content(isImage=True, widthHeightRation={"min": 1.0})),
        ("is:portrait", content(isImage=True, widthHeightRation={"max": 1.0})),
        ("is:pano", content(isImage=True, widthHeightRation={"min": 2.0})),
        ("is:post", {"attr": "camliNodeType", "value": "twitter.com:tweet"}),
        ("is:like", {"attr": "camliNodeType", "value": "twitter.com:like"}),
        ("is:checkin", {"attr": "camliNodeType", "value": "foursquare.com:checkin"}),
        ("has:location", {"location": {"any": True}}),
        (
            "locrect:50,-80,-40.5,+160",
            {"location": {"north": 50.0, "west": -80.0, "south": -40.5, "east": 160.0}},
        ),
        ('loc:"new york"', {"location": {"place": "new york"}}),
        ("text:tower", {"text": "tower"}),
        ('text:"tower of london"', {"text": "tower of london"}),
    ],
)
def test_predicates_stand_for_constraints(expression, constraint):
    assert permanode(expression) == constraint


def test_refs_and_saved_searches_stand_for_themselves():
    assert meant("ref:sha224-ab") == Constraint(blob_ref_prefix="sha224-ab")
    assert meant("ref:") == Constraint()
    assert meant("named:mine") == Constraint(named="mine")


def test_untagged_is_a_negation():
    inner = to_json(meant("is:untagged"))["logical"]
    tagged = {"permanode": has("tag", valueMatches={"byteLength": {"min": 1}})}
    assert inner == {"op": "not", "a": tagged}


def test_with_looks_for_either_name_of_a_person():
    part = {"contains": "ali", "caseInsensitive": True}
    person = {"permanode": {"attr": "camliNodeType", "value": "foursquare.com:person"}}
    given_name = {"permanode": {"attr": "givenName", "valueMatches": part}}
    family_name = {"permanode": {"attr": "familyName", "valueMatches": part}}
    names = {"logical": {"op": "or", "a": given_name, "b": family_name}}
    assert permanode("with:ali") == {
        "attr": "with",
        "valueInSet": {"logical": {"op": "and", "a": person, "b": names}},
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016", "2016-01-01T00:00:00Z"),
        ("2016-03", "2016-03-01T00:00:00Z"),
        ("2016-1", "2016-11-01T00:00:00Z"),
        ("201", "2010-01-01T00:00:00Z"),
        ("2016-03-05", "2016-03-05T00:00:00Z"),
        ('"2016-03-05T10:20"', "2016-03-05T10:20:00Z"),
        ('"2016-03-05T10:20:30.25+01:00"', "2016-03-05T09:20:30.25Z"),
        ("1969", "1969-01-01T00:00:00Z"),
        ("1970", "1970-01-01T00:00:00Z"),
        ("9999-12-31", "9999-12-31T00:00:00Z"),
        ("", "0001-01-01T00:00:00.000000001Z"),
        ("0000", "0001-01-01T00:00:00.000000001Z"),
        ("0001", "0001-01-01T00:00:00.000000001Z"),
    ],
)
def test_the_beginning_of_a_time_is_a_bound(text, moment):
    assert permanode(f"after:{text}") == {"time": {"after": moment}}
    assert permanode(f"before:{text}") == {"time": {"before": moment}}


@pytest.mark.parametrize(
    ("text", "after", "before"),
    [
        ("2015", "2015-01-01", "2016-01-01"),
        ("2015-12", "2015-12-01", "2016-01-01"),
        ("2016-02", "2016-02-01", "2016-03-01"),
        ("2016-02-28", "2016-02-28", "2016-02-29"),
        ("2016-12-31", "2016-12-31", "2017-01-01"),
        ("2014..2016", "2014-01-01", "2017-01-01"),
        ("2014-06..2014-08-15", "2014-06-01", "2014-08-16"),
        ("2014..", "2014-01-01", None),
        ("..1969", None, "1970-01-01"),
        ("0001", None, "0002-01-01"),
        ("9999", "9999-01-01", None),
        ("9999-12-31", "9999-12-31", None),
    ],
)
def test_dates_are_whole_years_months_or_days(text, after, before):
    bounds = {"before": before, "after": after}
    wanted = {side: f"{day}T00:00:00Z" for side, day in bounds.items() if day}
    assert permanode(f"date:{text}") == {"time": wanted}


@given(st.dates())
def test_every_day_is_a_date(day):
    constraint = meant(f"date:{day.isoformat()}").permanode
    assert constraint is not None
    assert constraint.time is not None
    after, before = constraint.time.after, constraint.time.before
    if after is not None:
        assert format_ns(after.ns) == f"{day.isoformat()}T00:00:00Z"
    if after is not None and before is not None:
        assert before.ns - after.ns == 86_400 * 10**9


# Grammar.

P = "is:pano"
F = "attr:foo:bar"
G = "attr:go:run"
p, f, g = meant(P), meant(F), meant(G)


@pytest.mark.parametrize(
    ("expression", "constraint"),
    [
        (f"- {P}", negated(p)),
        (f"-{P}", negated(p)),
        (f"--{P}", p),
        (f"- - - {P}", negated(p)),
        (f"({P})", p),
        (f"( {P} ) {F}", both(p, f)),
        (f"({P}){F}", both(p, f)),
        (f"{P} {F}", both(p, f)),
        (f"{P}\t\n\v\f\r{F}", both(p, f)),
        (f"{P} and {F}", both(p, f)),
        (f"{P} and({F})", both(p, f)),
        (f"{P} or({F})", either(p, f)),
        (f"({P})and {F}", both(p, f)),
        (f"-({P} {F}) {G}", both(negated(both(p, f)), g)),
        (f"{P} or {F}", either(p, f)),
        (f"{P} {G} {F}", both(both(p, g), f)),
        (f"{P} and {G} and {F}", both(both(p, g), f)),
        (f"{P} or {G} or {F}", either(either(p, g), f)),
        (f"{P} or - {G} or {F}", either(either(p, negated(g)), f)),
        (f"{P} or ( {F} {G} )", either(p, both(f, g))),
        (f"{P} or {F} and {G}", either(p, both(f, g))),
        (f"{P} and {F} or {G}", either(both(p, f), g)),
        (f"{P} and {F} or - ( {G} {P} ) {P}", either(both(p, f), both(negated(both(g, p)), p))),
        (
            f"{P} or {F} {G} or - {G} or {P} {P} or {F}",
            either(either(either(either(p, both(f, g)), negated(g)), both(p, p)), f),
        ),
        # Where the reference goes wrong: three operands side by side, right of an `or`.
        (f"{P} or {F} {G} {P}", either(p, both(both(f, g), p))),
        (f"{P} or {F} and {G} {P}", either(p, both(both(f, g), p))),
        ("tag:(tag:x)", both(meant("tag:"), meant("tag:x"))),
        (
            "tag:and and tag:or or tag:and",
            either(both(meant("tag:and"), meant("tag:or")), meant("tag:and")),
        ),
    ],
)
def test_operands_are_joined(expression, constraint):
    assert meant(expression) == constraint


def holds(constraint: Constraint, tags: frozenset[str]) -> bool:
    """Whether something with these tags fits a constraint that is about nothing else."""
    match constraint:
        case Constraint(permanode=PermanodeConstraint(attr="tag", value=tag)):
            return tag in tags
        case Constraint(logical=LogicalConstraint(op=Op.NOT, a=a)):
            return not holds(a, tags)
        case Constraint(logical=LogicalConstraint(op=Op.AND, a=a, b=Constraint() as b)):
            return holds(a, tags) and holds(b, tags)
        case Constraint(logical=LogicalConstraint(op=Op.OR, a=a, b=Constraint() as b)):
            return holds(a, tags) or holds(b, tags)
    raise AssertionError(constraint)


LOGIC = st.recursive(
    st.sampled_from("abc").map(lambda tag: (f"tag:{tag}", f"({tag!r} in tags)")),
    lambda inner: (
        st.tuples(inner, st.sampled_from([" ", " and ", " or "]), inner).map(
            lambda part: (
                part[0][0] + part[1] + part[2][0],
                part[0][1] + (" or " if part[1] == " or " else " and ") + part[2][1],
            )
        )
        | inner.map(lambda part: (f"({part[0]})", f"({part[1]})"))
        | inner.map(lambda part: (f"- ({part[0]})", f"(not ({part[1]}))"))
    ),
    max_leaves=25,
)


@given(LOGIC, st.frozensets(st.sampled_from("abc")))
def test_expressions_mean_what_the_same_means_in_python(logic, tags):
    expression, python = logic
    assert holds(meant(expression), tags) == eval(python, {"tags": tags})


@pytest.mark.parametrize("empty", ["", "  ", "\n", "\u00a0\u2003"])
def test_the_empty_expression_asks_for_all_that_is_not_hidden(empty):
    assert parse_expression(empty) == BASE
    assert constraint_of(SearchQuery(expression=empty)) == BASE


def test_white_space_around_an_expression_is_none_of_it():
    assert meant(f" \u00a0{P}\u3000\n") == p


def test_long_chains_are_not_deep():
    constraint = parse_expression(" or ".join(["tag:x"] * 1000))
    assert repr(constraint).count("Op.OR") == 999
    assert parse_constraint(json.dumps(to_json(constraint)).encode()) == constraint


# Errors.


@pytest.mark.parametrize(
    ("expression", "problem", "position", "token"),
    [
        ("x", "No support for literals yet", 0, "x"),
        ("tag2:x", "No support for literals yet", 0, "tag2"),
        ("tag:a AND tag:b", "No support for literals yet", 6, "AND"),
        ("is:pano or", "No support for literals yet", 8, "or"),
        ("or is:pano", "No support for literals yet", 0, "or"),
        ("and is:pano", "No support for literals yet", 0, "and"),
        ("is:pano - or - is:pano", "No support for literals yet", 10, "or"),
        ("tag:a\u00a0b", "No support for literals yet", 5, ""),
        ('"a b"', "No support for quoted literals yet", 0, '"a b"'),
        ('"foo', "Unclosed quote", 0, "Unclosed quote"),
        ('is:pano and "foo', "Unclosed quote", 12, "Unclosed quote"),
        ('tag:"foo', "Unclosed quote", 4, "Unclosed quote"),
        ('tag:"foo\\"', "Unclosed quote", 4, "Unclosed quote"),
        ('tag:"\\q"', "invalid syntax", 4, '"\\q"'),
        ('tag:"\\ud800"', "invalid syntax", 4, '"\\ud800"'),
        ('tag:"\\400"', "invalid syntax", 4, '"\\400"'),
        ('tag:"a\nb"', "invalid syntax", 4, '"a\nb"'),
        ("-", "Expected an atom", -1, ""),
        ("is:pano or ", "No support for literals yet", 8, "or"),
        ("is:pano or (", "No matching closing parenthesis", 11, "("),
        ("is:pano or -", "Expected an atom", -1, ""),
        ("(is:pano or -", "Expected an atom", -1, ""),
        (")", "No matching opening parenthesis", 0, ")"),
        ("()", "No matching opening parenthesis", 1, ")"),
        ("is:pano)", "No matching opening parenthesis", 7, ")"),
        ("(", "No matching closing parenthesis", 0, "("),
        ("tag:a (tag:b", "No matching closing parenthesis", 6, "("),
        (":x", "Predicates do not start with a colon", 0, ":"),
        ("bogus:x", 'Unknown search predicate: "bogus:x"', 0, "bogus:x"),
        ("tag:ssumq is:imge", 'Unknown search predicate: "is:imge"', 10, "is:imge"),
        ("is:image:", 'Unknown search predicate: "is:image:"', 0, "is:image:"),
        ("Tag:x", 'Unknown search predicate: "Tag:x"', 0, "Tag:x"),
        ("raw:x", 'Unknown search predicate: "raw:x"', 0, "raw:x"),
        ("map:1,2,3,4", 'Unknown search predicate: "map:1,2,3,4"', 0, "map:1,2,3,4"),
        (
            "after:2015-06-07T10:20",
            'Wrong number of arguments for "after", given 2, expected 1',
            0,
            "after:2015-06-07T10:20",
        ),
        (
            "     attr:foo",
            'Wrong number of arguments for "attr", given 1, expected 2',
            0,
            "attr:foo",
        ),
        (
            'tag:"a b":c',
            'Wrong number of arguments for "tag", given 2, expected 1',
            0,
            "tag:a b:c",
        ),
        ("tag:é format:tiff", "Unknown format: tiff", 7, "format:tiff"),
        (
            "filename:a*b",
            "unsupported glob wildcard in filename search predicate",
            0,
            "filename:a*b",
        ),
        ("locrect:1,2,3", "got 3 coordinates for location area, expected 4", 0, "locrect:1,2,3"),
        ('loc:""', 'No location found for ""', 0, "loc:"),
        ("named:", "No named search found for: ", 0, "named:"),
        ("text:-", "text wants words to look for", 0, "text:-"),
    ],
)
def test_errors_are_the_references_with_its_positions(expression, problem, position, token):
    error = error_of(expression)
    assert (error.problem, error.position, error.token) == (problem, position, token)
    assert error.blame is Blame.CALLER


@pytest.mark.parametrize("text", ["++0", "a", "1-2-3", "12345678901", "٣"])
def test_ranges_of_numbers_are_digits(text):
    assert error_of(f"width:{text}").problem == (
        f'Unable to parse "{text}" as range, wanted something like 480-1024, 480-, -1024 or 1024'
    )


@pytest.mark.parametrize("corner", ["", "x", "NaN", "Inf", "1_0", " 1", "0x1", "1e999"])
def test_corners_of_boxes_are_numbers(corner):
    assert error_of(f'locrect:"1,2,3,{corner}"').problem.startswith(
        "could not convert location area coordinate as a float: "
    )


@pytest.mark.parametrize("text", ["foo", "2016-13", "2016-02-30", "2016-3", "20166", "x" * 30])
def test_texts_that_begin_no_time_are_refused(text):
    assert error_of(f"after:{text}").problem.startswith('parsing time "')


@pytest.mark.parametrize(
    "text", ["", "..", "2016-3", "2016-02-30", "0000", "2016..2015", "1..2", "2016...2017", "x"]
)
def test_texts_that_are_no_range_of_dates_are_refused(text):
    assert error_of(f"date:{text}").token == f"date:{text}"


def test_the_whole_message_is_the_references():
    assert str(error_of("tag:ssumq is:imge")) == (
        'Invalid SearchQuery: Error parsing search expression "tag:ssumq is:imge":'
        ' Unknown search predicate: "is:imge" at position 10, token: "is:imge"'
    )


def test_messages_are_one_line_of_what_can_be_seen():
    for predicate in ("bogus", "format", "after", "date", "width", "locrect"):
        message = str(error_of(f'{predicate}:"\u202e\\n\x1b\udc80"'))
        assert "\\u202e\\\\n\\x1b\\udc80" in message
        assert message.isprintable()
        assert len(str(error_of(predicate + ":x" * 30_000))) < 5000


TOKENS = [
    *(
        "tag:a",
        "attr:b:c",
        'title:"x y"',
        "is:image",
        "date:2016",
        "width:1-2",
        "bogus:x",
        "tag:",
        'format:"\\n"',
    ),
    *("and", "or", "-", "(", ")", " ", "\u00a0", '"', '"a"', ":", "\\", "é", "word", "\udc80"),
]


@given(st.text(max_size=60) | st.lists(st.sampled_from(TOKENS), max_size=20).map(" ".join))
@example("tag:\u00a0")
@example("\u0085-")
def test_no_text_does_worse_than_be_refused_at_some_position_in_it(text):
    refusal = refusal_of(text)
    if refusal is not None:
        assert 0 <= refusal.start <= len(text)
        assert -1 <= refusal.position <= len(text.encode("utf-8", "surrogatepass"))
        assert str(refusal).isprintable()


def atoms() -> st.SearchStrategy[str]:
    return st.sampled_from(["tag:a", "is:image", "title:x", "ref:sha1-0", "before:2016"])


@given(
    st.recursive(
        atoms(),
        lambda inner: (
            st.tuples(inner, st.sampled_from([" ", " and ", " or "]), inner).map("".join)
            | inner.map(lambda text: f"({text})")
            | inner.map(lambda text: f"-({text})")
        ),
        max_leaves=20,
    )
)
def test_what_an_expression_stands_for_can_be_asked_as_json(text):
    constraint = parse_expression(text)
    query = parse_query(json.dumps(to_json(SearchQuery(constraint=constraint))).encode())
    assert constraint_of(query) == constraint
    assert constraint_of(SearchQuery(expression=text)) == constraint


def test_parentheses_nest_to_a_bound():
    assert meant("(" * 50 + P + ")" * 50) == p
    assert error_of("(" * 51 + P + ")" * 51).start == 50
    assert error_of("(" * 10_000).problem == "Nested too deep"


def test_constraints_nest_to_a_bound():
    deep = P
    for _ in range(45):
        deep = f"-({deep} or {F} {G} {F} {G} {F} {G})"
    assert error_of(deep).problem == "Too long, or nested too deep"


def test_the_length_is_bounded_and_the_longest_are_read_soon():
    start = time.perf_counter()
    assert error_of("tag:a " * (MAX_EXPRESSION // 6)).problem == "Too long, or nested too deep"
    assert (
        error_of("x" * (MAX_EXPRESSION + 1)).problem == "Expressions have at most 65536 characters"
    )
    for text in ("-", "(", '"', "\\", 'tag:"', "tag:\\", "a:", 'a:"\\"', ":", "and ", "é"):
        error_of(text * (MAX_EXPRESSION // len(text)))
    assert time.perf_counter() - start < 20


# Saved searches, and the table of predicates.


def test_a_saved_search_is_an_expression_without_base_or_a_constraint():
    assert parse_saved(P) == p
    assert parse_saved('{"anything": true}') == Constraint(anything=True)
    for nothing in ("", " \n", "{", '{"x": 1}'):
        with pytest.raises(BadQuery):
            parse_saved(nothing)


def test_every_predicate_is_in_the_table_once():
    names = [predicate.name for predicate in PREDICATES]
    assert len(names) == len(set(names))
    for atom, _, constraint in FIXED:
        assert meant(atom) == constraint
