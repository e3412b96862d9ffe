"""The shape of answers and of errors."""

from __future__ import annotations

import json

import pytest

from .world import NO_ANSWER, OWNER, World

NOTHING = {"expression": "tag:nosuch"}


def test_nothing_found_is_null(b: World) -> None:
    assert b.query(NOTHING) == NO_ANSWER


def test_nothing_found_describes_nothing(b: World) -> None:
    assert b.query({**NOTHING, "describe": {}}) == {**NO_ANSWER, "description": {"meta": {}}}


def test_what_is_found_comes_without_description_unless_asked(b: World) -> None:
    found = b.query({"expression": "tag:icon"})
    assert b.in_names(found) == {**NO_ANSWER, "blobs": [{"blob": "square"}]}


def test_what_is_found_is_described_when_asked(b: World) -> None:
    found = b.query({"expression": "tag:icon", "describe": {"depth": 1}})
    assert b.in_names(found["blobs"]) == [{"blob": "square"}]
    assert set(b.in_names(found["description"]["meta"])) == {"square"}


def test_a_describe_request_in_a_search_is_of_what_is_found_alone(b: World) -> None:
    describe = {"depth": 1, "blobref": "@land", "blobrefs": ["@port"]}
    found = b.query({"expression": "tag:icon", "describe": describe})
    assert set(b.in_names(found["description"]["meta"])) == {"square"}


def test_answers_are_javascript_indented_and_end_their_line(b: World) -> None:
    for answer in (
        b.post("query", {"expression": "tag:icon"}),
        b.post("describe", {"blobref": "@land"}),
        b.ask("GET", "recent"),
        b.post("query", {"expression": "nonsense"}),
    ):
        assert answer.headers["content-type"] == "text/javascript"
        assert answer.headers["content-length"] == str(len(answer.body))
        assert answer.text.startswith('{\n  "')
        assert answer.text.endswith("\n}\n")


def test_descriptions_are_in_the_order_of_refs(b: World) -> None:
    found = b.query({"expression": "tag:photo", "describe": {"depth": 2}})
    meta = found["description"]["meta"]
    assert len(meta) > 4
    assert list(meta) == sorted(meta)


def test_no_answer_holds_a_tag(b: World) -> None:
    answer = b.post("query", {"expression": 'title:"<script>&" nonsense'})
    assert "<" not in answer.text
    assert "&" not in answer.text
    assert "<script>&" in answer.json["error"]


BODIES = [
    (b"", "EOF|no JSON"),
    (b'{"expression": "tag:', "bad JSON"),
    (b"[1]", "not an object"),
    (b'"tag:icon"', "not an object"),
    (b'{"limit": "ten"}', "limit"),
    (b'{"limit": 1.5}', "limit"),
    (b'{"expression": 5}', "expression"),
    (b'{"constraint": []}', "constraint"),
    (b'{"limt": 5}', 'unknown field "limt"'),
    (b'{"limit": 5, "LIMIT": 6}', "twice"),
    (b'{"describe": {"rule": []}}', 'unknown field "rule"'),
    (b'{"constraint": {"permanode": {"atr": "x"}}}', 'unknown field "atr"'),
    (b'{"constraint": {"anything": true}, "expression": "tag:x"}', "mutually exclusive"),
    (b'{"sort": "size"}', r'Bogus search sort type "\\"size\\""'),
    (b'{"sort": ""}', r'Bogus search sort type "\\"\\""'),
    (b'{"around": "land"}', "land"),
    (b'{"continue": "pn:1:2"}', "continue"),
    (b'{"expression": "' + b"x" * (1 << 20) + b'"}', "1048576"),
]


@pytest.mark.parametrize(("body", "said"), BODIES, ids=lambda value: str(value)[:40])
def test_a_request_that_makes_no_sense_is_a_bad_request(b: World, body: bytes, said: str) -> None:
    answer = b.ask("POST", "query", body=body)
    assert answer.status == 400
    assert answer.json["errorType"] == "Bad Request"
    assert answer.json["error"].startswith("Invalid SearchQuery: ")
    assert any(part.replace("\\\\", "\\") in answer.json["error"] for part in said.split("|"))


