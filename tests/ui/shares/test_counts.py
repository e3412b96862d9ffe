"""Downloads of shares that allow only so many of them."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from falcon.testing import Result

from holdfast.blobstore.ref import Ref
from holdfast.ui.shares.records import open_share_records
from holdfast.ui.shares.tally import CONTINUED_SECONDS, Download, Tally

from ..files.planting import folder, plant
from ..served import Site
from .visiting import FORM, call, contents, look, share_of, words

DATA = b"0123456789"


@pytest.fixture
def file(site: Site) -> Ref:
    return plant(site, "file", DATA)


def part(site: Site, share: Ref, file: Ref, span: str = "5-", **headers: str) -> Result:
    return contents(site, share, file, Range=f"bytes={span}", **headers)


def test_so_many_downloads_and_no_more(site: Site, file: Ref) -> None:
    share = share_of(site, file, downloads=3)
    assert "3 downloads left" in words(look(site, share))
    for _ in range(2):
        assert contents(site, share, file).content == DATA
    assert "1 download left" in words(look(site, share))
    assembled = site.client.simulate_get(f"/share/{file}?via={share}&assemble=1")
    assert assembled.content == DATA
    for _ in range(2):
        assert contents(site, share, file).status_code == 401
        assert look(site, share).status_code == 403
        assert site.client.simulate_get(f"/share/{share}").status_code == 401
        assert site.client.simulate_get(f"/share/{file}?via={share}&assemble=1").status_code == 401


def test_looking_does_not_count(site: Site, file: Ref) -> None:
    share = share_of(site, folder(site, "tree", file), downloads=1)
    for _ in range(2):
        assert look(site, share).status_code == 200
        assert call(site, share, "items").status_code == 200
        assert call(site, share, f"thumbnail/{file}/t?mh=64").status_code != 403
        assert site.client.simulate_get(f"/share/{share}").status_code == 200
        head = site.client.simulate_head(f"/share/{share}/file/{file}/x")
        assert head.headers["content-length"] == str(len(DATA))
        assert part(site, share, file, "10-").status_code == 416
        tag = {"If-None-Match": head.headers["etag"]}
        assert contents(site, share, file, **tag).status_code == 304
        assert contents(site, share, Ref.of(b"missing")).status_code == 404
    assert contents(site, share, file).status_code == 200
    assert contents(site, share, file).status_code == 401


def test_showing_an_original_counts_as_taking_it(site: Site, file: Ref) -> None:
    share = share_of(site, file, downloads=1)
    shown = site.client.simulate_get(f"/share/{share}/file/{file}/x?inline=1")
    assert shown.content == DATA
    assert contents(site, share, file).status_code == 401


def test_single_blobs_are_closed_where_downloads_are_counted(site: Site, file: Ref) -> None:
    share = share_of(site, file, downloads=5)
    assert site.client.simulate_get(f"/share/{file}?via={share}").status_code == 401


def test_going_on_with_a_download_is_the_same_download(site: Site, file: Ref) -> None:
    share = share_of(site, file, downloads=1)
    me, other = {"User-Agent": "mine"}, {"User-Agent": "other"}
    assert part(site, share, file, "0-4", **me).content == DATA[:5]
    for _ in range(2):
        assert part(site, share, file, **me).content == DATA[5:]
    assert part(site, share, file, **other).status_code == 401
    assert contents(site, share, file, **me).status_code == 401
    elsewhere = {**me, "X-Forwarded-For": "192.0.2.7"}
    assert part(site, share, file, **elsewhere).status_code == 401
    site.world.now += timedelta(seconds=CONTINUED_SECONDS)
    assert part(site, share, file, **me).status_code == 401


def test_a_browser_is_known_by_its_pass_wherever_it_is(site: Site, file: Ref) -> None:
    share = share_of(site, file, downloads=1)
    cookie = look(site, share).headers["set-cookie"].partition(";")[0]
    assert part(site, share, file, "0-", Cookie=cookie).content == DATA
    moved = {"Cookie": cookie, "X-Forwarded-For": "192.0.2.7", "User-Agent": "x"}
    assert part(site, share, file, **moved).content == DATA[5:]
    assert part(site, share, file).status_code == 401


def test_a_part_that_nobody_has_begun_with_counts(site: Site, file: Ref) -> None:
    share = share_of(site, file, downloads=1)
    assert part(site, share, file).status_code == 206
    assert part(site, share, file, **{"User-Agent": "x"}).status_code == 401


def test_each_whole_download_counts_also_of_the_same_visitor(site: Site, file: Ref) -> None:
    share = share_of(site, file, downloads=2)
    cookie = look(site, share).headers["set-cookie"].partition(";")[0]
    answers = [contents(site, share, file, Cookie=cookie).status_code for _ in range(3)]
    assert answers == [200, 200, 401]


def test_a_zip_counts_once_however_much_is_in_it(site: Site, file: Ref) -> None:
    tree = folder(site, "tree", file, plant(site, "more", b"more"))
    share = share_of(site, tree, downloads=2)

    def zipped(**form: str) -> int:
        return site.client.simulate_post(
            f"/share/{share}/zip", body=urlencode(form), headers=FORM
        ).status_code

    assert zipped(files=Ref.of(b"missing")) == 404
    assert [zipped(), zipped(files=file), zipped()] == [200, 200, 401]


def test_what_cannot_be_sent_is_not_counted(site: Site, file: Ref) -> None:
    broken = site.put(
        b'{"camliVersion": 1, "camliType": "file", "fileName": "x", "parts": '
        b'[{"size": 4, "blobRef": "%s"}]}' % Ref.of(b"gone").encode()
    )
    share = share_of(site, folder(site, "tree", broken, file), downloads=1)
    assert contents(site, share, broken).status_code == 500
    zipped = site.client.simulate_get(f"/share/{share}/zip")
    assert zipped.status_code == 500
    assert contents(site, share, file).status_code == 200


def test_addresses_that_name_no_file_are_missing(site: Site, file: Ref) -> None:
    share = share_of(site, file, downloads=1)
    for below in ("file", "file/", "file//x", "file/x", "thumbnail", "thumbnail/x/y/z"):
        answer = call(site, share, below, Range="bytes=0-")
        assert answer.status_code in (301, 404), below


def test_shares_are_counted_apart(site: Site, file: Ref) -> None:
    one, other = (share_of(site, file, downloads=n) for n in (1, 2))
    assert contents(site, one, file).status_code == 200
    assert contents(site, one, file).status_code == 401
    assert contents(site, other, file).status_code == 200


def test_the_page_of_a_counted_share_takes_nothing_unasked(site: Site) -> None:
    film = plant(site, "a.mp4", b"\x00\x00\x00\x18ftypmp42\x00")
    assert 'preload="none"' in look(site, share_of(site, film, downloads=3)).text
    assert 'preload="metadata"' in look(site, share_of(site, film)).text
    seen = look(site, share_of(site, film, downloads=3))
    assert '"counted":true' in seen.text


# The tally

SHARE = Ref.of(b"share")


def test_counts_and_downloads_under_way_are_kept(tmp_path: Path) -> None:
    begun = Download(SHARE, "me", "file")
    with open_share_records(tmp_path / "shares") as records:
        assert records.tally.take(begun, most=2, is_part=False, now=0)
        secret = records.secret
    with open_share_records(tmp_path / "shares") as records:
        assert records.secret == secret
        assert records.tally.used([SHARE, Ref.of(b"other")]) == {SHARE: 1}
        assert records.tally.goes_on(begun, now=60)
        assert records.tally.take(begun, most=2, is_part=True, now=60)
        assert records.tally.used([SHARE]) == {SHARE: 1}
        assert records.tally.take(begun, most=2, is_part=False, now=60)
        assert not records.tally.take(begun, most=2, is_part=False, now=60)
    assert (tmp_path / "shares" / "secret").stat().st_mode & 0o77 == 0


def test_a_tally_that_makes_no_sense_is_put_aside_and_begun_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "downloads.sqlite"
    path.write_bytes(b"not a database, but something longer than its header is" * 100)
    with caplog.at_level(logging.ERROR), Tally(path) as tally:
        assert tally.used([SHARE]) == {}
        assert tally.take(Download(SHARE, "me", ""), most=1, is_part=False, now=0)
    assert "counted from 0 again" in caplog.text
    assert path.with_name("downloads.sqlite.damaged").exists()
    with Tally(path) as tally:
        assert tally.used([SHARE]) == {SHARE: 1}


def test_a_secret_that_makes_no_sense_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    with open_share_records(tmp_path) as records:
        assert len(records.secret) == 32


def test_downloads_long_past_are_forgotten(tmp_path: Path) -> None:
    with Tally(tmp_path / "downloads.sqlite") as tally:
        for number in range(200):
            begun = Download(SHARE, f"visitor {number}", "file")
            assert tally.take(begun, most=1000, is_part=False, now=number * CONTINUED_SECONDS)
        assert not tally.goes_on(Download(SHARE, "visitor 0", "file"), now=0)
        assert tally.used([SHARE]) == {SHARE: 200}
