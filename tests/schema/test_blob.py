"""What counts as a schema blob, and what it is understood to say."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import (
    MAX_SCHEMA_SIZE,
    NO_CLAIM,
    Part,
    SchemaBlob,
    has_kind,
    may_be_schema,
    parse_schema,
)
from holdfast.schema.build import symlink_text
from holdfast.schema.errors import NotSchema
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_small_file
from holdfast.schema.timestamps import Timestamp

A = Ref.of(b"a")
B = Ref.of(b"b")


def parse(text: str | bytes) -> SchemaBlob:
    data = text.encode() if isinstance(text, str) else text
    return parse_schema(Ref.of(data), data)


def with_fields(fields: str) -> str:
    return f'{{"camliVersion": 1, "camliType": "t", {fields}}}'


@given(st.binary(max_size=30), st.integers(0, 2**32 - 2), st.integers(0, 2**60))
def test_a_written_file_reads_back(name, number, time):
    blobs = []
    facts = FileFacts(name, 0o100640, number, number, "ann", "staff", time, time + 10**9)
    write_small_file(facts, b"abc", blobs.append)
    found = parse_schema(*blobs[-1])
    assert found == SchemaBlob(
        ref=blobs[-1].ref,
        kind="file",
        raw_name=name,
        permission=0o640,
        uid=number,
        gid=number,
        owner="ann",
        group="staff",
        mtime_ns=time,
        ctime_ns=time + 10**9,
        parts=(Part(3, Ref.of(b"abc")),),
    )
    assert found.size == 3


@given(st.binary(min_size=1))
def test_link_targets_of_any_bytes_read_back(target):
    data = symlink_text(FileFacts(name=b"l", mode=0o777), target)
    assert parse(data).symlink_target == target
    assert parse(data).permission is None


@pytest.mark.parametrize(
    "text",
    [
        '{"camliVersion": 1}',
        '{"camliVersion": 1, "camliType": "nobody heard of it"}\n \t\r\n',
        '{"CAMLIVERSION": 1, "x": "camliVersion"}',
        '{"camliVersion": null, "camliType": null, "entries": null, "parts": null}',
        with_fields('"unknown": {"camliVersion": "1"}, "size": -1'),
        with_fields('"unixMtime": "yesterday", "unixPermission": "rwx", "claimDate": ""'),
        with_fields('"members": null, "transitive": null, "expires": null'),
    ],
)
def test_these_are_schema_blobs(text):
    parse(text)
    assert may_be_schema(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{}",
        ' {"camliVersion": 1}',
        '\ufeff{"camliVersion": 1}',
        '{"camliVersion": 1} trailing',
        '{"camliVersion": 1}{}',
        '{"camliVersion": 1',
        '{"camliVersion": 01}',
        '{"camliVersion": NaN}',
        '{"camliVersion": 1, "x": Infinity}',
        '{"camliVersion": 1, "fileNameBytes": [1e999]}',
        '{"camliVersion": 1, "camliType": "a\nb"}',
        '{"camliVersion": "1"}',
        '{"camliVersion": 1.0}',
        '{"camliVersion": true}',
        '{"camliVersion": 9223372036854775808}',
        '{"camliVersion": 1, "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"camliVersion": ' + "1" * 10_000 + "}",
        with_fields('"camliType": 5'),
        with_fields('"entries": "nope"'),
        with_fields('"entries": ""'),
        with_fields('"entries": "sha224-ABC"'),
        with_fields('"blobRef": "nope"'),
        with_fields('"BLOBREF": 1'),
        with_fields(f'"entries": "{A}", "entries": "{B}"'),
        with_fields(f'"target": "{A}", "TARGET": null'),
        with_fields('"members": "nope"'),
        with_fields('"members": {}'),
        with_fields(f'"members": ["{A}", null]'),
        with_fields('"mergeSets": [1]'),
        with_fields('"parts": {}'),
        with_fields('"parts": [1]'),
        with_fields('"parts": [null]'),
        with_fields('"parts": [{"size": -1}]'),
        with_fields('"parts": [{"size": 1.5}]'),
        with_fields('"parts": [{"size": 18446744073709551616}]'),
        with_fields('"parts": [{"size": 1, "offset": "0"}]'),
        with_fields('"parts": [{"size": 1, "blobRef": "nope"}]'),
        with_fields('"claimDate": "yesterday"'),
        with_fields('"expires": 5'),
        with_fields('"transitive": "yes"'),
        with_fields('"unixOwnerId": "0"'),
        with_fields('"unixAtime": 1'),
        with_fields('"fileName": ["a"]'),
        with_fields('"fileNameBytes": "a"'),
        with_fields('"symlinkTargetBytes": {"a": 1}'),
    ],
)
def test_these_are_none(text):
    with pytest.raises(NotSchema, match="is not a schema blob"):
        parse(text)


def test_the_largest_schema_blob_has_one_mebibyte():
    text = '{"camliVersion": 1}'
    assert parse(text.ljust(MAX_SCHEMA_SIZE)).kind == ""
    with pytest.raises(NotSchema, match="more than 1048576 bytes"):
        parse(text.ljust(MAX_SCHEMA_SIZE + 1))


def test_keys_match_in_any_case_letter_by_letter():
    assert parse('{"camliVersion": 1, "CAMLITYPE": "z"}').kind == "z"
    assert parse('{"camliVersion": 1, "camliT\u0059pe": "z"}').kind == "z"
    # The long s folds to s; a letter that folds to two does not match two.
    assert parse(with_fields('"unixPermi\u017f\u017fion": "0700"')).permission == 0o700
    assert parse(with_fields('"unixPermi\u00dfion": 5')).permission is None


def test_the_last_of_two_values_counts_and_null_counts_for_nothing():
    assert parse(with_fields('"camliType": "a", "CamliType": "b", "camliType": null')).kind == "b"


def test_names_that_are_no_text_are_read_from_their_pieces():
    assert parse(with_fields('"fileNameBytes": ["Am", 233, "lie"]')).raw_name == b"Am\xe9lie"
    assert parse(with_fields('"fileName": "", "fileNameBytes": ["x"]')).raw_name == b"x"
    assert parse(with_fields('"fileName": "a", "fileNameBytes": ["x"]')).raw_name == b"a"


def test_a_name_that_leads_elsewhere_is_kept_but_not_given_as_a_name():
    found = parse(with_fields('"fileName": "../../etc/passwd"'))
    assert (found.raw_name, found.name, found.safe_name) == (b"../../etc/passwd", b"", b"")
    found = parse(with_fields('"fileName": "back\\\\slash"'))
    assert (found.raw_name, found.name, found.safe_name) == (b"back\\slash", b"", b"back\\slash")


def test_half_characters_and_bad_bytes_read_as_replacement_characters():
    assert parse(with_fields('"value": "a\\ud800b"')).claim.value == "a\ufffdb"
    assert parse(with_fields('"value": "\\ud83d\\ude00"')).claim.value == "😀"
    raw = with_fields('"value": "a?b"').encode().replace(b"?", b"\xe2\x82")
    assert parse(raw).claim.value == "a\ufffd\ufffdb"


def test_either_spelling_of_backspace_is_read():
    assert parse(with_fields('"value": "\\b\\u0008\\f\\u000c"')).claim.value == "\b\b\f\f"


def test_permission_bits_have_defaults_when_not_known():
    assert parse(with_fields('"unixPermission": "0600"')).restore_permission == 0o600
    assert parse(with_fields('"unixPermission": "104755"')).restore_permission == 0o755
    assert parse(with_fields('"unixPermission": "00"')).restore_permission == 0
    assert parse(with_fields('"unixPermission": "0689"')).restore_permission == 0o644
    assert parse('{"camliVersion": 1, "camliType": "directory"}').restore_permission == 0o755


def test_owner_numbers_that_no_file_can_have_are_none():
    for number in (-1, 2**32 - 1, 2**40):
        assert parse(with_fields(f'"unixOwnerId": {number}')).uid is None
    assert parse(with_fields('"unixOwnerId": 4294967294')).uid == 4294967294


def test_a_claim_is_read():
    found = parse(
        json.dumps(
            {
                "camliVersion": 1,
                "camliType": "claim",
                "camliSigner": A,
                "camliSig": "s=",
                "claimType": "share",
                "claimDate": "2020-01-10T02:00:00-00:01",
                "permaNode": B,
                "attribute": "tag",
                "value": "v",
                "target": A,
                "search": {"b": [1, {"A": 1.5}], "a": None},
                "transitive": True,
                "authType": "haveref",
                "expires": "2021-01-01T00:00:00Z",
            }
        )
    )
    claim = found.claim
    assert (claim.signer, claim.permanode, claim.target) == (A, B, A)
    assert claim.date == Timestamp(1578621660 * 10**9, is_zone_unknown=True)
    assert claim.search == {"b": [1, {"A": 1.5}], "a": None}
    assert (claim.transitive, claim.auth_type, claim.claim_type) == (True, "haveref", "share")
    assert claim.expires == Timestamp(1609459200 * 10**9)
    assert (claim.attribute, claim.value, claim.signature) == ("tag", "v", "s=")


def test_what_says_nothing_of_a_claim_has_an_empty_one():
    assert parse(with_fields('"value": null')).claim is NO_CLAIM


def test_servers_route_by_kind_alone():
    assert has_kind(b' \n{"camliType": "x"}')
    assert not has_kind(b'{"camliVersion": 1}')
    assert not has_kind(b'{"camliVersion": 1, "camliType": "x", "entries": "nope"}')
    assert not has_kind(b"[1]")
    assert not has_kind(b"\xff\xd8\xff")


@given(st.binary(max_size=200))
def test_no_bytes_surprise_the_parser(data):
    for candidate in (data, b'{"camliVersion": 1, "fileName": "' + data + b'"}'):
        with suppress(NotSchema):
            parse(candidate).raw_name.decode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
known_keys = st.sampled_from(
    [
        "camliType",
        "parts",
        "members",
        "fileName",
        "fileNameBytes",
        "entries",
        "unixOwnerId",
        "search",
        "expires",
        "unixMtime",
        "unixPermission",
        "mergeSets",
        "transitive",
    ]
)


@given(st.dictionaries(known_keys, json_values))
def test_no_json_surprises_the_parser(fields):
    try:
        found = parse(json.dumps({"camliVersion": 1, **fields}))
    except NotSchema:
        return
    assert isinstance(found.kind, str)
    assert isinstance(found.raw_name, bytes)
    assert all(isinstance(part, Part) for part in found.parts)
