"""Lookups: by last change, by value, by path, by claim, by content."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.blobstore.errors import Blame
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.keys import BLOB
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.search import describing
from holdfast.index.search.errors import NoFuzzyLookup, NoSuchPermanode, NotIndexedByValue
from holdfast.index.search.lookups import Lookups
from holdfast.index.search.reader import IndexReader
from holdfast.schema.claims import AddAttribute, DelAttribute, Delete, SetAttribute, claim_text
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp

from ..conftest import FRIEND, NOW, OWNER, STRANGER, TRUSTED, Speaker, key_blob
from .conftest import Library

SECOND = 10**9


def refs_of(key: SecretKey) -> Ref:
    return key_blob(key).ref


# Recent


def recent(library: Library, **asked: Any) -> list[str]:
    found: Any = library.lookups.recent(**asked)["recent"]
    return [item["blobref"] for item in found or ()]


def test_what_changed_last_comes_first_hidden_or_not(library: Library) -> None:
    hidden = library.permanode("hidden", camliDefVis="hide")
    venue = library.permanode("venue", camliNodeType="foursquare.com:venue")
    changed = library.permanode("changed", title="one")
    library.permanode("bare")
    gone = library.permanode("gone", title="gone")
    library.delete(gone)
    library.says(SetAttribute(venue, "title", "later"))
    assert recent(library) == [venue, changed, hidden]


def test_an_item_says_when_it_changed_and_whose_it_is(library: Library) -> None:
    node = library.permanode("node")
    library.says(SetAttribute(node, "title", "x"), at=1_500_000_000 * SECOND, by=Speaker(FRIEND))
    document = library.lookups.recent()
    assert document["recent"] == [
        {"blobref": node, "modtime": "2017-07-14T02:40:00Z", "owner": refs_of(OWNER)}
    ]


def test_deleted_claims_do_not_make_a_permanode_recent(library: Library) -> None:
    one = library.permanode("one", title="x")
    two = library.permanode("two", title="x")
    claim = library.says(SetAttribute(one, "title", "y"))
    assert recent(library) == [one, two]
    library.delete(claim)
    assert recent(library) == [two, one]


def test_those_before_a_moment_are_all_earlier(library: Library) -> None:
    nodes = []
    for number in range(4):
        nodes.append(library.permanode(f"n{number}"))
        library.says(SetAttribute(nodes[-1], "title", "x"), at=number // 2 * SECOND + 2 * SECOND)
    assert set(recent(library, before=Timestamp(3 * SECOND))) == set(nodes[:2])
    assert set(recent(library, before=Timestamp(3 * SECOND + 1))) == set(nodes)
    assert recent(library, before=Timestamp(2 * SECOND)) == []


def test_limits_beyond_reason_are_fifty(library: Library) -> None:
    for number in range(51):
        library.permanode(f"n{number}", title="x")
    lengths = {limit: len(recent(library, limit=limit)) for limit in (-1, 0, 3, 1000, 1001)}
    assert lengths == {-1: 50, 0: 50, 3: 3, 1000: 51, 1001: 50}


def test_what_is_found_is_described_with_what_it_leads_to(library: Library) -> None:
    file = library.file("a.txt", b"a")
    note = library.permanode("note", camliContent=file)
    album = library.permanode("album", camliMember=[note])
    document: Any = library.lookups.recent(limit=1)
    assert document["meta"].keys() == {album, note}
    assert document["meta"][album]["permanode"]["attr"] == {"camliMember": [note]}


def test_one_album_does_not_crowd_out_what_else_is_described(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [library.permanode(f"p{number}", title="x") for number in range(5)]
    file = library.file("a.txt", b"a")
    note = library.permanode("note", camliContent=file)
    album = library.permanode("album", camliMember=photos)
    monkeypatch.setattr(describing, "MOST_AROUND", 6)
    document: Any = library.lookups.recent(limit=2)
    assert document["meta"].keys() == {album, note, file, *photos[:3]}
    assert document["truncated"] is True


class Noting:
    """A table, and which keys were got from it."""

    def __init__(self, table: MemoryTable) -> None:
        self.scan = table.scan
        self._get = table.get
        self.got: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        self.got.append(key)
        return self._get(key)


def test_what_is_recent_is_read_once(library: Library) -> None:
    nodes = [library.permanode(f"n{number}", title="x") for number in range(5)]
    library.reader  # noqa: B018 (waits for the index)
    table = Noting(library.table)
    Lookups(IndexReader(table, trusted=TRUSTED), library.storage).recent()
    assert [table.got.count(BLOB.key_of(node)) for node in nodes] == [1] * 5


def test_an_empty_store_has_nothing_recent(library: Library) -> None:
    assert library.lookups.recent() == {"recent": None, "meta": {}}


# By a value


def with_attr(library: Library, attribute: str, value: str = "", **asked: Any) -> list[str]:
    document: Any = library.lookups.permanode_attr(attribute=attribute, value=value, **asked)
    found = [item["permanode"] for item in document["withAttr"] or ()]
    assert document["meta"].keys() >= set(found)
    return found


def test_a_value_that_was_ever_given_finds_a_permanode_newest_first(library: Library) -> None:
    one = library.permanode("one", title="A")
    two = library.permanode("two", title="A")
    library.permanode("three", title="AA")
    library.says(SetAttribute(one, "title", "B"), DelAttribute(two, "title"))
    assert with_attr(library, "title", "A") == [two, one]
    assert with_attr(library, "title", "B") == [one]
    assert with_attr(library, "title", "C") == []
    library.says(SetAttribute(one, "title", "A"))
    assert with_attr(library, "title", "A") == [one, two]


def test_without_a_value_they_come_by_values(library: Library) -> None:
    pear = library.permanode("pear", tag=["pear"])
    fig = library.permanode("fig", tag=["fig"])
    both = library.permanode("both", tag=["pear", "apple"])
    assert with_attr(library, "tag") == [both, fig, pear]
    assert with_attr(library, "tag", limit=2) == [both, fig]


def test_values_that_begin_alike_for_long_are_told_apart(library: Library) -> None:
    start = "x" * 120
    one, two = library.permanode("one", title=start + "1"), library.permanode("two", title=start)
    assert with_attr(library, "title", start + "1") == [one]
    assert with_attr(library, "title", start) == [two]
    assert set(with_attr(library, "title")) == {one, two}


@pytest.mark.parametrize("attribute", ["camliRoot", "camliImportRoot", "tag", "title"])
def test_four_attributes_are_looked_up(attribute: str, library: Library) -> None:
    node = library.permanode("node", **{attribute: "v"})
    assert with_attr(library, attribute, "v") == [node]


def test_other_attributes_are_refused_in_the_words_of_the_reference(library: Library) -> None:
    library.permanode("node", description="v")
    with pytest.raises(NotIndexedByValue, match="called with a non-indexed attribute") as refused:
        library.lookups.permanode_attr(attribute="description", value="v")
    assert '"description"' in str(refused.value)
    assert refused.value.blame is Blame.CALLER
    for attribute, is_fuzzy in (("", False), ("tag", True)):
        with pytest.raises(NoFuzzyLookup, match="generic indexer doesn't support FuzzyMatch"):
            library.lookups.permanode_attr(attribute=attribute, value="v", is_fuzzy=is_fuzzy)


def test_only_claims_until_a_moment_count(library: Library) -> None:
    one, two = library.permanode("one"), library.permanode("two")
    library.says(SetAttribute(one, "title", "A"), at=1 * SECOND)
    library.says(SetAttribute(two, "title", "A"), at=2 * SECOND)
    found = {at: with_attr(library, "title", "A", at=Timestamp(at * SECOND)) for at in range(4)}
    assert found == {0: [], 1: [one], 2: [two, one], 3: [two, one]}


def test_deleted_permanodes_and_deleted_claims_find_nothing(library: Library) -> None:
    gone = library.permanode("gone", title="A")
    node = library.permanode("node", title="B")
    delete = library.delete(gone)
    claim = library.says(SetAttribute(node, "title", "A"))
    library.delete(claim)
    assert with_attr(library, "title", "A") == []
    library.delete(delete)
    assert with_attr(library, "title", "A") == [gone]


def test_a_signer_finds_what_was_given_with_that_key(library: Library) -> None:
    one, two = library.permanode("one", title="A"), library.permanode("two")
    library.says(SetAttribute(two, "title", "A"), by=Speaker(FRIEND, at=NOW + 99))
    library.says(SetAttribute(two, "title", "B"), by=Speaker(STRANGER, at=NOW + 99))
    assert with_attr(library, "title", "A") == [two, one]
    assert with_attr(library, "title", "A", signer=refs_of(OWNER)) == [one]
    assert with_attr(library, "title", "A", signer=refs_of(FRIEND)) == [two]
    assert with_attr(library, "title", "B") == []
    assert with_attr(library, "title", "B", signer=refs_of(STRANGER)) == [two]
    assert with_attr(library, "title", "A", signer=Ref.of(b"nobody")) == []


def test_a_signer_is_the_key_whatever_ref_its_blob_has(library: Library) -> None:
    one, two = library.permanode("one", title="A"), library.permanode("two")
    other = Ref.of(OWNER.public.blob, hash_name="sha256")
    library.hub.receive([Blob(other, OWNER.public.blob)])
    text = claim_text(other, Timestamp(NOW + 99), SetAttribute(two, "title", "A"))
    library.put(sign(text, OWNER, time=signing_second(NOW + 99)))
    for signer in (refs_of(OWNER), other):
        assert with_attr(library, "title", "A", signer=signer) == [two, one]


def test_the_permanode_that_got_a_value_last_is_found(library: Library) -> None:
    one, two = library.permanode("one", camliRoot="r"), library.permanode("two", camliRoot="r")
    lookups = library.lookups
    document: Any = lookups.signer_attr_value(
        signer=refs_of(OWNER), attribute="camliRoot", value="r"
    )
    assert document["permanode"] == two
    assert document["meta"].keys() == {two}
    library.delete(two)
    document = library.lookups.signer_attr_value(signer=None, attribute="camliRoot", value="r")
    assert document["permanode"] == one


def test_a_value_nobody_gave_is_an_absence(library: Library) -> None:
    library.permanode("one", description="r")
    for attribute, value in (("camliRoot", "r"), ("description", "r"), ("tag", "")):
        with pytest.raises(NoSuchPermanode, match="file does not exist") as absent:
            library.lookups.signer_attr_value(signer=None, attribute=attribute, value=value)
        assert absent.value.blame is Blame.ABSENCE


# By paths


def paths(library: Library, target: Ref, signer: Ref | None = None) -> set[tuple[Ref, str]]:
    document: Any = library.lookups.signer_paths(signer=signer, target=target)
    assert document["meta"].keys() >= {path["baseRef"] for path in document["paths"] or ()}
    return {(path["baseRef"], path["suffix"]) for path in document["paths"] or ()}


def test_paths_lead_to_what_is_there_now(library: Library) -> None:
    file = library.file("a.txt", b"a")
    one = library.permanode("one", camliMember=[file])
    library.says(SetAttribute(one, "camliPath:a.txt", file), AddAttribute(one, "camliPath:b", file))
    two = library.permanode("two", camliPath_c=file)
    assert paths(library, file) == {(one, "a.txt"), (one, "b"), (two, "c")}
    library.says(
        SetAttribute(one, "camliPath:a.txt", library.file("other", b"other")),
        DelAttribute(one, "camliPath:b"),
        DelAttribute(two, "camliPath:c", file),
    )
    assert paths(library, file) == set()
    assert library.lookups.signer_paths(signer=None, target=file) == {"paths": None, "meta": {}}


def test_a_path_tells_the_claim_that_made_it(library: Library) -> None:
    file = library.file("a.txt", b"a")
    node = library.permanode("node")
    library.says(SetAttribute(node, "camliPath:x", file))
    claim = library.says(SetAttribute(node, "camliPath:x", file))
    library.says(SetAttribute(node, "title", "unrelated"))
    document = library.lookups.signer_paths(signer=refs_of(OWNER), target=file)
    assert document["paths"] == [{"claimRef": claim, "baseRef": node, "suffix": "x"}]


def test_deleted_permanodes_are_on_no_path(library: Library) -> None:
    target = library.permanode("target", title="t")
    base = library.permanode("base", camliPath_x=target)
    assert paths(library, target) == {(base, "x")}
    undone = library.delete(target)
    assert paths(library, target) == set()
    library.delete(undone)
    assert paths(library, target) == {(base, "x")}
    library.delete(base)
    assert paths(library, target) == set()


def test_a_signer_has_the_paths_made_with_that_key(library: Library) -> None:
    target = library.permanode("target", title="t")
    mine = library.permanode("mine", camliPath_x=target)
    theirs = library.permanode("theirs")
    library.says(SetAttribute(theirs, "camliPath:y", target), by=Speaker(FRIEND, at=NOW + 99))
    assert paths(library, target) == {(mine, "x"), (theirs, "y")}
    assert paths(library, target, refs_of(OWNER)) == {(mine, "x")}
    assert paths(library, target, refs_of(FRIEND)) == {(theirs, "y")}
    assert paths(library, target, refs_of(STRANGER)) == set()


# Claims


def test_claims_that_count_are_listed_oldest_first(library: Library) -> None:
    node = library.permanode("node")
    late = library.says(SetAttribute(node, "title", "x"), at=5 * SECOND)
    early = library.says(AddAttribute(node, "tag", "y"), at=4 * SECOND)
    cleared = library.says(DelAttribute(node, "tag"), at=6 * SECOND)
    library.says(SetAttribute(node, "title", "theirs"), by=Speaker(STRANGER))
    library.delete(library.says(SetAttribute(node, "title", "deleted")))
    deleted = library.says(Delete(node), at=7 * SECOND)
    common = {"signer": refs_of(OWNER), "permanode": node}
    assert library.lookups.claims(node)["claims"] == [
        {
            "blobref": early,
            **common,
            "date": "1970-01-01T00:00:04Z",
            "type": "add-attribute",
            "attr": "tag",
            "value": "y",
        },
        {
            "blobref": late,
            **common,
            "date": "1970-01-01T00:00:05Z",
            "type": "set-attribute",
            "attr": "title",
            "value": "x",
        },
        {
            "blobref": cleared,
            **common,
            "date": "1970-01-01T00:00:06Z",
            "type": "del-attribute",
            "attr": "tag",
        },
        {"blobref": deleted, **common, "date": "1970-01-01T00:00:07Z", "type": "delete"},
    ]


def test_claims_of_one_attribute_are_listed_alone(library: Library) -> None:
    node = library.permanode("node", title="x", tag=["y"])
    library.delete(node)
    found: Any = library.lookups.claims(node, attribute="tag")["claims"]
    assert [claim["value"] for claim in found] == ["y"]
    assert library.lookups.claims(node, attribute="nothing") == {"claims": None}
    assert library.lookups.claims(Ref.of(b"nowhere")) == {"claims": None}


# Edges and files


def test_those_that_have_it_as_a_member_now_lead_to_it(library: Library) -> None:
    file = library.file("a.txt", b"a")
    photo = library.permanode("photo", camliContent=file)
    albums = [library.permanode(f"album {n}", camliMember=[photo, photo]) for n in range(5)]
    library.permanode("path", camliPath_x=photo)
    library.says(DelAttribute(albums[0], "camliMember", photo))
    library.delete(albums[1])
    document = library.lookups.edges_to(photo)
    assert document == {
        "toRef": photo,
        "edgesTo": [{"from": ref, "fromType": "permanode"} for ref in sorted(albums[2:])],
    }
    assert library.lookups.edges_to(file) == {"toRef": file, "edgesTo": None}


def test_files_are_found_by_all_their_contents(library: Library) -> None:
    data = b"the same" * 1000
    files = [library.file(name, data) for name in ("a", "b")]
    whole, other = Ref.of(data), Ref.of(b"other")
    assert library.lookups.files([whole, other]) == {"files": {whole: sorted(files), other: None}}
