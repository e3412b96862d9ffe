"""Files that are dropped, chosen and pasted: they arrive, whatever happens on the way."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import PHONE, shoot, visiting
from .owned import toast
from .site import Site, running


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server for what is uploaded here."""
    with running(tmp_path_factory.mktemp("uploads")) as site:
        yield site


@pytest.fixture
def visit(browser, empty: Site) -> Iterator[Callable[..., Page]]:
    """For pages on which files can be dropped already."""
    with visiting(browser) as visit:

        def ready(path: str, **options: object) -> Page:
            page = visit(empty, path, **options)
            page.locator(".drop-veil").wait_for(state="attached")
            return page

        yield ready


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Folders in folders, with names that are none for markup."""
    top = tmp_path / "Summer & <b>sun"
    (top / "more" / "deeper").mkdir(parents=True)
    (top / "one.txt").write_text(f"one {tmp_path}")
    (top / "more" / "two.txt").write_text(f"two {tmp_path}")
    (top / "more" / "deeper" / "three.txt").write_text(f"three {tmp_path}")
    (top / ".DS_Store").write_text("litter")
    return top


def choose(page: Page, *paths: Path, folder: bool = False) -> None:
    which = "input[webkitdirectory]" if folder else "input[type=file]:not([webkitdirectory])"
    page.locator(which).set_input_files(list(paths))


def drop(page: Page, **texts: str) -> None:
    """Drop files of these names and contents on the page."""
    page.evaluate(
        """(texts) => {
          const transfer = new DataTransfer();
          for (const [name, text] of Object.entries(texts)) {
            transfer.items.add(new File([text], name, { lastModified: 1700000000000 }));
          }
          const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("dragover", options));
          document.body.dispatchEvent(new DragEvent("drop", options));
        }""",
        texts,
    )


def panel(page: Page):
    return page.get_by_role("region", name="Uploads")


def finished(page: Page, text: str = "Upload finished") -> None:
    expect(panel(page).get_by_role("heading")).to_have_text(text)


def titles(site: Site, **asked: object) -> set[str]:
    return {item["title"] for item in site.get("items", **asked)["items"]}


def test_files_that_are_chosen_arrive(visit, empty: Site, tmp_path: Path) -> None:
    paths = [tmp_path / f"letter {number}.txt" for number in range(5)]
    for path in paths:
        path.write_text(f"{path}")
    page = visit("/ui/upload")
    choose(page, *paths)
    finished(page)
    expect(panel(page)).to_contain_text("5 files uploaded.")
    assert {path.name for path in paths} <= titles(empty)


def test_a_folder_becomes_a_set_and_so_do_those_in_it(visit, empty: Site, tree: Path) -> None:
    page = visit("/ui/upload")
    choose(page, tree, folder=True)
    finished(page)
    expect(panel(page)).to_contain_text("3 files uploaded.")
    link = panel(page).get_by_role("link", name=tree.name)
    top = link.get_attribute("href").rpartition("/")[2]
    inside = empty.get("members", ref=top)["items"]
    assert {item["title"]: item["kind"] for item in inside} == {
        "one.txt": "document",
        "more": "set",
    }
    more = next(item["ref"] for item in inside if item["kind"] == "set")
    deeper = empty.get("members", ref=more)["items"]
    assert {item["title"] for item in deeper} == {"two.txt", "deeper"}
    shoot(page, "upload")


def test_a_folder_that_is_dropped_is_walked_to_its_end(visit, empty: Site, tmp_path: Path) -> None:
    top = tmp_path / "dropped folder"
    (top / "inner").mkdir(parents=True)
    for number in range(130):  # browsers tell a hundred at a time
        (top / "inner" / f"{number}.txt").write_text(f"{tmp_path} {number}")
    (top / "beside.txt").write_text(f"{tmp_path}")
    page = visit("/ui/sets")
    page.watch.forgive("sets")
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(top)], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data})
        if kind == "dragOver":
            expect(page.get_by_text("Drop to upload")).to_be_visible()
    finished(page)
    expect(panel(page)).to_contain_text("131 files uploaded.")
    link = panel(page).get_by_role("link", name="dropped folder")
    inside = empty.get("members", ref=link.get_attribute("href").rpartition("/")[2])["items"]
    assert {item["title"]: item["count"] for item in inside} == {"beside.txt": None, "inner": 130}


def test_what_is_there_already_is_told(visit, empty: Site, tmp_path: Path) -> None:
    path = tmp_path / "twice.txt"
    path.write_text("the same")
    page = visit("/ui/upload")
    choose(page, path)
    finished(page)
    page.reload()
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url.partition("/api/upload")[2]))
    choose(page, path)
    finished(page)
    expect(panel(page)).to_contain_text("Nothing had to be sent.")
    panel(page).get_by_text("1 file was here already.").click()
    (item,) = (item for item in empty.get("items")["items"] if item["title"] == "twice.txt")
    link = panel(page).get_by_role("link", name="twice.txt")
    assert link.get_attribute("href") == f"/ui/{item['ref']}"
    assert [post for post in posts if post] == ["/known"]


def test_what_another_browser_has_sent_is_known_before_it_is_sent(
    visit, empty: Site, tmp_path: Path
) -> None:
    path = tmp_path / "read.bin"
    path.write_bytes(random.Random(1).randbytes(5_000_001))
    empty.put([path])
    page = visit("/ui/upload")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url.partition("/api/upload")[2]))
    choose(page, path)
    finished(page)
    expect(panel(page)).to_contain_text("1 file was here already.")
    assert [post for post in posts if post] == ["/known", "/known"]


def test_digests_are_those_that_the_server_makes(visit) -> None:
    sizes = [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000]
    made = visit("/ui/upload").evaluate(
        """async (sizes) => {
          const main = document.querySelector("script[type=module]").src;
          const { Sha224 } = await import(new URL("sha224.js", main));
          return sizes.map((size) => {
            const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 7) % 256);
            const digest = new Sha224();
            for (const step of [[0, size >> 2], [size >> 2, size >> 1], [size >> 1]]) {
              digest.update(bytes.subarray(...step));
            }
            return digest.hex();
          });
        }""",
        sizes,
    )
    contents = [bytes(at * 7 % 256 for at in range(size)) for size in sizes]
    assert made == [hashlib.sha224(data).hexdigest() for data in contents]


def test_files_may_be_dropped_on_any_page(visit, empty: Site) -> None:
    page = visit("/ui/sets")
    drop(page, **{"dropped.txt": "dropped", "empty.txt": ""})
    finished(page)
    assert {"dropped.txt", "empty.txt"} <= titles(empty)


def test_what_is_pasted_is_named_by_the_time(visit, empty: Site) -> None:
    page = visit("/ui/upload")
    page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File(["no picture"], "image.png"));
          const options = { clipboardData, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new ClipboardEvent("paste", options));
        }"""
    )
    finished(page)
    assert any(title.startswith("Pasted ") for title in titles(empty))


