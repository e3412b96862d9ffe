"""Directories, links and special files."""

from __future__ import annotations

import json

import pytest

from holdfast.blobstore.errors import BlobNotFound
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.blob import parse_schema
from holdfast.schema.build import static_set_text
from holdfast.schema.directories import (
    member_order,
    read_members,
    write_directory,
    write_special,
    write_static_set,
    write_symlink,
)
from holdfast.schema.errors import BadTree, NotSchema, SchemaTooLarge, WrongKind
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_small_file


def refs(count: int) -> list[Ref]:
    return [Ref(f"sha224-{number:056x}") for number in range(count)]


def fields_of(shelf, ref: Ref) -> dict:
    (blob,) = shelf.fetch((ref,))
    return json.loads(blob.data)


def test_members_are_directories_last_then_by_the_bytes_of_the_name():
    entries = [(b"b", False), (b"a", True), (b"Z", True), (b"\xff", False), (b"C", False)]
    entries.sort(key=lambda entry: member_order(entry[0], is_directory=entry[1]))
    assert [name for name, _ in entries] == [b"C", b"b", b"\xff", b"Z", b"a"]


def test_an_empty_directory_has_an_empty_list(shelf):
    ref = write_directory(FileFacts(name=b"d", mode=0o40755), [], shelf.put)
    entries = fields_of(shelf, ref)["entries"]
    assert fields_of(shelf, Ref(entries)) == {
        "camliVersion": 1,
        "camliType": "static-set",
        "members": [],
    }
    assert list(read_members(shelf, ref)) == []


def test_members_keep_the_order_they_are_given_in(shelf):
    members = refs(5)[::-1]
    ref = write_directory(FileFacts(name=b"d"), members, shelf.put)
    assert list(read_members(shelf, ref)) == members
    assert shelf.put_order[-1] == ref


def test_ten_thousand_members_are_one_list(shelf):
    ref = write_static_set(refs(10000), shelf.put)
    assert len(fields_of(shelf, ref)["members"]) == 10000
    assert len(shelf.put_order) == 1


@pytest.mark.parametrize(
    ("count", "subsets"),
    [(10001, [10000, 1]), (10004, [10000, 4]), (20000, [10000, 10000])],
)
def test_more_are_lists_of_ten_thousand_and_the_rest(shelf, count, subsets):
    ref = write_directory(FileFacts(), refs(count), shelf.put)
    top = fields_of(shelf, Ref(fields_of(shelf, ref)["entries"]))
    assert "members" not in top
    found = [fields_of(shelf, Ref(subset))["members"] for subset in top["mergeSets"]]
    assert [len(members) for members in found] == subsets
    assert [ref for members in found for ref in members] == refs(count)
    assert list(read_members(shelf, ref)) == refs(count)


def test_a_directory_of_ten_thousand_and_three_files_and_one_directory(shelf):
    files = [
        write_small_file(FileFacts(name=b"%05d" % number), b"", shelf.put)
        for number in range(10003)
    ]
    below = write_directory(FileFacts(name=b"a"), [], shelf.put)
    ref = write_directory(FileFacts(name=b"d"), [*files, below], shelf.put)
    found = list(read_members(shelf, ref))
    assert found == [*files, below]
    names = [parse_schema(*blob).name for blob in shelf.fetch(found)]
    assert names == [*(b"%05d" % number for number in range(10003)), b"a"]


def test_a_hundred_million_members_are_lists_of_lists(monkeypatch, shelf):
    # The same rule at a scale that fits: at most 3 members a list.
    monkeypatch.setattr("holdfast.schema.directories.MAX_MEMBERS", 3)
    members = refs(28)
    ref = write_static_set(members, shelf.put)
    # 28 div 3 is 9, not below 3: so 2 lists of 28 div 2, each divided again, and no rest.
    assert len(fields_of(shelf, ref)["mergeSets"]) == 2
    assert list(read_members(shelf, ref)) == members
    for count in range(60):
        some = refs(count)
        assert list(read_members(shelf, write_static_set(some, shelf.put))) == some
    for _, size in shelf.enumerate():
        assert size < 500


def test_links_and_special_files_have_only_their_fields(shelf):
    facts = FileFacts(b"n", 0o120777, 0, 0, "root", "root", 10**18, 10**18)
    link = write_symlink(facts, b"to/\xff", shelf.put)
    assert fields_of(shelf, link) == {
        "camliVersion": 1,
        "camliType": "symlink",
        "fileName": "n",
        "symlinkTargetBytes": ["to/", 255],
        "unixGroup": "root",
        "unixGroupId": 0,
        "unixMtime": "2001-09-09T01:46:40Z",
        "unixOwner": "root",
        "unixOwnerId": 0,
    }
    for kind in ("fifo", "socket"):
        fields = fields_of(shelf, write_special(facts, kind, shelf.put))
        assert fields["camliType"] == kind
        assert fields["unixPermission"] == "0777"
    with pytest.raises(ValueError, match="use fifo or socket"):
        write_special(facts, "door", shelf.put)


def test_an_absurd_link_is_refused(shelf):
    with pytest.raises(SchemaTooLarge, match="symlink blob"):
        write_symlink(FileFacts(), b"x" * 2**20, shelf.put)


def test_members_come_before_lists_of_lists(shelf):
    inner = shelf.put_text(static_set_text(refs(1)))
    both = shelf.put_text(
        f'{{"camliVersion": 1, "camliType": "static-set", "members": ["{refs(2)[1]}"],'
        f' "mergeSets": ["{inner}"]}}'
    )
    assert list(read_members(shelf, both)) == refs(2)[1:]


def test_what_is_no_directory_is_refused(shelf):
    file = write_small_file(FileFacts(), b"", shelf.put)
    with pytest.raises(WrongKind, match="'file', not a static-set"):
        list(read_members(shelf, file))
    with pytest.raises(NotSchema):
        list(read_members(shelf, shelf.put_text("hello")))
    no_entries = shelf.put_text('{"camliVersion": 1, "camliType": "directory"}')
    with pytest.raises(BadTree, match="without entries"):
        list(read_members(shelf, no_entries))
    missing = shelf.put_text(
        f'{{"camliVersion": 1, "camliType": "directory", "entries": "{refs(1)[0]}"}}'
    )
    with pytest.raises(BlobNotFound):
        list(read_members(shelf, missing))


class Mirrors:
    """A dishonest store: whatever is asked for, it gives the same bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def fetch(self, refs):
        return (Blob(ref, self._data) for ref in refs)


def test_a_static_set_within_itself_ends_in_an_error():
    ref = refs(1)[0]
    for copies in (1, 1000):
        store = Mirrors(static_set_text(merge_sets=[ref] * copies))
        with pytest.raises(BadTree, match="too many static sets"):
            list(read_members(store, ref))


def test_endless_lists_of_empty_lists_end_in_an_error(shelf):
    level = shelf.put_text(static_set_text())
    for _ in range(3):
        level = shelf.put_text(static_set_text(merge_sets=[level] * 1000))
    with pytest.raises(BadTree, match="too many static sets"):
        list(read_members(shelf, level))
