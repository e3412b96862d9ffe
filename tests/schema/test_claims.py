"""Claims: their exact text, and what counts as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import MAX_SCHEMA_SIZE, parse_schema
from holdfast.schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    Multi,
    Other,
    SetAttribute,
    Share,
    SignedClaim,
    claim_text,
    read_claim,
    search_fields,
)
from holdfast.schema.errors import BadClaim, NotClaim, NotSchema, SchemaTooLarge
from holdfast.schema.jsontext import MAX_DEPTH
from holdfast.schema.timestamps import END_NS, FIRST_NS, Timestamp

DATA = Path(__file__).parent.parent / "data" / "schema"
SIGNED = json.loads((DATA / "signed.json").read_text("utf-8"))
CLAIMS = [ref for ref, text in SIGNED.items() if '"camliType": "claim"' in text]

SIGNER = Ref.of(b"a public key")
NODE = Ref.of(b"a permanode")
NOW = Timestamp(1_500_000_000_123_456_789)

refs = st.binary(max_size=3).map(Ref.of)
names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
values = st.text(st.characters(exclude_categories=("Cs",)))
dates = (
    st.integers(FIRST_NS + 1, END_NS - 1).map(Timestamp).filter(lambda date: not date.is_any_zero)
)
statements = st.one_of(
    st.builds(SetAttribute, refs, names, values),
    st.builds(AddAttribute, refs, names, values),
    st.builds(DelAttribute, refs, names, values),
    st.builds(Delete, refs),
    st.builds(Share, target=refs, is_transitive=st.booleans(), expires=st.none() | dates),
    st.builds(
        Share,
        search=st.dictionaries(names, values | st.booleans() | st.integers(-(2**53), 2**53)),
        is_transitive=st.booleans(),
    ),
)


def signed(text: bytes, signature: str = "c2ln=crc4") -> bytes:
    """The shape of a signed blob; nobody looks at the signature here."""
    return text[:-1] + f',"camliSig":"{signature}"}}\n'.encode()


def read(data: bytes | str) -> SignedClaim:
    data = data.encode() if isinstance(data, str) else data
    return read_claim(parse_schema(Ref.of(data), data))


def claim_json(**fields: object) -> str:
    said = {
        "camliVersion": 1,
        "camliType": "claim",
        "camliSigner": SIGNER,
        "camliSig": "x",
        "claimType": "set-attribute",
        "claimDate": "2020-01-01T00:00:00Z",
        "permaNode": NODE,
        "attribute": "tag",
        "value": "v",
        **fields,
    }
    return json.dumps({key: value for key, value in said.items() if value is not None})


@pytest.mark.parametrize("ref", CLAIMS)
def test_every_claim_of_perkeep_is_read_and_written_the_same(ref):
    text = SIGNED[ref].encode()
    assert Ref.of(text) == ref
    claim = read(text)
    before = text[: text.rindex(b',"camliSig":"')] + b"}"
    assert claim_text(claim.signer, claim.date, claim.says) == before


def test_the_claims_of_perkeep_are_of_all_types():
    found = {type(read(SIGNED[ref]).says) for ref in CLAIMS}
    assert found == {SetAttribute, AddAttribute, DelAttribute, Delete, Share}


@given(dates, statements)
def test_what_is_claimed_reads_back(date, says):
    claim = read(signed(claim_text(SIGNER, date, says)))
    assert (claim.signer, claim.date, claim.says) == (SIGNER, date, says)


def test_an_empty_value_is_written_where_something_is_set_and_not_where_all_is_removed():
    assert b'"value": ""' in claim_text(SIGNER, NOW, SetAttribute(NODE, "tag", ""))
    assert b'"value": ""' in claim_text(SIGNER, NOW, AddAttribute(NODE, "tag", ""))
    assert b"value" not in claim_text(SIGNER, NOW, DelAttribute(NODE, "tag"))


def test_a_share_says_that_it_is_not_transitive():
    assert b'"transitive": false\n' in claim_text(SIGNER, NOW, Share(target=NODE))


def test_the_zone_nobody_knows_survives():
    date = Timestamp(NOW.ns, is_zone_unknown=True)
    assert read(signed(claim_text(SIGNER, date, Delete(NODE)))).date == date


def test_a_search_keeps_its_numbers_as_they_are_spelt_and_gets_its_keys_sorted():
    search = search_fields('{"limit": 1.50e1, "expression": "tag:a", "around": null}')
    text = claim_text(SIGNER, NOW, Share(search=search))
    assert (
        b'"search": {\n    "around": null,\n    "expression": "tag:a",\n    "limit": 1.50e1\n  },'
        in text
    )
    assert read(signed(text)).says.search["limit"] == 15.0


@pytest.mark.parametrize("text", ["", "[]", "1", "{", '{"a": 1} x', "{'a': 1}", "[" * 100_000])
def test_a_search_that_is_no_json_object_is_refused(text):
    with pytest.raises(BadClaim, match="JSON object"):
        search_fields(text)


@pytest.mark.parametrize("depth", [MAX_DEPTH, 600, 5000])
def test_a_search_too_deep_to_be_read_back_is_refused(depth):
    search: dict[str, object] = {}
    for _ in range(depth):
        search = {"not": search}
    with pytest.raises(BadClaim, match="simplify"):
        claim_text(SIGNER, NOW, Share(search=search))


def test_a_search_with_what_is_no_number_is_refused():
    with pytest.raises(BadClaim, match="NaN"):
        claim_text(SIGNER, NOW, Share(search=search_fields('{"x": NaN}')))


@pytest.mark.parametrize(
    "says",
    [
        SetAttribute(NODE, "", "v"),
        DelAttribute(NODE, ""),
        Share(),
        Share(target=NODE, search={}),
        Share(target=NODE, auth_type="password"),
        Share(target=NODE, expires=Timestamp(5)),
        Multi((SetAttribute(NODE, "", "v"),)),
        Other("set-attribute", NODE),
    ],
)
def test_what_readers_would_misunderstand_is_not_claimed(says):
    with pytest.raises(BadClaim):
        claim_text(SIGNER, NOW, says)


@pytest.mark.parametrize("ns", [0, 1, 999_999_999])
def test_no_claim_is_dated_in_the_second_that_readers_take_for_no_time(ns):
    with pytest.raises(BadClaim, match="1970"):
        claim_text(SIGNER, Timestamp(ns), Delete(NODE))


@pytest.mark.parametrize("ns", [-1, 10**9, FIRST_NS + 1, END_NS - 1])
def test_dates_just_beside_it_before_1970_and_far_ahead_are_fine(ns):
    assert read(signed(claim_text(SIGNER, Timestamp(ns), Delete(NODE)))).date.ns == ns


def test_values_are_kept_whole_up_to_the_limit_and_refused_beyond():
    room = MAX_SCHEMA_SIZE - len(claim_text(SIGNER, NOW, SetAttribute(NODE, "content", "")))
    text = claim_text(SIGNER, NOW, SetAttribute(NODE, "content", "v" * room))
    assert len(text) == MAX_SCHEMA_SIZE
    with pytest.raises(SchemaTooLarge):
        claim_text(SIGNER, NOW, SetAttribute(NODE, "content", "v" * (room + 1)))
    value = "v" * (room - 1000)
    signed_text = signed(claim_text(SIGNER, NOW, SetAttribute(NODE, "content", value)))
    assert read(signed_text).says == SetAttribute(NODE, "content", value)


def test_a_blob_beyond_the_limit_is_no_claim():
    with pytest.raises(NotSchema, match="1048576"):
        read(claim_json(value="v" * MAX_SCHEMA_SIZE))


def test_text_that_was_no_utf_8_is_written_as_perkeep_writes_it():
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    text = claim_text(SIGNER, NOW, SetAttribute(NODE, "title", name))
    assert b'"value": "caf\\ufffd"' in text
    assert read(signed(text)).says == SetAttribute(NODE, "title", "caf\ufffd")


def test_bytes_that_are_no_utf_8_in_a_claim_read_as_replacement_characters():
    data = claim_json(value="VALUE").encode().replace(b"VALUE", b"a\xff\xc3b")
    assert read(data).says == SetAttribute(NODE, "tag", "a\ufffd\ufffdb")


def test_several_changes_are_one_claim_that_changes_nothing():
    changes = (SetAttribute(NODE, "title", "t"), DelAttribute(NODE, "tag"))
    text = claim_text(SIGNER, NOW, Multi(changes))
    assert json.loads(text)["claims"] == [
        {"claimType": "set-attribute", "permaNode": NODE, "attribute": "title", "value": "t"},
        {"claimType": "del-attribute", "permaNode": NODE, "attribute": "tag"},
    ]
    assert read(signed(text)).says == Other("multi")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"camliType": "permanode"}, "type"),
        ({"camliType": None}, "type"),
        ({"camliSigner": None}, "signer"),
        ({"camliSig": None}, "signed"),
        ({"camliSig": ""}, "signed"),
        ({"claimType": None}, "claimType"),
        ({"claimType": ""}, "claimType"),
        ({"claimDate": None}, "date"),
        ({"claimDate": ""}, "date"),
        ({"claimDate": "1970-01-01T00:00:00.9Z"}, "date"),
        ({"claimDate": "0001-01-01T00:00:00Z"}, "date"),
        ({"claimDate": "0000-00-00T00:00:00Z"}, "date"),
    ],
)
def test_what_lacks_something_is_no_claim_and_the_error_says_what(fields, why):
    with pytest.raises(NotClaim, match=why):
        read(claim_json(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"camliSigner": "me"},
        {"claimDate": "yesterday"},
        {"value": 5},
        {"attribute": ["tag"]},
        {"permaNode": "sha224-00"},
        {"transitive": "yes"},
        {"expires": "soon"},
    ],
)
def test_a_value_of_the_wrong_type_and_the_blob_says_nothing(fields):
    with pytest.raises(NotSchema):
        read(claim_json(**fields))


def test_of_two_values_the_last_counts_and_two_refs_void_the_claim():
    twice = claim_json()[:-1] + ', "VALUE": "last"}'
    assert read(twice).says == SetAttribute(NODE, "tag", "last")
    with pytest.raises(NotSchema, match="twice"):
        read(claim_json()[:-1] + f', "permanode": "{NODE}"}}')


@pytest.mark.parametrize("key", ["search", "unknown"])
@pytest.mark.parametrize("brackets", ["[]", ("{%s:", "}")], ids=["arrays", "objects"])
def test_whether_a_nested_blob_is_a_claim_depends_on_its_depth_alone(key, brackets):
    opening, closing = brackets[0].replace("%s", '"a"'), brackets[1]

    def nested(depth: int) -> str:
        return claim_json(**{key: "HERE"}).replace(
            '"HERE"', opening * depth + "1" + closing * depth
        )

    def deep_in_the_stack(frames: int, data: str) -> SignedClaim:
        return read(data) if frames == 0 else deep_in_the_stack(frames - 1, data)

    assert deep_in_the_stack(200, nested(MAX_DEPTH - 1)) == read(nested(MAX_DEPTH - 1))
    for depth in (MAX_DEPTH, 600, 900, 100_000):
        with pytest.raises(NotSchema, match="deep"):
            read(nested(depth))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"claimType": "likes"}, Other("likes", NODE)),
        ({"attribute": ""}, Other("set-attribute", NODE)),
        ({"attribute": None}, Other("set-attribute", NODE)),
        ({"permaNode": None}, Other("set-attribute")),
        ({"claimType": "delete", "permaNode": None}, Other("delete")),
        ({"claimType": "share"}, Share(auth_type="")),
        ({"claimType": "share", "search": [1], "authType": "haveref"}, Share()),
    ],
)
def test_what_lacks_what_its_type_needs_is_a_claim_without_effect(fields, says):
    assert read(claim_json(**fields)).says == says