def test_a_large_file_goes_in_pieces_and_on_after_the_connection_was_lost(
    visit, empty: Site, tmp_path: Path
) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * (20 * 4096))
    page = visit("/ui/upload")
    page.watch.forgive("Failed to load resource")
    offsets: list[str] = []

    def meet(route: Route) -> None:
        offsets.append(route.request.url.partition("offset=")[2])
        if len(offsets) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/ui/api/upload/*?offset=*", meet)
    choose(page, path)
    finished(page)
    assert offsets == ["0", "8388608", "8388608", "16777216"]
    (item,) = (item for item in empty.get("items")["items"] if item["title"] == "large.bin")
    assert item["size"] == path.stat().st_size


def test_an_upload_goes_on_after_the_page_was_closed(visit, tmp_path: Path) -> None:
    path = tmp_path / "interrupted.bin"
    path.write_bytes(b"interrupted" * 2_000_000)
    page = visit("/ui/upload")
    page.watch.forgive("Failed to load resource")
    sent: list[str] = []

    def meet(route: Route) -> None:
        sent.append(route.request.url.partition("offset=")[2])
        if sent[-1] == "16777216" and sent.count("16777216") == 1:
            route.abort("connectionreset")  # and here the page is closed
        else:
            route.continue_()

    page.context.route("**/ui/api/upload/*?offset=*", meet)
    choose(page, path)
    finished(page, "Waiting for the connection")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    toast(page, "1 file of an earlier upload is not finished.").wait_for()
    choose(page, path)
    finished(page)
    assert sent == ["0", "8388608", "16777216", "16777216"]


def test_an_upload_is_paused_and_goes_on(visit, empty: Site, tmp_path: Path) -> None:
    path = tmp_path / "paused.bin"
    path.write_bytes(b"paused" * 3_000_000)
    page = visit("/ui/upload")
    page.watch.forgive("Failed to load resource")
    held: list[Route] = []
    page.route("**/ui/api/upload/*?offset=*", lambda route: held.append(route))
    choose(page, path)
    expect(panel(page).get_by_role("heading")).to_have_text("Uploading")
    panel(page).get_by_role("button", name="Pause", exact=True).click()
    finished(page, "Upload paused")
    page.unroute("**/ui/api/upload/*?offset=*")
    panel(page).get_by_role("button", name="Go on", exact=True).click()
    finished(page)
    assert "paused.bin" in titles(empty)


def test_single_files_are_given_up_and_the_others_go_on(visit, empty: Site, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.bin" for name in "abcdef"]
    for path in paths:
        path.write_bytes(f"{path}".encode() * 20_000)  # more than what is sent together
    page = visit("/ui/upload")
    page.watch.forgive("Failed to load resource")
    held: list[Route] = []
    page.route("**/ui/api/upload/*?offset=*", lambda route: held.append(route))
    choose(page, *paths)
    panel(page).get_by_text("3 files wait").click()
    panel(page).get_by_role("button", name="Cancel e.bin").focus()
    page.keyboard.press("Enter")
    expect(panel(page).get_by_text("2 files wait")).to_be_visible()
    # The keyboard is where it was, at the next file.
    expect(panel(page).get_by_role("button", name="Cancel f.bin")).to_be_focused()
    panel(page).get_by_role("button", name="Cancel b.bin").click()
    expect(panel(page).get_by_role("button", name="Cancel d.bin")).to_be_visible()
    expect(panel(page)).to_contain_text("0 of 4 files")
    shoot(page, "upload-rows")
    page.unroute("**/ui/api/upload/*?offset=*")  # and all that is held goes on
    finished(page)
    assert {f"{name}.bin" for name in "acdf"} <= titles(empty)
    assert not {"b.bin", "e.bin"} & titles(empty)


def test_single_failures_are_tried_again_or_let_be(visit, empty: Site, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name} fails.bin" for name in "abc"]
    for path in paths:
        path.write_bytes(f"{path}".encode() * 20_000)
    page = visit("/ui/upload")
    page.watch.forgive("Failed to load resource")
    why = {"status": 400, "json": {"error": "it is refused"}}
    page.route("**/ui/api/upload", lambda route: route.fulfill(**why))
    choose(page, *paths)
    finished(page, "3 files failed")
    panel(page).get_by_role("button", name="Cancel b fails.bin").click()
    finished(page, "2 files failed")
    page.unroute("**/ui/api/upload")
    panel(page).get_by_role("button", name="Try again: a fails.bin").click()
    finished(page, "1 file failed")
    assert "a fails.bin" in titles(empty)
    panel(page).get_by_role("button", name="Cancel c fails.bin").click()
    finished(page)
    assert not {"b fails.bin", "c fails.bin"} & titles(empty)


