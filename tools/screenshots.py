"""`make screenshots`: what the gallery looks like, for README, with landscapes that are painted.

A server on a throw-away store is filled with them, and a browser looks at its pages.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from .chromium import browsing
from .scenery.catalogue import MOST, Scene, paint, scenes
from .throwaway import Server, command, environment, serving

FOLDER = Path("ui/screenshots")

LARGEST = 200_000
"""Bytes of a screenshot at most."""

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 400, "height": 800}

_IN_SET = 15

_POST = """async ([call, document_]) => {
    const csrf = document.querySelector("meta[name=csrf]").content;
    const headers = { "Content-Type": "application/json", "X-Holdfast-CSRF": csrf };
    const body = JSON.stringify(document_);
    const answer = await fetch(`/ui/api/${call}`, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
}"""


class ScreenshotFailed(RuntimeError):
    """What should be shown could not be made."""


@dataclass(frozen=True, slots=True)
class Library:
    """What is on the server: permanodes by the titles of scenes, and the path of a share."""

    things: dict[str, str]
    share: str


@dataclass(frozen=True, slots=True)
class Shot:
    """One screenshot: of which page, and what is done there before."""

    name: str
    path: Callable[[Library], str]
    act: Callable[[Page], None]
    is_phone: bool = False


def _wait(page: Page) -> None:
    """Until everything is there, and nothing moves any more."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    page.wait_for_timeout(600)


def _scroll_a_little(page: Page) -> None:
    _wait(page)
    page.mouse.wheel(0, 420)


def _show_details(page: Page) -> None:
    _wait(page)
    page.keyboard.press("i")


SHOTS = (
    Shot("timeline", lambda _: "/ui/", _wait),
    Shot("timeline-dark", lambda _: "/ui/", _scroll_a_little, is_phone=True),
    Shot(
        "lightbox",
        lambda there: f"/ui/#view={there.things['Last light on the lake']}",
        _show_details,
    ),
    Shot("map", lambda _: "/ui/map", _wait),
    Shot("share", lambda there: there.share, _wait),
    Shot("thing", lambda there: f"/ui/{there.things['Northern lights']}", _wait),
)


def main() -> int:
    """Make all of them; the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-screenshots-") as made:
        try:
            take_all(FOLDER, room=Path(made), tell=print)
        except (RuntimeError, OSError) as error:
            print(f"no screenshots: {error}", file=sys.stderr)
            return 1
    return 0


def take_all(
    folder: Path,
    *,
    room: Path,
    tell: Callable[[str], None],
    shots: Iterable[Shot] = SHOTS,
    count: int = MOST,
) -> None:
    """Write the screenshots into `folder`, with so many pictures on a server in the empty `room`.

    Raises `ScreenshotFailed`, and what running a server and a browser raises.
    """
    folder.mkdir(exist_ok=True)
    photos, home = room / "photos", room / "server"
    for made in (photos, home):
        made.mkdir()
    tell(f"painting {count} pictures")
    some = list(scenes(count))
    # Threads of the browser must not be copied half into the other processes.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        list(pool.map(paint, some, [photos / scene.name for scene in some]))
    _run(home, "init")
    with serving(home, log=room / "server.log") as server, browsing() as browser:
        library = _fill(server, browser, some, photos)
        for shot in shots:
            data = _take(browser, server, shot, library)
            (folder / f"{shot.name}.webp").write_bytes(data)
            tell(f"  {shot.name}: {len(data):,} bytes")


def _fill(server: Server, browser: Browser, some: list[Scene], photos: Path) -> Library:
    """Put all pictures on the server, say what they are, gather some in a set, and share it."""
    paths = [str(photos / scene.name) for scene in some]
    said = _run(server.home, "put", "--quiet", "--permanode", *paths, server=server).split()
    things = dict(zip((scene.title for scene in some), said[1::2], strict=True))
    claims = []
    for scene in some:
        about = {"permanode": things[scene.title]}
        claims.append({**about, "act": "set", "attribute": "title", "value": scene.title})
        claims += [{**about, "act": "add", "attribute": "tag", "value": tag} for tag in scene.tags]
    with browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        page.goto("/ui/")
        page.evaluate(_POST, ["claims", {"claims": claims}])
        chosen = [things[scene.title] for scene in some[:_IN_SET]]
        attributes = [["title", "The best of this autumn"], ["tag", "best"]]
        made = page.evaluate(_POST, ["create", {"attributes": attributes, "members": chosen}])
        terms: dict[str, Any] = {"expires": None, "password": None, "downloads": None}
        shared = page.evaluate(_POST, ["share", {"refs": [made["ref"]], **terms}])
    return Library(things, str(shared["share"]["url"]))


def _take(browser: Browser, server: Server, shot: Shot, library: Library) -> bytes:
    options: dict[str, Any] = {"viewport": DESKTOP, "color_scheme": "light"}
    if shot.is_phone:
        options = {
            "viewport": PHONE,
            "color_scheme": "dark",
            "device_scale_factor": 2,
            "has_touch": True,
            "is_mobile": True,
        }
    with browser.new_context(base_url=server.url, locale="en-GB", **options) as context:
        page = context.new_page()
        page.goto(shot.path(library))
        shot.act(page)
        _wait(page)
        return _packed(page.screenshot(animations="disabled"), shot.name)


def _packed(png: bytes, name: str) -> bytes:
    """A screenshot as WebP, as good as its size allows."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    for quality in range(90, 50, -5):
        written = BytesIO()
        picture.save(written, "WEBP", quality=quality, method=6)
        if len(written.getvalue()) < LARGEST:
            return written.getvalue()
    raise ScreenshotFailed(f"{name} has more than {LARGEST:,} bytes")


def _run(home: Path, *arguments: str, server: Server | None = None) -> str:
    """What a command of ours says."""
    environ = environment(home)
    if server is not None:
        environ["HOLDFAST_SERVER"] = server.url
    ended = subprocess.run(
        command(*arguments), env=environ, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise ScreenshotFailed(f"`holdfast {arguments[0]}`: {ended.stderr.strip()}")
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
