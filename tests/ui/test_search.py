"""Search over HTTP: the calls, what they are given, and what their answers look like."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from falcon.testing import Result

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import AddAttribute, SetAttribute
from holdfast.schema.openpgp.secretkey import SecretKey

from .served import VIVIFY, Site

ROOT = "/my-search/camli/search/"
UNSUPPORTED = b"""{
  "error": "Unsupported search path or method",
  "errorType": "input"
}
"""
NOBODY = Ref.of(b"nobody ever stored this")


def ask(site: Site, name: str, **parameters: str) -> Result:
    return site.get(ROOT + name, params=parameters)


def search(site: Site, body: object, **options: Any) -> Result:
    text = body if isinstance(body, bytes) else json.dumps(body)
    return site.ask("POST", ROOT + "query", body=text, **options)


def told(answer: Result) -> Any:
    """What an answer says. (Without a charset falcon takes it for Latin-1.)"""
    return json.loads(answer.content)


def titled(site: Site, title: str) -> Ref:
    """A new permanode with a title."""
    permanode = site.permanode(title)
    site.claim(SetAttribute(permanode, "title", title))
    return permanode


# What answers look like


def test_an_answer_is_what_perkeep_would_have_sent_to_the_byte(site: Site) -> None:
    permanode = titled(site, "Fish & <Chips>")
    answer = search(site, {"expression": "title:fish", "describe": {"depth": 1}})
    assert answer.status_code == 200
    size = len(site.get(f"/bs/camli/{permanode}").content)
    expected = f"""{{
  "blobs": [
    {{
      "blob": "{permanode}"
    }}
  ],
  "description": {{
    "meta": {{
      "{permanode}": {{
        "blobRef": "{permanode}",
        "camliType": "permanode",
        "size": {size},
        "permanode": {{
          "attr": {{
            "title": [
              "Fish \\u0026 \\u003cChips\\u003e"
            ]
          }},
          "modtime": "2026-11-21T04:30:00.25Z"
        }}
      }}
    }}
  }},
  "LocationArea": null
}}
"""
    assert answer.text == expected
    assert answer.headers["content-type"] == "text/javascript"
    assert answer.headers["content-length"] == str(len(expected))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_found_is_null(site: Site) -> None:
    assert search(site, {}).text == (
        '{\n  "blobs": null,\n  "description": null,\n  "LocationArea": null\n}\n'
    )


def test_what_is_a_map_is_in_the_order_of_its_keys(site: Site) -> None:
    refs = [titled(site, title) for title in "abcdefgh"]
    for name in ("zebra", "ant", "Äpfel", "Zoo"):
        site.claim(AddAttribute(refs[0], name, "x"))
    answer = told(search(site, {"describe": {}}))["description"]["meta"]
    assert list(answer) == sorted(refs)
    assert list(answer[refs[0]]["permanode"]["attr"]) == ["Zoo", "ant", "title", "zebra", "Äpfel"]


def test_head_tells_the_size_and_no_more(site: Site) -> None:
    permanode = titled(site, "x")
    path = f"{ROOT}describe?blobref={permanode}"
    asked, told = site.get(path), site.ask("HEAD", path)
    assert asked.status_code == told.status_code == 200
    assert told.content == b""
    assert told.headers["content-length"] == str(len(asked.content))
    assert told.headers["content-type"] == "text/javascript"


def test_a_long_answer_has_a_length_too(site: Site) -> None:
    refs = [titled(site, str(number)) for number in range(6)]
    for ref in refs:
        site.claim(SetAttribute(ref, "text", "<" * 60_000))
    answer = search(site, {"describe": {}})
    assert len(answer.content) > 6 * 6 * 60_000
    assert answer.headers["content-length"] == str(len(answer.content))
    meta = told(answer)["description"]["meta"]
    assert {one["permanode"]["attr"]["text"][0] for one in meta.values()} == {"<" * 60_000}
    path = f"{ROOT}describe?" + "&".join(f"blobref={ref}" for ref in refs)
    whole, head = site.get(path), site.ask("HEAD", path)
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.content == b""


# Which calls there are


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/my-search/"),
        ("GET", "/my-search/camli/search/"),
        ("GET", "/my-search/camli/search"),
        ("GET", ROOT + "query"),
        ("HEAD", ROOT + "query"),
        ("POST", ROOT + "recent"),
        ("POST", ROOT + "ws"),
        ("PUT", ROOT + "describe"),
        ("DELETE", ROOT + "query"),
        ("OPTIONS", ROOT + "query"),
        ("GET", ROOT + "nothing"),
        ("GET", ROOT + "recent/"),
        ("POST", ROOT + "query/x"),
    ],
)
def test_what_is_no_call_is_answered_as_in_the_reference(
    site: Site, method: str, path: str
) -> None:
    answer = site.ask(method, path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript"
    assert answer.content == (b"" if method == "HEAD" else UNSUPPORTED)


def test_the_middle_of_the_path_may_be_left_out(site: Site) -> None:
    permanode = titled(site, "x")
    short = site.ask("POST", "/my-search/query", body="{}")
    assert told(short)["blobs"] == [{"blob": permanode}]
    assert told(site.get("/my-search/recent")).keys() == {"recent", "meta"}


def test_the_root_without_its_slash_is_sent_to_it(site: Site) -> None:
    answer = site.get("/my-search")
    assert (answer.status_code, answer.headers["location"]) == (301, "/my-search/")


def test_search_is_for_who_has_all_rights(site: Site) -> None:
    for headers in ({}, VIVIFY):
        for method, path in (("POST", "query"), ("GET", "recent"), ("GET", "ws"), ("GET", "x")):
            answer = site.ask(method, ROOT + path, headers=headers, body="{}")
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Basic realm=""'


def test_the_token_of_discovery_opens_search(site: Site) -> None:
    token = told(site.get("/?camli.mode=config"))["authToken"]
    headers = {"Authorization": f"Token {token}"}
    assert site.get(ROOT + "recent", headers=headers).status_code == 200


def test_discovery_tells_where_to_search_if_there_is_something_to_search(
    site: Site, new_site: Callable[..., Site], key: SecretKey
) -> None:
    assert told(site.get("/?camli.mode=config"))["searchRoot"] == "/my-search/"
    bare = new_site(key, is_indexed=False)
    assert bare.get("/?camli.mode=config").json["searchRoot"] == ""
    assert search(bare, {}).status_code == 404


def test_a_plain_request_for_the_websocket_is_told_so(site: Site) -> None:
    for path in ("/my-search/ws", ROOT + "ws"):
        answer = site.get(path)
        assert answer.status_code == 400
        assert told(answer) == {"error": "Not a websocket handshake", "errorType": "Bad Request"}


# What calls are given


@pytest.mark.parametrize(
    ("name", "parameters", "missing"),
    [
        ("describe", {}, "blobref"),
        ("describe", {"blobref": ""}, "blobref"),
        ("claims", {}, "permanode"),
        ("signerattrvalue", {}, "signer"),
        ("signerattrvalue", {"signer": NOBODY}, "attr"),
        ("signerattrvalue", {"signer": NOBODY, "attr": "tag"}, "value"),
        ("signerpaths", {}, "signer"),
        ("signerpaths", {"signer": NOBODY}, "target"),
        ("edgesto", {}, "blobref"),
        ("why", {}, "blobref"),
    ],
)
def test_a_missing_parameter_is_named(
    site: Site, name: str, parameters: dict[str, str], missing: str
) -> None:
    answer = ask(site, name, **parameters)
    assert answer.status_code == 400
    assert told(answer) == {"error": f'Missing parameter "{missing}"', "errorType": "Bad Request"}


@pytest.mark.parametrize(
    ("name", "parameters", "bad"),
    [
        ("describe", {"blobref": "x"}, "blobref"),
        ("describe", {"blobref": f"{NOBODY}\0"}, "blobref"),
        ("describe", {"blobref": NOBODY, "depth": "x"}, "depth"),
        ("describe", {"blobref": NOBODY, "depth": "1.5"}, "depth"),
        ("describe", {"blobref": NOBODY, "maxdirchildren": "x"}, "maxdirchildren"),
        ("claims", {"permanode": "<b>"}, "permanode"),
        ("permanodeattr", {"attr": "tag", "max": "x"}, "max"),
        ("permanodeattr", {"attr": "tag", "max": "9" * 30}, "max"),
        ("signerattrvalue", {"signer": "x", "attr": "tag", "value": "v"}, "signer"),
        ("signerpaths", {"signer": NOBODY, "target": "x"}, "target"),
        ("edgesto", {"blobref": "sha224-123"}, "blobref"),
        ("why", {"blobref": NOBODY, "limit": "x"}, "limit"),
        ("duplicates", {"limit": "x"}, "limit"),
        ("largest", {"limit": "x"}, "limit"),
    ],
)
def test_a_malformed_parameter_is_named(
    site: Site, name: str, parameters: dict[str, str], bad: str
) -> None:
    answer = ask(site, name, **parameters)
    assert answer.status_code == 400
    assert told(answer) == {"error": f'Invalid parameter "{bad}"', "errorType": "Bad Request"}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("recent", {"n": "x", "before": "yesterday"}),
        ("recent", {"n": "", "before": ""}),
        ("describe", {"blobref": NOBODY, "at": "yesterday"}),
        ("permanodeattr", {"attr": "tag", "signer": "<invalid-blob.Ref>", "at": "x", "max": ""}),
    ],
)
def test_what_the_reference_passes_over_is_passed_over(
    site: Site, name: str, parameters: dict[str, str]
) -> None:
    assert ask(site, name, **parameters).status_code == 200


def test_files_tells_what_it_lacks_with_status_200(site: Site) -> None:
    missing = ask(site, "files")
    assert missing.status_code == 200
    assert told(missing) == {
        "error": "Missing 'wholedigest' param",
        "errorType": "input",
        "files": None,
    }
    bad = ask(site, "files", wholedigest="x")
    assert (bad.status_code, told(bad)["files"]) == (200, None)
    assert told(bad)["errorType"] == "input"


def test_every_digest_asked_for_is_a_key(site: Site) -> None:
    digests = sorted(Ref.of(bytes([number])) for number in range(5))
    path = f"{ROOT}files?" + "&".join(f"wholedigest={ref}" for ref in reversed(digests))
    found = told(site.get(path))["files"]
    assert list(found) == digests
    assert set(found.values()) == {None}


def test_parameters_in_a_body_count_for_nothing(site: Site) -> None:
    answer = site.ask(
        "GET",
        ROOT + "describe",
        body=f"blobref={NOBODY}",
        headers={
            "Authorization": "Basic dTpw",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    assert answer.status_code == 400


# Queries that make no sense


def test_a_bad_expression_is_told_with_its_place(site: Site) -> None:
    answer = search(site, {"expression": "  tag:ä is:imge"})
    assert answer.status_code == 400
    assert told(answer) == {
        "error": 'Invalid SearchQuery: Error parsing search expression "  tag:ä is:imge": '
        'Unknown search predicate: "is:imge" at position 7, token: "is:imge"',
        "errorType": "Bad Request",
        "position": 7,
        "start": 8,
        "token": "is:imge",
    }
    cut = told(search(site, {"expression": "tag:a -"}))
    assert (cut["position"], cut["start"], cut["token"]) == (-1, 7, "")


def test_a_bad_constraint_is_told_with_its_path(site: Site) -> None:
    inner = {"permanode": {"attr": "tag"}}
    answer = search(site, {"constraint": {"logical": {"op": "not", "a": inner}}})
    assert answer.status_code == 400
    assert told(answer)["path"] == "constraint.logical.a.permanode"
    assert "requires also setting NumValue" in told(answer)["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"[]",
        b"nonsense",
        b'{"limit": "x"}',
        b'{"limit": 1.5}',
        b'{"zork": 1}',
        b'{"sort": "sideways"}',
        b'{"around": "x"}',
        b'{"continue": "x"}',
        b'{"expression": "tag:a", "constraint": {"anything": true}}',
        b'{"constraint": {"claim": {}}}',
        b'{"constraint": ' * 300,
        b'{"expression": "' + b"(" * 5000 + b'"}',
        b'{"expression": "' + b"x" * (1 << 20) + b'"}',
        b"\xff\xfe\x00",
        b'{"expression": "title:\\ud800 )"}',
    ],
    ids=range(18),
)
def test_a_query_that_makes_no_sense_is_the_callers_mistake(site: Site, body: bytes) -> None:
    answer = search(site, body)
    assert answer.status_code == 400
    assert told(answer)["error"]
    assert told(answer)["errorType"] == "Bad Request"
    assert answer.headers["content-type"] == "text/javascript"


def test_a_body_of_a_mebibyte_is_read(site: Site) -> None:
    titled(site, "x")
    body = b"{}" + b" " * ((1 << 20) - 2)
    assert len(told(search(site, body))["blobs"]) == 1
    assert search(site, body + b" ").status_code == 400


def test_a_describe_that_makes_no_sense_is_the_callers_mistake(site: Site) -> None:
    for body in ("", "[", '{"blobref": ""}', '{"at": "yesterday"}', '{"depth": "1"}'):
        answer = site.ask("POST", ROOT + "describe", body=body)
        assert answer.status_code == 400, body
        assert told(answer)["errorType"] == "Bad Request"


def test_clients_send_more_than_they_mean(site: Site) -> None:
    """Perkeep's client sends null for what it has not, year 1 for no time, and no Content-Type."""
    permanode = titled(site, "x")
    constraint = {"at": "0001-01-01T00:00:00Z", "attr": "title", "value": "x"}
    body = {
        "constraint": {"permanode": constraint},
        "limit": 2,
        "around": None,
        "describe": {"blobref": None, "at": None},
    }
    answer = search(site, body)
    assert told(answer)["blobs"] == [{"blob": permanode}]
    body = {"Constraint": {"Permanode": {"Attr": "title", "ValueMatches": {"Contains": "x"}}}}
    assert told(search(site, body))["blobs"] == [{"blob": permanode}]


# Plans


def test_a_query_tells_its_plan_if_asked(site: Site) -> None:
    titled(site, "x")
    plain = search(site, {"expression": "title:x"})
    assert "explain" not in told(plain)
    explained = told(search(site, {"expression": "title:x"}, params={"explain": "1"}))
    assert explained.pop("explain")
    assert explained == told(plain)


# An index that is behind


def test_nothing_is_found_while_the_index_is_catching_up(site: Site) -> None:
    site.world.is_indexed = False
    calls = [search(site, {}), ask(site, "recent"), ask(site, "files", wholedigest=NOBODY)]
    for answer in calls:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert told(answer)["errorType"] == "Service Unavailable"
    assert search(site, {"expression": "is:imge"}).status_code in (400, 503)


def test_nothing_is_found_if_the_index_was_begun_again_meanwhile(site: Site) -> None:
    site.world.is_indexed_next = [True, False]
    assert search(site, {}).status_code == 503
    assert search(site, {}).status_code == 200
