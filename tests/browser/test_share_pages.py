"""The pages of shares, as strangers see them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request

from .conftest import PHONE, SCREENSHOTS, whole
from .site import Site


@pytest.fixture
def stranger(visit: Callable[..., Page]) -> Callable[..., Page]:
    """Goes to a share in a browser that knows nothing, and asks for nothing outside of it."""

    def go(share: dict[str, Any], **options: Any) -> Page:
        page = visit("/healthz", **options)
        page.on("request", lambda request: asked.append(request))
        page.goto(share["url"])
        return page

    asked: list[Request] = []
    yield go
    paths = [request.url.partition("://")[2].partition("/")[2] for request in asked]
    assert paths
    assert [path for path in paths if not path.startswith("share/")] == []


def shared(site: Site, *refs: str, **more: Any) -> dict[str, Any]:
    share: dict[str, Any] = site.post("share", {"refs": list(refs), **more})["share"]
    return share


@pytest.fixture(scope="module")
def album(site: Site) -> str:
    (found,) = site.get("items", q="title:best")["items"]
    ref: str = found["ref"]
    return ref


@pytest.fixture(scope="module")
def folder(site: Site) -> str:
    found = site.get("items", q='raw:{"camliType": "directory"}')["items"]
    return next(item["ref"] for item in found if item["title"] == "samples")


def test_a_set_is_a_gallery_to_look_at_and_to_take_along(
    site: Site, stranger: Callable[..., Page], album: str
) -> None:
    page = whole(stranger(shared(site, album)))
    page.screenshot(path=SCREENSHOTS / "share-gallery.png")
    assert page.locator(".tile").count() == 6
    page.locator(".tile-link").first.click()
    page.locator(".lightbox .slide-picture").first.wait_for()
    page.keyboard.press("Escape")
    page.locator(".tile").nth(1).hover()
    page.locator(".tile").nth(1).locator(".tile-check").click()
    names = page.locator(".actions-button").all_inner_texts()
    assert [name.strip() for name in names] == ["Download"]
    with page.expect_download() as one:
        page.locator(".actions-download").click()
    assert one.value.suggested_filename.endswith(".jpg")
    with page.expect_download() as all_:
        page.get_by_role("button", name="Download all").click()
    assert all_.value.suggested_filename == "The best of all.zip"
    with zipfile.ZipFile(all_.value.path()) as packed:
        assert len([name for name in packed.namelist() if name.endswith(".jpg")]) == 6


def test_a_folder_is_gone_through_as_a_list_and_as_tiles(
    site: Site, stranger: Callable[..., Page], folder: str
) -> None:
    page = whole(stranger(shared(site, folder)))  # tiles at first: nearly all are pictures
    page.get_by_role("button", name="List").click()
    page.get_by_role("link", name="more", exact=True).click()
    page.locator(".crumbs").wait_for()
    page.screenshot(path=SCREENSHOTS / "share-folder.png")
    page.get_by_label("Select letter.txt").check()
    page.get_by_label("Select tone.mp3").check()
    with page.expect_download() as some:
        page.locator(".actions-download").click()
    with zipfile.ZipFile(some.value.path()) as packed:
        assert set(packed.namelist()) == {"letter.txt", "tone.mp3"}
    page.get_by_role("link", name="letter.txt").click()
    page.locator(".share-file pre").wait_for()
    assert "1 < 2" in page.locator(".share-file pre").inner_text()
    page.get_by_role("link", name="samples").click()
    page.get_by_role("button", name="Tiles").click()
    whole(page)
    page.reload()
    whole(page)  # as it was looked at last


def test_films_and_sounds_play(site: Site, stranger: Callable[..., Page], folder: str) -> None:
    page = stranger(shared(site, folder))
    page.get_by_role("button", name="List").click()
    for name in ("film.mp4", "tone.mp3"):
        page.get_by_role("link", name="more", exact=True).click()
        page.get_by_role("link", name=name).click()
        player = page.locator("video, audio")
        player.evaluate("player => { player.muted = true; return player.play(); }")
        page.wait_for_function("() => document.querySelector('video, audio').currentTime > 0.1")
        page.get_by_role("link", name="samples").click()


def test_a_password_opens_it_in_this_browser_alone(
    site: Site, stranger: Callable[..., Page], album: str
) -> None:
    share = shared(site, album, password="open sesame", downloads=3)
    page = stranger(share)
    page.watch.forgive("403")  # type: ignore[attr-defined]
    page.get_by_label("Password").fill("sesame")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    page.screenshot(path=SCREENSHOTS / "share-closed.png")
    page.get_by_label("Password").fill("open sesame")
    page.keyboard.press("Enter")
    whole(page)
    assert "3 downloads left" in page.locator(".share-notes").inner_text()
    other = stranger(share)
    other.watch.forgive("403")  # type: ignore[attr-defined]
    assert "This link is closed" in other.locator("main").inner_text()


def test_looking_at_things_large_takes_no_download_that_is_counted(
    site: Site, stranger: Callable[..., Page], album: str
) -> None:
    share = shared(site, album, downloads=1)
    page = whole(stranger(share))
    page.locator(".tile-link").first.click()
    page.locator(".lightbox .slide-picture").first.wait_for()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("z")
    page.keyboard.press("Escape")
    (said,) = [one for one in site.get("shares")["shares"] if one["claim"] == share["claim"]]
    assert said["used"] == 0


def test_a_share_that_is_revoked_closes_while_one_looks(
    site: Site, stranger: Callable[..., Page], album: str
) -> None:
    share = shared(site, album)
    page = whole(stranger(share, viewport=PHONE, color_scheme="dark"))
    page.screenshot(path=SCREENSHOTS / "share-phone.png")
    site.post("shares/revoke", {"claims": [share["claim"]]})
    page.watch.forgive("403")  # type: ignore[attr-defined]
    page.reload()
    assert "This link is closed" in page.locator("main").inner_text()
