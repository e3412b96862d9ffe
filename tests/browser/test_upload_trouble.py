"""Uploads that something goes wrong with: they end well all the same, or say why not."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import visiting
from .owned import until
from .site import Site, running, started_again
from .test_upload import choose, drop, finished, panel

PIECES = "**/ui/api/upload/*?offset=*"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("trouble")) as site:
        yield site


@pytest.fixture
def visit(browser: Browser, empty: Site) -> Iterator[Callable[..., Page]]:
    """For pages on which files can be dropped already."""
    with visiting(browser) as visit:

        def ready(path: str = "/ui/upload", site: Site = empty, **options: object) -> Page:
            page = visit(site, path, **options)
            if "login" not in path:
                page.locator(".drop-veil").wait_for(state="attached")
            page.watch.forgive("Failed to load resource|ERR_|net::")  # type: ignore[attr-defined]
            return page

        yield ready


def some(path: Path, size: int, *, seed: int = 1) -> Path:
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def digests(site: Site, *names: str) -> list[str]:
    """The digests of all files of these names that there are, as somebody gets them."""
    found = []
    for item in site.get("items", limit=1000)["items"]:
        if item["name"] in names:
            with urlopen(f"{site.url}/ui/download/{item['content']}/x") as answer:
                found.append(hashlib.sha256(answer.read()).hexdigest())
    return sorted(found)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_server_that_is_killed_and_comes_back_has_everything_once(
    visit, new_site: Callable[[], Site], tmp_path: Path
) -> None:
    site = new_site()
    large = some(tmp_path / "large.bin", 20_000_000)
    small = [some(tmp_path / f"{n}.bin", 1000 + n, seed=n) for n in range(30)]
    page = visit(site=site)
    seen: list[str] = []

    def meet(route: Route) -> None:
        seen.append(route.request.url.rpartition("=")[2])
        if seen.count("8388608") == 1 and seen[-1] == "8388608":
            os.killpg(site.server.process.pid, signal.SIGKILL)  # its children too
            site.server.process.wait()
        route.continue_()

    page.route(PIECES, meet)
    choose(page, large, *small)
    finished(page, "Waiting for the connection")
    with started_again(site):
        finished(page)
        expect(panel(page)).to_contain_text("uploaded.")
        assert seen.count("0") == 2  # the server has forgotten the upload, and was told anew
        names = [path.name for path in (large, *small)]
        assert digests(site, *names) == sorted(map(digest, (large, *small)))


def test_two_browsers_that_send_the_same_make_one_of_it(visit, empty: Site, tmp_path: Path) -> None:
    path = some(tmp_path / "at one time.bin", 20_000_000, seed=2)
    pages = [visit(), visit()]
    held: list[tuple[Page, Route]] = []
    for page in pages:
        page.route(PIECES, lambda route, page=page: held.append((page, route)))
        choose(page, path)
    until(pages[0], lambda: len({id(page) for page, _ in held}) == 2)
    for page in pages:
        page.unroute(PIECES)
    for page in pages:
        finished(page)
    assert digests(empty, path.name) == [digest(path)]


def test_a_full_store_stops_all_until_there_is_room(visit, empty: Site, tmp_path: Path) -> None:
    paths = [some(tmp_path / f"room {n}.bin", 2_000_000, seed=10 + n) for n in range(5)]
    page = visit()
    full = {"status": 507, "json": {"error": "the disk is full", "remedy": "make room"}}
    page.route(PIECES, lambda route: route.fulfill(**full))
    choose(page, *paths)
    finished(page, "Upload stopped")
    expect(panel(page)).to_contain_text("The disk is full. Make room. It is tried again")
    expect(panel(page)).to_contain_text("0 of 5 files")
    panel(page).get_by_text("5 files wait").click()
    rows = panel(page).get_by_role("list", name="Files that wait").get_by_role("listitem")
    expect(rows).to_contain_text([f"room {n}.bin" for n in range(5)])  # in their order
    page.unroute(PIECES)
    panel(page).get_by_role("button", name="Go on", exact=True).click()
    finished(page)
    expect(panel(page)).to_contain_text("5 files uploaded.")
    assert digests(empty, *(path.name for path in paths)) == sorted(map(digest, paths))


def test_what_comes_after_an_upload_that_was_stopped_is_not_stopped(visit, tmp_path: Path) -> None:
    paths = [some(tmp_path / f"stopped {n}.bin", 2_000_000, seed=50 + n) for n in range(2)]
    page = visit()
    page.route(PIECES, lambda route: route.fulfill(status=507, json={"error": "the disk is full"}))
    choose(page, *paths)
    finished(page, "Upload stopped")
    panel(page).get_by_role("button", name="Cancel all").click()
    expect(panel(page)).to_be_hidden()
    page.unroute(PIECES)
    held: list[Route] = []
    page.route(PIECES, lambda route: held.append(route))
    choose(page, *paths)
    finished(page, "Uploading")
    expect(panel(page)).not_to_contain_text("The disk is full")
    page.unroute(PIECES)
    finished(page)


def test_a_full_store_is_tried_again_without_anybody(visit, tmp_path: Path) -> None:
    path = some(tmp_path / "room later.bin", 1000, seed=20)
    page = visit()
    page.clock.install()
    full = {"status": 507, "json": {"error": "the disk is full"}}
    page.route(PIECES, lambda route: route.fulfill(**full))
    choose(page, path)
    finished(page, "Upload stopped")
    page.unroute(PIECES)
    page.clock.fast_forward(61_000)
    finished(page)


def test_who_is_signed_out_signs_in_elsewhere_and_it_goes_on(visit, tmp_path: Path) -> None:
    settings = '[server]\nauth = "userpass:u:p"\n'
    path = some(tmp_path / "session.bin", 20_000_000, seed=3)

    def sign_in(page: Page) -> None:
        page.get_by_label("Name").fill("u")
        page.get_by_label("Password").fill("p")
        page.keyboard.press("Enter")
        page.locator(".drop-veil").wait_for(state="attached")

    with running(tmp_path / "locked", settings=settings) as site:
        page = visit("/ui/login?next=/ui/upload", site=site)
        sign_in(page)
        context = page.context
        held: list[Route] = []
        page.route(PIECES, lambda route: held.append(route))
        choose(page, path)
        until(page, lambda: bool(held))
        context.clear_cookies()
        page.unroute(PIECES)
        finished(page, "Upload stopped")
        expect(panel(page)).to_contain_text("You are signed out.")
        with context.expect_page() as opened:
            panel(page).get_by_role("link", name="Sign in in another tab").click()
        sign_in(opened.value)
        opened.value.close()
        panel(page).get_by_role("button", name="Go on", exact=True).click()
        finished(page)
        expect(panel(page)).to_contain_text("1 file uploaded.")


def test_a_file_that_changes_on_the_way_is_told_and_the_others_arrive(
    visit, empty: Site, tmp_path: Path
) -> None:
    large = some(tmp_path / "changing.bin", 20_000_000, seed=4)
    small = [some(tmp_path / f"staying {n}.bin", 1000, seed=30 + n) for n in range(3)]
    gone = some(tmp_path / "going.bin", 1000, seed=40)
    page = visit()

    def meet(route: Route) -> None:
        if route.request.url.endswith("=8388608"):
            with large.open("ab") as file:
                file.write(b"more")
        route.continue_()

    def known(route: Route) -> None:
        gone.unlink(missing_ok=True)
        route.continue_()

    page.route(PIECES, meet)
    page.route("**/ui/api/upload/known", known)
    choose(page, large, *small, gone)
    finished(page, "2 files failed")
    failures = panel(page).get_by_role("list", name="Files that failed")
    for name in ("changing.bin", "going.bin"):
        row = failures.get_by_role("listitem").filter(has_text=name)
        expect(row).to_contain_text("cannot be read any more")
    assert digests(empty, *(path.name for path in small)) == sorted(map(digest, small))


def test_what_cannot_be_read_in_a_folder_costs_nothing_else(visit) -> None:
    told = visit().evaluate(
        """async () => {
          const main = document.querySelector("script[type=module]").src;
          const { dropped } = await import(new URL("uploadwalk.js", main));
          const file = (name, failing) => ({
            name, isDirectory: false,
            file: (good, bad) => (failing ? bad(new Error("no")) : good(new File(["x"], name))),
          });
          const folder = (name, entries) => ({
            name, isDirectory: true,
            createReader: () => ({
              readEntries: (good, bad) => (entries ? good(entries.splice(0)) : bad(Error("no"))),
            }),
          });
          let deep = [file("deep")];
          for (let level = 0; level < 300; level += 1) deep = [folder("d", deep)];
          const top = folder("top", [file("a"), file("b", true), folder("c"), file("e")]);
          const items = [top, ...deep].map((entry) => (
            { kind: "file", webkitGetAsEntry: () => entry }
          ));
          const told = [];
          for await (const { name, folder, open } of dropped({ items, files: [] })) {
            const read = await open().then(() => true, () => false);
            told.push([name, folder.split("/").length, read]);
          }
          return told;
        }"""
    )
    assert told == [
        ["a", 1, True],
        ["b", 1, False],
        ["c", 1, False],
        ["e", 1, True],
        ["deep", 300, True],
    ]


def test_names_that_mislead_are_shown_as_they_are_and_kept_harmless(visit, empty: Site) -> None:
    names = {
        "a\u202etxt.exe": "a_txt.exe",
        "new\nline\x07.txt": "new_line_.txt",
        "\U0001f600.txt": "\U0001f600.txt",
        "x" * 251 + ".txt": "x" * 251 + ".txt",
        "CON": "CON",
        "<img src=x>.txt": "<img src=x>.txt",
    }
    page = visit()
    drop(page, **{name: f"mislead {at}" for at, name in enumerate(names)})
    finished(page)
    expect(panel(page)).to_contain_text("6 files uploaded.")
    box = panel(page).bounding_box()
    assert box is not None
    assert box["width"] <= 24 * 16 + 1
    kept = {item["name"] for item in empty.get("items", limit=1000)["items"]}
    assert set(names.values()) <= kept


def test_a_slow_connection_tells_how_long_it_takes(visit, tmp_path: Path) -> None:
    path = some(tmp_path / "slow.bin", 4_000_000, seed=5)
    page = visit()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 20, "downloadThroughput": -1}
    began = time.monotonic()
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": 1_000_000})
    choose(page, path)
    expect(panel(page).locator(".upload-numbers")).to_contain_text("B/s")
    expect(panel(page).locator(".upload-numbers")).to_contain_text("left")
    finished(page)
    assert time.monotonic() - began > 2