def test_an_upload_is_given_up(visit, empty: Site, tmp_path: Path) -> None:
    path = tmp_path / "unwanted.bin"
    path.write_bytes(b"unwanted")
    page = visit("/ui/upload")
    page.watch.forgive("Failed to load resource")
    held: list[Route] = []
    page.route("**/ui/api/upload/*?offset=*", lambda route: held.append(route))
    choose(page, path)
    panel(page).get_by_role("button", name="Cancel", exact=True).click()
    toast(page, "Upload cancelled").wait_for()
    expect(panel(page)).to_be_hidden()
    assert "unwanted.bin" not in titles(empty)


def test_what_fails_says_why_and_can_be_tried_again(visit, empty: Site, tmp_path: Path) -> None:
    path = tmp_path / "refused.txt"
    path.write_text("refused at first")
    page = visit("/ui/upload")
    page.watch.forgive("Failed to load resource")
    why = {"status": 400, "json": {"error": "it is refused", "remedy": "ask again"}}
    page.route("**/ui/api/upload", lambda route: route.fulfill(**why))
    choose(page, path)
    finished(page, "1 file failed")
    expect(panel(page)).to_contain_text("It is refused. Ask again.")
    page.unroute("**/ui/api/upload")
    panel(page).get_by_role("button", name="Try again: refused.txt").click()
    finished(page)
    assert "refused.txt" in titles(empty)


def test_many_files_take_no_more_room_on_the_page_than_few(visit) -> None:
    page = visit("/ui/upload")
    drop(page, **{f"{number}.txt": f"{number} of many" for number in range(150)})
    expect(panel(page)).to_contain_text("of 150 files")
    assert page.locator(".upload-panel *").count() < 60
    expect(panel(page)).to_contain_text("150 files uploaded.", timeout=60_000)
    assert page.locator(".upload-panel *").count() < 60


def test_on_a_telephone_the_panel_fits(visit, tmp_path: Path) -> None:
    path = tmp_path / "small.txt"
    path.write_text("from a telephone")
    page = visit("/ui/upload", viewport=PHONE, color_scheme="dark")
    choose(page, path)
    finished(page)
    box = panel(page).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    shoot(page, "upload-phone-dark")
