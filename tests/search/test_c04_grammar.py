"""The grammar of expressions, over HTTP; `tests/index/query` has it in full."""

from __future__ import annotations

import pytest

from .world import World


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("-tag:photo is:image", "square"),
        ("- tag:photo is:image", "square"),
        ("--tag:icon", "square"),
        ("---tag:photo is:image", "square"),
        ("-(tag:photo or tag:icon) is:image", ""),
        ("-(-tag:icon)", "square"),
        ("tag:icon or tag:paris", "square land"),
        ("tag:icon or tag:paris or is:pano", "square pano land"),
        ("tag:photo and is:portrait", "rot port"),
        ("tag:photo is:portrait", "rot port"),
        # `and` binds tighter than `or`, said or not.
        ("tag:icon or tag:photo and is:pano", "square pano"),
        ("tag:icon or tag:photo is:pano", "square pano"),
        ("tag:icon or tag:photo and is:pano and is:image", "square pano"),
        ("tag:icon or tag:photo and is:image is:pano", "square pano"),
        ("tag:icon or tag:photo is:image is:landscape is:pano", "square pano"),
        ("is:pano tag:photo or tag:icon", "square pano"),
        ("is:pano tag:photo or tag:paris is:landscape or tag:icon", "square pano land"),
        ("tag:photo (tag:paris or is:pano)", "pano land"),
        ("tag:photo and(tag:paris or is:pano)", "pano land"),
        ("(tag:icon)or(tag:paris)", "square land"),
        ("((tag:icon))", "square"),
        ("tag:photo\ttag:paris", "land"),
        ("tag:photo\n\r\v\f tag:paris", "land"),
        ("   tag:icon   ", "square"),
        ('tag:"icon"', "square"),
        ('tag:"\\x69con"', "square"),
        ('tag:"\\u0069\\143on"', "square"),
        ('title:"eiffel tower"', "land"),
        # An empty argument, then a group.
        ("tag:(tag:icon)", ""),
        ("-tag:(tag:icon)", "square"),
        # A quote within an argument is a letter like others.
        ('tag:ico"n', ""),
        # Where an operand must stand, `and` is no operator.
        ("tag:icon or tag:or", "square"),
    ],
)
def test_operands_are_joined_as_they_are_written(b: World, expression: str, found: str) -> None:
    assert b.found(expression) == found.split()


@pytest.mark.parametrize(
    ("expression", "problem", "position", "token"),
    [
        ("foo", "No support for literals yet", 0, "foo"),
        ("tag:icon AND tag:x", "No support for literals yet", 9, "AND"),
        ("tag2:x", "No support for literals yet", 0, "tag2"),
        ("tag:icon or", "No support for literals yet", 9, "or"),
        ('tag:icon "foo"', "No support for quoted literals yet", 9, '\\"foo\\"'),
        ('tag:"icon', "Unclosed quote", 4, "Unclosed quote"),
        ("tag:icon -", "Expected an atom", -1, ""),
        ("tag:icon or -", "Expected an atom", -1, ""),
        ("tag:icon)", "No matching opening parenthesis", 8, ")"),
        ("()", "No matching opening parenthesis", 1, ")"),
        ("  (tag:icon", "No matching closing parenthesis", 0, "("),
        ("tag:x (tag:icon", "No matching closing parenthesis", 6, "("),
        (":x", "Predicates do not start with a colon", 0, ":"),
        ("tag:ä foo:bar", 'Unknown search predicate: "foo:bar"', 7, "foo:bar"),
        (
            'tag:icon tag:"a b":c',
            'Wrong number of arguments for "tag", given 2, expected 1',
            9,
            "tag:a b:c",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    b: World, expression: str, problem: str, position: int, token: str
) -> None:
    answer = b.post("query", {"expression": expression})
    assert answer.status == 400
    assert answer.json["position"] == position
    shown = expression.replace('"', '\\"')
    assert answer.json["error"].startswith(
        f'Invalid SearchQuery: Error parsing search expression "{shown}": {problem}'
        f' at position {position}, token: "{token}"'
    )


@pytest.mark.parametrize("expression", ["tag:icon\u00a0tag:paris", 'tag:"\\q"', "tag:icon (or)"])
def test_what_no_rule_allows_is_refused(b: World, expression: str) -> None:
    b.refusal({"expression": expression})


def test_what_is_too_long_or_too_deep_is_refused(b: World) -> None:
    b.refusal({"expression": "(" * 100 + "tag:icon" + ")" * 100})
    b.refusal({"expression": "tag:icon " * 20_000})
    assert b.found("tag:icon " * 200) == ["square"]
    assert b.found(" or ".join(["tag:x1"] * 200 + ["tag:icon"])) == ["square"]