def test_an_error_in_json_says_where_it_is(b: World) -> None:
    body = {"constraint": {"logical": {"op": "and", "a": {"permanode": {"attr": "tag"}}, "b": {}}}}
    answer = b.post("query", body)
    assert answer.status == 400
    assert answer.json["path"] == "constraint.logical.a.permanode"


def test_an_error_in_an_expression_says_where_it_is(b: World) -> None:
    answer = b.post("query", {"expression": "  tag:äöü is:imge"})
    assert answer.status == 400
    # Bytes of what is trimmed, and characters of what was sent.
    assert answer.json["position"] == 11
    assert answer.json["start"] == 10


def test_both_an_expression_and_a_constraint_are_too_much(b: World) -> None:
    said = b.refusal({"expression": "tag:icon", "constraint": {"anything": True}})
    assert said.startswith(
        "Invalid SearchQuery: Constraint and Expression are mutually exclusive in a search query"
    )


def test_keys_match_in_any_case(b: World) -> None:
    inner = {"File": {"ISIMAGE": True, "filename": {"HasPrefix": "square"}}}
    query = {"Constraint": {"PermaNode": {"Attr": "camliContent", "ValueInSet": inner}}}
    assert b.found(query) == ["square"]


def test_what_follows_the_first_value_is_ignored(b: World) -> None:
    answer = b.ask("POST", "query", body=b'{"expression": "tag:icon"} and so on')
    assert answer.status == 200
    assert b.names_in(answer.json) == ["square"]


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        ("claims", "permanode"),
        ("edgesto", "blobref"),
        ("signerpaths", "signer"),
        ("signerattrvalue", "signer"),
        ("describe", "blobref"),
    ],
)
def test_a_missing_parameter_is_named(b: World, call: str, missing: str) -> None:
    answer = b.ask("GET", call)
    assert answer.status == 400
    assert answer.json == {"error": f'Missing parameter "{missing}"', "errorType": "Bad Request"}


@pytest.mark.parametrize(
    ("call", "parameter"),
    [("claims", "permanode"), ("edgesto", "blobref"), ("describe", "blobref")],
)
def test_a_parameter_that_is_no_ref_is_named(b: World, call: str, parameter: str) -> None:
    answer = b.ask("GET", call, params={parameter: "sha224-xyz"})
    assert answer.status == 400
    assert answer.json == {"error": f'Invalid parameter "{parameter}"', "errorType": "Bad Request"}


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("GET", "query"),
        ("POST", "recent"),
        ("PUT", "query"),
        ("DELETE", "claims"),
        ("GET", "nosuch"),
        ("POST", "nosuch"),
        ("GET", ""),
    ],
)
def test_what_is_not_there_is_an_answer_of_status_200(b: World, method: str, call: str) -> None:
    answer = b.ask(method, call)
    assert answer.status == 200
    assert answer.json == {"error": "Unsupported search path or method", "errorType": "input"}


def test_the_bare_search_root_is_an_answer_too(b: World) -> None:
    answer = b.client.ask("GET", b.root, headers=OWNER)
    assert answer.status == 200
    assert answer.json == {"error": "Unsupported search path or method", "errorType": "input"}


def test_heads_are_answered_like_gets_without_a_body(b: World) -> None:
    answer = b.ask("HEAD", "recent")
    assert answer.status == 200
    assert answer.body == b""


@pytest.mark.parametrize(("method", "call"), [("POST", "query"), ("GET", "recent"), ("GET", "x")])
def test_strangers_are_told_nothing(b: World, method: str, call: str) -> None:
    for headers in ({}, {"Authorization": "Basic dTpx"}):
        assert b.ask(method, call, headers=headers).status == 401


def test_the_token_of_discovery_opens_the_search(b: World) -> None:
    discovery = b.client.ask("GET", "/", params="camli.mode=config", headers=OWNER).json
    token = discovery["authToken"]
    by_header = b.ask("GET", "recent", headers={"Authorization": f"Token {token}"})
    assert by_header.status == 200
    assert by_header.json["recent"]
    # In an address it could be clicked on; only websockets, which have no other way, may.
    by_parameter = b.ask("GET", "recent", headers={}, params={"authtoken": token})
    assert by_parameter.status == 401


def test_an_answer_is_json_whatever_is_in_it(b: World) -> None:
    answer = b.post("query", {"expression": "tag:photo", "describe": {"depth": 2}})
    assert json.loads(answer.body) == answer.json
