"""Which constraints look at other blobs than the one they are about."""

from __future__ import annotations

import json

import pytest

from holdfast.index.query.expression import parse_expression
from holdfast.index.query.reach import looks_afar
from holdfast.index.query.reading import parse_constraint


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "tag:a title:b -attr:c:d",
        "is:image or format:pdf",
        "filename:*.txt width:100-",
        "after:2020 before:2021",
        "has:location",
        "text:words ref:sha224-00",
        "is:untagged",
    ],
)
def test_most_expressions_look_at_permanodes_and_their_files(expression: str) -> None:
    assert not looks_afar(parse_expression(expression))


@pytest.mark.parametrize(
    "expression",
    [
        "childrenof:sha224-00",
        "parentof:sha224-00",
        "with:alice",
        "named:mine",
        "tag:a (is:image or -childrenof:sha224-00)",
    ],
)
def test_relations_and_names_are_elsewhere(expression: str) -> None:
    assert looks_afar(parse_expression(expression))


FILE = {"file": {"isImage": True}}


def content(constraint: object, *, attribute: str = "camliContent") -> object:
    return {"permanode": {"attr": attribute, "valueInSet": constraint}}


@pytest.mark.parametrize(
    ("constraint", "is_afar"),
    [
        ({"file": {"isImage": True, "fileSize": {"min": 3}}}, False),
        ({"dir": {"fileName": {"equals": "a"}, "topFileCount": {"min": 1}}}, False),
        ({"file": {"parentDir": {"fileName": {"equals": "a"}}}}, True),
        ({"dir": {"parentDir": {"fileName": {"equals": "a"}}}}, True),
        ({"dir": {"contains": FILE}}, True),
        ({"dir": {"recursiveContains": FILE}}, True),
        (content(FILE), False),
        (content(FILE, attribute="camliContentImage"), True),
        (content({"anything": True}), True),
        (content({"blobSize": {"min": 1}}), True),
        (content({"logical": {"op": "and", "a": FILE, "b": {"blobSize": {"min": 1}}}}), False),
        (content({"logical": {"op": "or", "a": FILE, "b": FILE}}), False),
        (content({"logical": {"op": "or", "a": FILE, "b": {"anyCamliType": True}}}), True),
        (content({"logical": {"op": "not", "a": FILE}}), True),
        (content({"file": {"parentDir": {"fileName": {"equals": "a"}}}}), True),
        ({"logical": {"op": "not", "a": content({"anything": True})}}, True),
    ],
)
def test_sets_and_folders_may_be_elsewhere(constraint: object, is_afar: bool) -> None:
    assert looks_afar(parse_constraint(json.dumps(constraint).encode())) == is_afar
