"""What claims say, in words and as JSON."""

from __future__ import annotations

import io
import json

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    Other,
    SetAttribute,
    Share,
    Statement,
    locked,
)
from holdfast.schema.timestamps import Timestamp
from holdfast.tools.claiming.desk import Desk
from holdfast.tools.claiming.shares import parse_search
from holdfast.tools.claiming.wording import as_fields, in_words, share_fields
from holdfast.tools.output import Output

P = Ref.of(b"permanode")


class Terminal(io.StringIO):
    """Where a person looks."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def pipe() -> Output:
    return Output(out=io.StringIO(), err=io.StringIO())


@pytest.fixture
def terminal() -> Output:
    return Output(out=Terminal(), err=io.StringIO())


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (SetAttribute(P, "title", "x"), 'set title "x"'),
        (SetAttribute(P, "title", ""), 'set title ""'),
        (AddAttribute(P, "tag", "a b"), 'add tag "a b"'),
        (DelAttribute(P, "tag", "a"), 'del tag "a"'),
        (DelAttribute(P, "tag"), "del tag"),
        (Delete(P), f"delete {P}"),
        (Share(target=P), f"share {P} alone"),
        (Share(target=P, is_transitive=True), f"share {P} transitive"),
        (Share(search={"expression": "tag:a"}), 'share "tag:a" alone'),
        (Share(search={"limit": 5}), 'share "{"limit": 5}" alone'),
        (
            locked(Share(target=P), password_hash="x", most_downloads=1),
            f"share {P} alone with a password, 1 download at most",
        ),
        (Other("multi"), "multi, which changes nothing"),
        (SetAttribute(P, "a\nb", "c\r\x1b[2J\u202e"), r'set a\x0ab "c\x0d\x1b[2J\u202e"'),
        (Other("x\x1b"), r"x\x1b, which changes nothing"),
    ],
)
def test_every_claim_is_one_harmless_line(pipe: Output, says: Statement, words: str) -> None:
    assert in_words(says, pipe) == words


def test_values_are_shortened_at_a_terminal_alone_and_refs_never(
    terminal: Output, pipe: Output
) -> None:
    says = SetAttribute(P, "text", "x" * 1000)
    assert in_words(says, pipe).count("x") > 1000
    assert in_words(says, terminal) == f'set text "{"x" * 71}…"'
    ref = Ref.of(b"", hash_name="sha256")
    assert ref in in_words(SetAttribute(P, "camliContent", ref), terminal)


def test_fields_tell_no_value_from_an_empty_one() -> None:
    assert as_fields(DelAttribute(P, "a"))["value"] is None
    assert as_fields(SetAttribute(P, "a", ""))["value"] == ""


def test_a_search_is_json_as_it_was_typed_and_as_it_is_read_back(desk: Desk) -> None:
    typed = Share(search=parse_search('{"limit": 1.5, "a": [1, {"b": 2}]}'))
    desk.claim([typed])
    (claim,) = desk.shares().claims
    assert isinstance(claim.says, Share)
    for share in (typed, claim.says):
        fields = json.loads(json.dumps(share_fields(share)))
        assert fields["search"] == {"a": [1, {"b": 2}], "limit": 1.5}


def test_an_end_is_told_in_both_ways(pipe: Output) -> None:
    share = Share(target=P, expires=Timestamp(1_800_000_000 * 10**9))
    assert share_fields(share)["expires"] == "2027-01-15T08:00:00Z"
    assert " until 2027-01-1" in in_words(share, pipe)
    endless = Share(target=P, expires=Timestamp(0))
    assert in_words(endless, pipe) == f"share {P} alone"
