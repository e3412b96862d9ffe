"""What each query walks: the narrowest rows that hold all it can find."""

from __future__ import annotations

import pytest

from holdfast.index.query.constraints import Constraint
from holdfast.index.query.expression import parse_expression
from holdfast.index.query.reading import parse_constraint
from holdfast.index.search.planning import Planner, plan_blobs

NOW = 1_700_000_000 * 10**9
REF = "sha224-" + "0" * 56


def planned(expression: str) -> str:
    return str(Planner(NOW).permanodes(parse_expression(expression)).source)


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("", "None"),
        ("tag:lake", "has|tag|lake"),
        ("tag:lake tag:2026", "has|tag|lake & has|tag|2026"),
        ("tag:a or tag:b", "has|tag|a + has|tag|b"),
        ("tag:a (tag:b or tag:c)", "has|tag|a & (has|tag|b + has|tag|c)"),
        ("tag:a or -tag:b", "None"),
        ("-tag:a tag:b", "has|tag|b"),
        ("tag:", "has|tag|"),
        ("attr:colour:~re", "has|colour|*"),
        ("title:tower", "word|*tower* + word|"),
        ('title:"old tower h"', "(word|*old* + word|) & word|tower & (word|h* + word|)"),
        ("text:Müller", "word|muller"),
        ('text:"two words"', "word|two & word|words"),
        ("is:image", "content|type|image + content|several|"),
        ("is:image tag:lake", "(content|type|image + content|several|) & has|tag|lake"),
        ("format:pdf", "content|mime|application/pdf + content|several|"),
        ("filename:a.txt", "content|name|a.txt + content|several|"),
        (
            "width:480-1024",
            "(content|type|image & content|width|0000000480..0000001024) + content|several|",
        ),
        (
            "is:untagged",
            "lacks|tag + has|tag| + has|camliDefVis|hide + has|camliNodeType|foursquare.com:venue",
        ),
        ("has:location", "cell|"),
        (f"childrenof:{REF}", f"member|{REF}"),
        (f"parentof:{REF}", "holders by camliMember, camliPath:* of (...)"),
        (f"ref:{REF}", REF),
        ("ref:sha224-0", "node|sha224-0*"),
        ("is:post", "has|camliNodeType|twitter.com:tweet"),
        ("is:post or tag:photo", "has|camliNodeType|twitter.com:tweet + has|tag|photo"),
    ],
)
def test_an_expression_walks(expression: str, rows: str) -> None:
    assert planned(expression) == rows


def test_dates_bound_every_list() -> None:
    plan = Planner(NOW).permanodes(parse_expression("date:2015 tag:lake"))
    assert str(plan.source) == "has|tag|lake"
    assert b"" < plan.span.low < plan.span.high < b"\xff"


def test_either_of_two_years_bounds_lists_by_both() -> None:
    both = Planner(NOW).permanodes(parse_expression("date:2015 or date:2017")).span
    assert both == Planner(NOW).permanodes(parse_expression("date:2015..2017")).span


def of_blobs(text: str) -> str:
    constraint: Constraint = parse_constraint(text.encode())
    return str(plan_blobs(constraint, Planner(NOW)).source)


@pytest.mark.parametrize(
    ("constraint", "rows"),
    [
        ("{}", "nothing"),
        ('{"anything": true}', "all blobs"),
        ('{"anyCamliType": true}', "blob"),
        ('{"camliType": "claim"}', "type|claim"),
        ('{"file": {}}', "type|file"),
        ('{"file": {"text": "two words"}}', "text|two & text|words"),
        ('{"file": {"fileName": {"equals": "My note.txt"}}}', "text|my & text|note & text|txt"),
        ('{"dir": {}}', "directory"),
        (f'{{"file": {{"wholeRef": "{REF}"}}}}', f"whole|{REF}"),
        (f'{{"file": {{"parentDir": {{"blobRefPrefix": "{REF}"}}}}}}', f"child|{REF}"),
        (
            '{"logical": {"op": "or", "a": {"file": {}}, "b": {"dir": {}}}}',
            "type|file + directory",
        ),
        (
            '{"logical": {"op": "or", "a": {"file": {}}, "b": {"permanode": {}}}}',
            "type|file + type|permanode",
        ),
        (
            '{"logical": {"op": "or", "a": {"dir": {}}, "b": {"permanode": {"text": "x"}}}}',
            "directory + (word|x) by ref",
        ),
        ('{"logical": {"op": "not", "a": {"file": {}}}}', "all blobs"),
    ],
)
def test_blobs_of_any_kind_are_looked_for_in(constraint: str, rows: str) -> None:
    assert of_blobs(constraint) == rows
