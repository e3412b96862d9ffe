"""The pages of shares: what people see who were given a link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from falcon.testing import Result

from holdfast.blobstore.ref import Ref
from holdfast.schema.build import static_set_text
from holdfast.schema.claims import AddAttribute, Share
from holdfast.schema.directories import write_static_set
from holdfast.schema.timestamps import NANOSECONDS, Timestamp

from ..files.planting import folder, permanode_of, plant, set_of
from ..served import NOW_NS, OWNER, Site
from .visiting import BROWSER, call, contents, island, look, page, share_of, titles, words

IMPORT = re.compile(r'(?:^import\s[^;]*?\bfrom\s*|^import\s*|\bimport\()"([^"\n]+)"', re.MULTILINE)

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"


@pytest.fixture
def letter(site: Site) -> Ref:
    return plant(site, "letter.txt", b"dear all")


@pytest.fixture
def trip(site: Site) -> Ref:
    """A folder with folders."""
    tree = {"photos": {"a.txt": b"a", "b.txt": b"b"}, "readme.txt": b"read me"}
    return plant(site, "trip", tree)


def test_one_link_is_a_page_for_people_and_the_claim_for_programs(site: Site, letter: Ref) -> None:
    share = share_of(site, letter)
    seen = look(site, share)
    assert seen.headers["content-type"] == "text/html; charset=utf-8"
    read = site.client.simulate_get(f"/share/{share}")
    assert Ref.of(read.content) == share
    chain = look(site, letter, f"?via={share}&assemble=1")
    assert chain.content == b"dear all"
    head = site.client.simulate_head(f"/share/{share}", headers=BROWSER)
    assert (head.status_code, head.content) == (200, b"")


def test_a_page_runs_nothing_but_our_own_and_is_for_nobody_else(site: Site, letter: Ref) -> None:
    seen = look(site, share_of(site, letter))
    policy = seen.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert seen.headers["referrer-policy"] == "no-referrer"
    assert seen.headers["cache-control"] == "no-store"
    assert seen.headers["x-robots-tag"] == "noindex, nofollow"
    assert "access-control-allow-origin" not in seen.headers
    assert "set-cookie" not in seen.headers


def test_a_file_is_shown_and_can_be_taken_along(site: Site, letter: Ref) -> None:
    share = share_of(site, letter)
    seen = look(site, share)
    assert island(seen)["layout"] == "file"
    assert words(seen) == "letter.txt 8 bytes · 2017-07-14 Download"
    address = re.search(r'href="([^"]*/file/[^"]*)"', seen.text)
    assert address is not None
    assert address[1] == f"/share/{share}/file/{letter}/letter.txt"
    taken = site.client.simulate_get(address[1])
    assert taken.content == b"dear all"
    assert taken.headers["content-disposition"] == 'attachment; filename="letter.txt"'
    shown = site.client.simulate_get(f"{address[1]}?inline=1")
    assert shown.headers["content-disposition"] == 'inline; filename="letter.txt"'
    for answer in (taken, shown):
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["cache-control"] == "private, no-cache"
    part = contents(site, share, letter, Range="bytes=5-")
    assert (part.status_code, part.content) == (206, b"all")
    beyond = contents(site, share, letter, Range="bytes=8-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */8")


@pytest.mark.parametrize(
    ("name", "data", "element"),
    [
        ("a.jpg", JPEG, "<img"),
        ("a.mp4", b"\x00\x00\x00\x18ftypmp42\x00", "<video"),
        ("a.mp3", b"ID3\x04\x00", "<audio"),
        ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", '<div class="share-card"'),
        ("a.html", b"<script>alert(1)</script>", '<div class="share-card"'),
    ],
)
def test_what_browsers_can_show_harmlessly_is_shown(
    site: Site, name: str, data: bytes, element: str
) -> None:
    seen = look(site, share_of(site, plant(site, name, data)))
    figure = seen.text[seen.text.index("<figure") : seen.text.index("</figure>")]
    assert element in figure
    assert "alert" not in seen.text


def test_a_permanode_is_shown_as_its_content(site: Site, letter: Ref, trip: Ref) -> None:
    shown = page(site, share_of(site, permanode_of(site, letter, "A letter")))
    assert (shown["layout"], shown["title"]) == ("file", "A letter")
    shown = page(site, share_of(site, permanode_of(site, trip, "Our trip")))
    assert (shown["layout"], shown["title"]) == ("folder", "Our trip")
    assert [item["title"] for item in shown["first"]["items"]] == ["photos", "readme.txt"]


def test_a_folder_is_gone_through_step_by_step_and_back(site: Site, trip: Ref) -> None:
    share = share_of(site, trip)
    seen = look(site, share)
    shown = island(seen)
    assert shown["layout"] == "folder"
    assert "photos" in words(seen)
    photos, readme = (item["ref"] for item in shown["first"]["items"])
    below = look(site, share, f"?in={photos}")
    assert titles(call(site, share, f"items?in={photos}")) == ["a.txt", "b.txt"]
    assert [item["title"] for item in island(below)["crumbs"]] == ["trip", "photos"]
    assert f'<a href="/share/{share}" dir="auto">trip</a>' in below.text
    inside = island(below)["first"]["items"][0]["ref"]
    file = look(site, share, f"?in={inside}")
    assert island(file)["layout"] == "file"
    way = call(site, share, f"crumbs?ref={inside}").json["crumbs"]
    assert [item["title"] for item in way] == ["trip", "photos", "a.txt"]
    assert f'href="/share/{share}?in={photos}"' in file.text
    assert page(site, share, f"?in={readme}")["title"] == "readme.txt"


def test_an_empty_folder_says_so(site: Site) -> None:
    seen = look(site, share_of(site, plant(site, "void", {})))
    assert "This folder is empty." in words(seen)


def test_a_set_is_a_gallery_of_what_is_in_it_now(site: Site) -> None:
    members = [
        permanode_of(site, plant(site, f"{n}.jpg", JPEG + b"%d" % n), f"Photo {n}")
        for n in range(3)
    ]
    album = set_of(site, "Summer", *members[:2])
    share = share_of(site, album)
    shown = page(site, share)
    assert (shown["layout"], shown["title"]) == ("gallery", "Summer")
    assert {item["title"] for item in shown["first"]["items"]} == {"Photo 0", "Photo 1"}
    site.claim(AddAttribute(album, "camliMember", members[2]))
    assert len(titles(call(site, share, "items"))) == 3
    timeline = call(site, share, "timeline").json
    assert (timeline["total"], timeline["whole"], timeline["chunk"]) == (3, True, 200)
    assert timeline["months"][0][1] == 0
    assert timeline["stamp"]


def test_a_search_is_a_gallery_of_what_it_finds_and_does_not_tell_what_was_searched_for(
    site: Site,
) -> None:
    found = permanode_of(site, plant(site, "a.jpg", JPEG), "Lake")
    site.claim(AddAttribute(found, "tag", "secret"))
    permanode_of(site, plant(site, "b.jpg", JPEG + b"b"), "Other")
    share = share_of(site, search={"expression": "tag:secret"})
    seen = look(site, share)
    assert island(seen)["layout"] == "gallery"
    assert titles(call(site, share, "items")) == ["Lake"]
    assert "secret" not in seen.text
    assert "secret" not in call(site, share, "items").text


def test_a_list_is_a_gallery_with_the_newest_first(site: Site, trip: Ref, letter: Ref) -> None:
    share = share_of(site, site.put(static_set_text([trip, letter])))
    shown = page(site, share)
    assert (shown["layout"], shown["title"]) == ("gallery", "")
    assert titles(call(site, share, "items")) == ["letter.txt", "trip"]
    assert titles(call(site, share, "items?limit=1")) == ["letter.txt"]
    following = call(site, share, "items?limit=1").json["next"]
    assert titles(call(site, share, f"items?limit=1&from={following}")) == ["trip"]
    assert call(site, share, "timeline").json["months"] == [["2017-07", 0], ["", 1]]
    below = look(site, share, f"?in={trip}")
    assert ">Shared with you</a>" in below.text


def test_a_list_so_long_that_it_is_split_is_shown_whole(site: Site, letter: Ref) -> None:
    members = [*(Ref.of(b"%d" % n) for n in range(10_001)), letter]
    share = share_of(site, write_static_set(members, site.put_blob))
    assert call(site, share, "timeline").json["total"] == 10_002
    assert contents(site, share, letter).content == b"dear all"


def test_who_may_see_one_blob_alone_is_told_so(site: Site, letter: Ref) -> None:
    share = share_of(site, letter, is_transitive=False)
    seen = look(site, share)
    assert island(seen)["layout"] == "alone"
    assert "one single blob" in words(seen)
    assert "letter" not in words(seen)
    assert f'href="/share/{share}/blob"' in seen.text
    assert Ref.of(call(site, share, "blob").content) == letter
    assert contents(site, share, letter).status_code == 404
    assert look(site, share, f"?in={letter}").status_code == 404
    assert call(site, share, "items").status_code == 404
    assert call(site, share_of(site, letter, downloads=1), "blob").status_code == 404
    search = share_of(site, search={"expression": "tag:a"}, is_transitive=False)
    assert call(site, search, "blob").status_code == 404
    assert "It is of a search" in words(look(site, search))


def test_other_things_are_called_what_they_are(site: Site) -> None:
    for target, kind in (
        (site.put(b"plain"), "no schema blob"),
        (plant(site, "link", "target"), "a symbolic link"),
    ):
        seen = look(site, share_of(site, target))
        assert island(seen)["layout"] == "other"
        assert kind in words(seen)


def test_what_is_gone_leaves_a_page_that_says_so(site: Site, letter: Ref) -> None:
    permanode = permanode_of(site, letter, "A letter")
    share = share_of(site, permanode)
    site.delete(permanode)
    for ref in (share, share_of(site, Ref.of(b"never was here"))):
        seen = look(site, ref)
        assert island(seen)["layout"] == "gone"
        assert "has been deleted, or is not stored here" in words(seen)
        assert "letter" not in words(seen)
    assert contents(site, share, letter).status_code == 404


def test_names_with_markup_are_names(site: Site) -> None:
    evil = '<img src=x onerror="alert(1)">&amp;'
    tree = plant(site, evil, {evil: b"x", "</script><script>alert(2)</script>": {}})
    share = share_of(site, tree)
    for seen in (look(site, share), look(site, share_of(site, permanode_of(site, tree, evil)))):
        assert "<img src=x" not in seen.text
        assert "<script>alert" not in seen.text
        assert evil in words(seen)
    shown = island(look(site, share))["first"]["items"]
    assert {item["title"] for item in shown} == {evil.replace("/", ""), "</script>"} or shown


def test_visitors_do_not_learn_what_the_owner_says_of_things(site: Site, letter: Ref) -> None:
    permanode = permanode_of(site, letter, "For the lawyer only")
    for attribute, value in (
        ("tag", "tax"),
        ("description", "confidential"),
        ("latitude", "12.3456"),
    ):
        site.claim(AddAttribute(permanode, attribute, value))
    inside = folder(site, "papers", letter)
    told = ["lawyer", "tax", "confidential", "12.3456"]
    for share in (share_of(site, inside), share_of(site, letter)):
        for answer in (look(site, share), call(site, share, "items"), call(site, share, "members")):
            assert [word for word in told if word in answer.text] == []
    album = set_of(site, "Album", permanode)
    site.claim(AddAttribute(album, "tag", "tax"))
    share = share_of(site, album)
    assert titles(call(site, share, "items")) == ["For the lawyer only"]
    for answer in (look(site, share), call(site, share, "items")):
        assert [word for word in told[1:] if word in answer.text] == []


# Closed


def closed(answer: Result) -> tuple[object, ...]:
    """All of an answer that a stranger can look at."""
    return answer.status_code, answer.content, tuple(sorted(answer.headers.items()))


@pytest.fixture
def closed_shares(site: Site, letter: Ref, stranger) -> list[str]:
    """Of every reason to be closed, a link."""
    revoked = share_of(site, letter)
    site.delete(revoked)
    used_up = share_of(site, letter, downloads=1)
    assert contents(site, used_up, letter).status_code == 200
    return [
        revoked,
        used_up,
        share_of(site, letter, password="x"),
        share_of(site, letter, expires=Timestamp(NOW_NS - NANOSECONDS)),
        site.claim(Share(target=letter, is_transitive=True), signer=stranger),
        letter,
        Ref.of(b"nothing"),
        "sha224-ab",
        "x",
    ]


def test_whatever_is_closed_looks_the_same_to_people(site: Site, closed_shares: list[str]) -> None:
    for path in ("", "/zip"):
        found = {closed(look(site, name, path)) for name in closed_shares}
        assert len(found) == 1, path
        assert found.pop()[0] == 403


def test_whatever_is_closed_looks_the_same_to_scripts_and_programs(
    site: Site, closed_shares: list[str], letter: Ref
) -> None:
    for below in ("items", f"file/{letter}/x?inline=1"):
        found = {closed(call(site, name, below)) for name in closed_shares}
        assert len(found) == 1, below
        assert found.pop()[0] == 403
    for below in (f"file/{letter}/x",):
        found = {closed(call(site, name, below)) for name in closed_shares}
        assert len(found) == 1, below
        assert found.pop()[0] == 401


def test_a_closed_link_says_what_may_be_the_matter_and_takes_a_password(site: Site) -> None:
    seen = look(site, Ref.of(b"nothing"))
    assert "This link is closed" in words(seen)
    assert 'type="password"' in seen.text
    assert "www-authenticate" not in seen.headers


def test_a_share_that_ends_closes_its_page_too(site: Site, letter: Ref) -> None:
    share = share_of(site, letter, expires=Timestamp(NOW_NS + 60 * NANOSECONDS))
    seen = look(site, share)
    assert "open until 2026-11-21 04:31 UTC" in words(seen)
    site.world.now += timedelta(seconds=61)
    assert look(site, share).status_code == 403
    assert call(site, share, "items").status_code == 403
    assert contents(site, share, letter).status_code == 401


def test_the_owners_rights_open_nothing(site: Site, letter: Ref) -> None:
    assert look(site, letter, **OWNER).status_code == 403
    other = plant(site, "other", b"other")
    share = share_of(site, letter)
    assert contents(site, share, other, **OWNER).status_code == 404


def test_pages_wait_for_the_index(site: Site, letter: Ref) -> None:
    share = share_of(site, letter)
    site.world.is_indexed = False
    for answer in (look(site, share), call(site, share, "items")):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


# What a proxy must let through


def test_a_proxy_that_lets_through_share_alone_is_enough(site: Site, trip: Ref) -> None:
    shares = [
        share_of(site, trip),
        share_of(site, plant(site, "a.jpg", JPEG)),
        share_of(site, set_of(site, "s", permanode_of(site, plant(site, "b.jpg", JPEG + b"b")))),
        share_of(site, trip, is_transitive=False),
        Ref.of(b"closed"),
    ]
    for share in shares:
        text = look(site, share).text
        addresses = re.findall(r'(?:href|src|action|poster)="([^"]*)"', text)
        assert addresses
        for address in addresses:
            assert address.startswith(("/share/", "#")), address
        if 'id="page"' in text:
            urls = page(site, share)["urls"]
            assert all(url.startswith(f"/share/{share}") for url in urls.values())
        scripts = re.findall(r'src="([^"]*\.js)"', text)
        for path in modules(site, scripts):
            assert path.startswith("/share/assets/")


def modules(site: Site, addresses: list[str]) -> set[str]:
    """These scripts and all they import: each must be there."""
    seen: set[str] = set()
    waiting = list(addresses)
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = site.client.simulate_get(address)
        assert answer.status_code == 200, address
        for name in IMPORT.findall(answer.text):
            assert re.fullmatch(r"\./[a-z]+\.js", name), (address, name)
            waiting.append(address.rpartition("/")[0] + name.removeprefix("."))
    return seen


def test_assets_of_share_pages_are_to_be_had_without_any_right(site: Site, letter: Ref) -> None:
    seen = look(site, share_of(site, letter))
    styles = re.findall(r'rel="stylesheet" href="([^"]*)"', seen.text)
    assert any(address.endswith("share.css") for address in styles)
    for address in styles:
        assert site.client.simulate_get(address).status_code == 200
