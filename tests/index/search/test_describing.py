"""Describing: what is said of each kind of blob, and which blobs are described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.index.errors import ReadingStopped
from holdfast.index.kv.leveldb import open_leveldb
from holdfast.index.query.request import DescribeRequest, DescribeRule
from holdfast.index.search import describing, rules
from holdfast.index.search.describing import Describer
from holdfast.index.search.moments import shown_text, utc_text
from holdfast.index.search.reader import IndexReader
from holdfast.schema.claims import AddAttribute, DelAttribute, SetAttribute
from holdfast.schema.timestamps import Timestamp, parse_time

from ..conftest import NOW, STRANGER, TRUSTED, Speaker
from ..media.samples import picture
from .conftest import DATA, Library

NOWHERE = "0001-01-01T00:00:00Z"
GPS = 34853


def described(library: Library, *roots: Ref, **asked: Any) -> dict[str, Any]:
    document = library.describer.describe(DescribeRequest(blobrefs=roots, **asked))
    assert document.keys() == {"meta"}
    meta: Any = document["meta"]
    return meta


def rule(*attrs: str, inner: tuple[DescribeRule, ...] = (), **conditions: Any) -> DescribeRule:
    return DescribeRule(attrs=attrs, rules=inner, **conditions)


def photo(latitude: float = 48.5, longitude: float = 2.25) -> bytes:
    degrees = {1: "N", 2: (latitude, 0, 0), 3: "E", 4: (longitude, 0, 0)}
    return picture("JPEG", (40, 30), {271: "Acme", 272: "Shot 1", GPS: degrees})


# Each kind of blob


def test_a_photo_is_described_with_all_that_is_known_of_it(library: Library) -> None:
    data = photo()
    ref = library.file("a.jpg", data, mtime_ns=1_577_836_800_500_000_000)
    entry = described(library, ref)[ref]
    assert entry == {
        "blobRef": ref,
        "camliType": "file",
        "size": len(next(library.storage.fetch([ref])).data),
        "file": {
            "fileName": "a.jpg",
            "size": len(data),
            "mimeType": "image/jpeg",
            "time": "2020-01-01T00:00:00.5Z",
            "wholeRef": Ref.of(data),
        },
        "image": {"width": 40, "height": 30},
        "location": {"latitude": 48.5, "longitude": 2.25},
    }
    assert list(entry) == ["blobRef", "camliType", "size", "file", "image", "location"]
    assert list(entry["file"]) == ["fileName", "size", "mimeType", "time", "wholeRef"]


def test_a_file_with_two_times_has_the_earliest_and_the_latest(library: Library) -> None:
    ref = library.file("IMG_20130218_131058.txt", b"text", mtime_ns=NOW)
    file = described(library, ref)[ref]["file"]
    # Nothing tells the zone of a time in a name.
    assert file["time"] == "2013-02-18T13:10:58-00:01"
    assert file["modTime"] == "2023-11-14T22:13:20Z"


def test_a_file_without_times_or_type_has_neither(library: Library) -> None:
    ref = library.file("", b"\x00\x01", mtime_ns=None)
    assert described(library, ref)[ref]["file"].keys() == {"fileName", "size", "wholeRef"}


def test_sound_is_described_with_its_tags(library: Library) -> None:
    ref = library.file("song.mp3", (DATA / "index/media/id3v24.mp3").read_bytes())
    tags = described(library, ref)[ref]["mediaTags"]
    assert list(tags) == sorted(tags)
    assert all(isinstance(value, str) and value for value in tags.values())
    assert "title" in tags


def test_a_folder_lists_its_members_by_ref(library: Library) -> None:
    files = [library.file(f"{number}.txt", b"%d" % number) for number in range(5)]
    ref = library.folder("five", files)
    entry = described(library, ref)[ref]
    assert entry["dir"] == {"fileName": "five", "size": 5, "wholeRef": None}
    assert entry["dirChildren"] == sorted(files)


def test_plain_bytes_and_other_schema_blobs_have_no_more_than_size_and_type(
    library: Library,
) -> None:
    node = library.permanode("node")
    claim = library.says(SetAttribute(node, "title", "x"))
    plain = library.put(b"plain bytes")
    meta = described(library, claim, plain)
    assert meta[plain] == {"blobRef": plain, "size": 11}
    assert meta[claim].keys() == {"blobRef", "camliType", "size"}
    assert meta[claim]["camliType"] == "claim"


def test_what_is_not_here_is_left_out(library: Library) -> None:
    assert described(library, Ref.of(b"elsewhere"), Ref("unknown-00")) == {}
    assert described(library) == {}


def test_entries_are_in_the_order_of_refs(library: Library) -> None:
    refs = [library.put(b"%d" % number) for number in range(20)]
    assert list(described(library, *refs)) == sorted(refs)


# Permanodes


def test_attributes_are_read_as_describe_reads_them(library: Library) -> None:
    node = library.permanode("node", tag=["x", "y", "x", ""], gone=["a"], title="one", empty="")
    library.says(
        DelAttribute(node, "gone", "a"),
        SetAttribute(node, "title", "two"),
        SetAttribute(node, "blank", "full"),
        SetAttribute(node, "blank", ""),
    )
    attributes = described(library, node)[node]["permanode"]["attr"]
    assert attributes == {"gone": [], "tag": ["x", "y"], "title": ["two"]}


def test_a_permanode_of_which_nothing_is_said_was_changed_never(library: Library) -> None:
    node = library.permanode("bare")
    entry = described(library, node)[node]
    assert entry["permanode"] == {"attr": {}, "modtime": NOWHERE}


def test_only_trusted_claims_that_are_not_deleted_count(library: Library) -> None:
    node = library.permanode("node", title="mine")
    library.says(SetAttribute(node, "title", "theirs"), by=Speaker(STRANGER, at=NOW * 2))
    library.delete(library.says(SetAttribute(node, "title", "deleted")))
    entry = described(library, node)[node]
    assert entry["permanode"] == {
        "attr": {"title": ["mine"]},
        "modtime": "2023-11-14T22:13:20.000000001Z",
    }


def test_attributes_are_as_of_the_moment_asked_for(library: Library) -> None:
    node = library.permanode("node")
    library.says(SetAttribute(node, "title", "one"), at=1_000_000_000)
    library.says(SetAttribute(node, "title", "two"), at=3_000_000_000)
    then = described(library, node, at=Timestamp(2_999_999_999))[node]
    assert then["permanode"] == {"attr": {"title": ["one"]}, "modtime": "1970-01-01T00:00:01Z"}
    before = described(library, node, at=Timestamp(5))[node]
    assert before["permanode"] == {"attr": {}, "modtime": NOWHERE}


def test_moments_before_the_first_year_are_told_as_its_beginning() -> None:
    early = parse_time("0000-02-03T00:00:00Z")
    assert early is not None
    assert utc_text(early) == shown_text(early) == NOWHERE
    assert shown_text(early._replace(is_zone_unknown=True)) == "0001-01-01T00:00:00-00:01"
    late = Timestamp(253_402_300_799 * 10**9)
    assert utc_text(late) == shown_text(late) == "9999-12-31T23:59:59Z"


def test_deleted_permanodes_are_marked(library: Library) -> None:
    node = library.permanode("node", title="gone", latitude="1.5", longitude="2")
    delete = library.delete(node)
    entry = described(library, node)[node]
    assert entry["permanode"]["deleted"] is True
    assert entry["permanode"]["attr"]["title"] == ["gone"]
    assert entry["location"] == {"latitude": 1.5, "longitude": 2.0}
    library.delete(delete)
    assert "deleted" not in described(library, node)[node]["permanode"]


def test_attributes_that_follow_from_the_content_stand_beside_those_that_are_claimed(
    library: Library,
) -> None:
    node = library.permanode("node", camliContent=library.file("a.jpg", photo()))
    permanode = described(library, node)[node]["permanode"]
    assert permanode["attr"].keys() == {"camliContent"}
    assert permanode["derived"] == {"camera": "Acme Shot 1"}
    library.says(SetAttribute(node, "camera", "mine"))
    assert "derived" not in described(library, node)[node]["permanode"]


def test_a_permanode_is_where_it_says_or_its_venue_or_its_content(library: Library) -> None:
    content = library.file("a.jpg", photo(latitude=10, longitude=20))
    venue = library.permanode("venue", latitude="-33.5", longitude="151")
    places = {
        library.permanode("said", camliContent=content, latitude="1", longitude="2"): (1.0, 2.0),
        library.permanode(
            "checkin",
            camliNodeType="foursquare.com:checkin",
            foursquareVenuePermanode=venue,
        ): (-33.5, 151.0),
        library.permanode("photo", camliContent=content): (10.0, 20.0),
        library.permanode("nonsense", latitude="up", longitude="2"): None,
    }
    meta = described(library, *places)
    for ref, place in places.items():
        found = meta[ref].get("location")
        assert (None if found is None else (found["latitude"], found["longitude"])) == place


def test_a_check_in_is_where_its_venue_was_then(library: Library) -> None:
    venue, node = library.permanode("venue"), library.permanode("checkin")
    for at, latitude in ((1, "1"), (10, "2")):
        library.says(SetAttribute(venue, "latitude", latitude), at=at * 10**9)
        library.says(SetAttribute(venue, "longitude", "5"), at=at * 10**9)
    library.says(SetAttribute(node, "camliNodeType", "foursquare.com:checkin"), at=2 * 10**9)
    library.says(SetAttribute(node, "foursquareVenuePermanode", venue), at=2 * 10**9)
    then = described(library, node, at=Timestamp(3 * 10**9))[node]
    assert then["location"]["latitude"] == 1.0
    assert described(library, node)[node]["location"]["latitude"] == 2.0


# How deep


def test_depth_follows_what_attributes_name(library: Library) -> None:
    file = library.file("a.txt", b"a")
    note = library.permanode("note", camliContent=file)
    album = library.permanode("album", camliMember=[note])
    shelf = library.permanode("shelf", description=f"see {album}, and ({album})")
    path = [shelf, album, note, file]
    for depth in range(1, 6):
        assert described(library, shelf, depth=depth).keys() == set(path[:depth])
    assert described(library, shelf).keys() == {shelf}
    assert described(library, shelf, depth=-3).keys() == {shelf}


def test_refs_in_names_of_attributes_lead_on_too(library: Library) -> None:
    one = library.permanode("one")
    two = library.permanode("two")
    library.says(SetAttribute(two, f"about {one}", "yes"))
    assert described(library, two, depth=2).keys() == {one, two}


def test_what_is_no_whole_ref_leads_nowhere(library: Library) -> None:
    one = library.permanode("one")
    two = library.permanode("two", note=f"{one}0 x{one} sha224-00 {one.upper()}")
    assert described(library, two, depth=2).keys() == {two}


def test_a_folder_takes_one_level_as_everything_does(library: Library) -> None:
    file = library.file("a.txt", b"a")
    inner = library.folder("inner", [file])
    outer = library.folder("outer", [inner])
    node = library.permanode("node", camliContent=outer)
    path = [node, outer, inner, file]
    for depth in range(1, 5):
        assert described(library, node, depth=depth).keys() == set(path[:depth])


def test_of_a_large_folder_the_first_members_by_ref_are_described(library: Library) -> None:
    files = sorted(library.file(f"{number}", b"%d" % number) for number in range(60))
    folder = library.folder("many", files)
    meta = described(library, folder, depth=2)
    assert meta.keys() == {folder, *files[:50]}
    assert meta[folder]["dirChildren"] == files[:50]
    assert meta[folder]["dir"]["size"] == 60
    meta = described(library, folder, depth=2, max_dir_children=2)
    assert meta.keys() == {folder, *files[:2]}


def test_permanodes_that_lead_to_each_other_are_described_once(library: Library) -> None:
    one, two = library.permanode("one"), library.permanode("two")
    library.says(AddAttribute(one, "camliMember", two), AddAttribute(two, "camliMember", one))
    assert described(library, one, depth=1_000_000).keys() == {one, two}


# Rules


def test_rules_lead_from_what_is_found_to_what_they_name(library: Library) -> None:
    file = library.file("a.txt", b"a")
    note = library.permanode("note", camliContent=file)
    album = library.permanode("album", camliMember=[note], other=note)
    asked = rule("camliMember", inner=(rule("camliContent"),))
    assert described(library, album, rules=(asked,)).keys() == {album, note, file}
    assert described(library, album, rules=(rule("camliContent"),)).keys() == {album}
    assert described(library, album, rules=(rule("member"),)).keys() == {album}


def test_an_outer_rule_holds_for_all_that_comes_to_be_described(library: Library) -> None:
    leaf = library.permanode("leaf")
    middle = library.permanode("middle", camliPath_b=leaf)
    root = library.permanode("root", camliPath_a=middle, camliMember=[leaf])
    assert described(library, root, rules=(rule("camliPath:*"),)).keys() == {root, middle, leaf}
    assert described(library, root, rules=(rule("camliPath:a"),)).keys() == {root, middle}
    assert described(library, root, rules=(rule("*"),)).keys() == {root, middle, leaf}


def test_an_inner_rule_holds_only_for_what_the_rule_around_it_led_to(library: Library) -> None:
    leaf = library.permanode("leaf")
    by_member = library.permanode("by member", next=leaf)
    by_path = library.permanode("by path", next=library.permanode("other leaf"))
    root = library.permanode("root", camliMember=[by_member], camliPath_p=by_path)
    asked = (rule("camliMember", inner=(rule("next"),)), rule("camliPath:p"))
    assert described(library, root, rules=asked).keys() == {root, by_member, by_path, leaf}


def test_an_inner_rule_holds_for_what_was_described_already(library: Library) -> None:
    leaf = library.permanode("leaf")
    middle = library.permanode("middle", next=leaf)
    root = library.permanode("root", camliMember=[middle])
    asked = (rule("camliMember", inner=(rule("next"),)),)
    assert described(library, root, middle, rules=asked).keys() == {root, middle, leaf}


def test_a_rule_can_hold_for_what_was_asked_for_alone(library: Library) -> None:
    third = library.permanode("third")
    second = library.permanode("second", next=third)
    first = library.permanode("first", next=second)
    asked = (rule("next", if_result_root=True),)
    assert described(library, first, rules=asked).keys() == {first, second}
    assert described(library, first, depth=2, rules=asked).keys() == {first, second}
    assert described(library, first, second, rules=asked).keys() == {first, second, third}


def test_a_rule_can_hold_for_one_type_of_permanode(library: Library) -> None:
    leaf = library.permanode("leaf")
    tweet = library.permanode("tweet", camliNodeType="tweet", next=leaf)
    other = library.permanode("other", camliNodeType="tweets", next=library.permanode("x"))
    asked = (rule("next", if_camli_node_type="tweet"),)
    assert described(library, tweet, other, rules=asked).keys() == {tweet, other, leaf}


def test_rules_over_permanodes_that_lead_to_each_other_come_to_an_end(library: Library) -> None:
    nodes = [library.permanode(f"n{number}") for number in range(4)]
    for node in nodes:
        library.says(*(AddAttribute(node, "camliMember", other) for other in nodes))
    asked = rule("*", inner=(rule("*", inner=(rule("*"),)),))
    assert described(library, nodes[0], rules=(asked, asked)).keys() == set(nodes)


def test_results_take_the_place_of_the_refs_asked_for(library: Library) -> None:
    leaf = library.permanode("leaf")
    found = library.permanode("found", next=leaf)
    request = DescribeRequest(blobref=leaf, rules=(rule("next", if_result_root=True),))
    document = library.describer.describe(request, roots=[found])
    assert document["meta"].keys() == {found, leaf}
    assert library.describer.describe(request, roots=[]) == {"meta": {}}


# Bounds and failures


def test_an_answer_holds_so_many_blobs_and_says_that_there_are_more(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describing, "MOST_BLOBS", 4)
    members = [library.permanode(f"m{number}") for number in range(9)]
    album = library.permanode("album", camliMember=members)
    for asked in (DescribeRequest(blobref=album, depth=2), DescribeRequest(rules=(rule("*"),))):
        document = library.describer.describe(asked, roots=[album])
        assert document["truncated"] is True
        assert document["meta"].keys() == {album, *members[:3]}


def test_rules_are_not_followed_for_ever(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [library.permanode(f"m{number}") for number in range(9)]
    album = library.permanode("album", camliMember=members)
    asked = DescribeRequest(blobref=album, rules=(rule("nothing"),) * 3 + (rule("camliMember"),))
    assert library.describer.describe(asked)["meta"].keys() == {album, *members}
    monkeypatch.setattr(rules, "MOST_STEPS", 12)
    document = library.describer.describe(asked)
    assert document["truncated"] is True
    assert album in document["meta"]


def test_what_takes_too_much_reading_is_left_out(library: Library) -> None:
    small = library.permanode("small", title="small")
    large = library.permanode("large", camliMember=[small] * 200)
    library.reader  # noqa: B018 (waits for the index)
    reader = IndexReader(library.table, trusted=TRUSTED, most=100)
    document = Describer(reader, library.storage).describe(DescribeRequest(blobrefs=(small, large)))
    assert document["meta"].keys() == {small}
    assert document["truncated"] is True


def test_an_answer_that_nobody_waits_for_is_not_finished(library: Library) -> None:
    node = library.permanode("node", title="x")
    assert library.index.settle(10)

    def nobody_waits() -> None:
        raise ReadingStopped

    describer = Describer(
        IndexReader(library.table, trusted=TRUSTED, check=nobody_waits), library.storage
    )
    with pytest.raises(ReadingStopped):  # noqa: PT012 (a check is made only now and then)
        for _ in range(10_000):
            describer.describe(DescribeRequest(blobref=node))


def test_one_blob_that_cannot_be_read_leaves_the_others_described(
    library: Library, tmp_path: Path
) -> None:
    # So long that the second of these claims has a part of the table's file to itself.
    notes = ["x" * 9000, "y" * 9000 + "damage me", "z" * 9000]
    damaged = library.permanode("damaged", note=notes)
    others = [library.permanode(f"o{number}", tag=["fine"]) for number in range(3)]
    assert library.index.settle(10)
    for rows in (library.table.scan(), ()):  # opened again, the log becomes a sorted file
        table = open_leveldb(tmp_path / "table")
        table.write(rows)
        table.close()
    (file,) = (tmp_path / "table").glob("*.ldb")
    file.write_bytes(file.read_bytes().replace(b"damage me", b"damaged !"))
    table = open_leveldb(tmp_path / "table")
    describer = Describer(IndexReader(table, trusted=TRUSTED), library.storage)
    meta: Any = describer.describe(DescribeRequest(blobrefs=(damaged, *others)))["meta"]
    table.close()
    assert meta[damaged].keys() == {"blobRef", "size", "error"}
    assert [meta[ref]["permanode"]["attr"] for ref in others] == [{"tag": ["fine"]}] * 3


def test_what_claims_need_not_be_looked_at_for_is_described_as_by_claims(library: Library) -> None:
    plain = library.permanode("plain", title="one", tag=["a", "b"])
    twice = library.permanode("twice", tag=["a", "a"])
    empty = library.permanode("empty", title="", tag=["", "b"])
    album = library.permanode("album", camliMember=[plain])
    for ref, is_plain in ((plain, True), (twice, False), (empty, False), (album, False)):
        node = library.reader.node(ref)
        assert node is not None
        assert node.is_plain is is_plain
    end = Timestamp(1 << 62)
    nodes = (plain, twice, empty, album)
    now = library.describer.describe(DescribeRequest(blobrefs=nodes))
    then = library.describer.describe(DescribeRequest(blobrefs=nodes, at=end))
    assert now == then


def test_beside_other_answers_a_large_album_is_told_in_part(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describing, "MOST_LINKS", 3)
    members = [library.permanode(f"m{number}") for number in range(5)]
    large = library.permanode("large", title="large", camliMember=members)
    small = library.permanode("small", camliMember=members[:3])
    meta = library.describer.around([large, small])["meta"]
    told = meta[large]["permanode"]
    assert told["truncated"] is True
    assert told["attr"] == {"camliMember": sorted(members)[:3], "title": ["large"]}
    assert meta[small]["permanode"]["attr"] == {"camliMember": members[:3]}
    assert "truncated" not in meta[small]["permanode"]
    whole = library.describer.describe(DescribeRequest(blobref=large))["meta"]
    assert whole[large]["permanode"]["attr"]["camliMember"] == members
