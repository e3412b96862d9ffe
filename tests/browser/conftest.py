"""A real browser before a real server, and screenshots of what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from .samples import make_others, make_photos, make_turned
from .site import Site, running
from .watching import Watch

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

LONG = 450
"""Photos of the long site."""

SCREENSHOTS = Path(__file__).parents[2] / ".artefacts" / "screenshots"

PATIENCE = 30_000
"""Milliseconds that what must come is waited for: the machine may be at work for others too."""

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this process."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server full of samples, for tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("site")
    with running(folder / "here") as site:
        fill(site, folder)
        yield site


@pytest.fixture(scope="session")
def long_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with more photos than are asked for at a time, for tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("long")
    with running(folder / "here") as site:
        site.put(make_photos(folder, LONG))
        yield site


@pytest.fixture
def new_site(tmp_path: Path) -> Iterator[Callable[[], Site]]:
    """For servers with nothing on them, which a test may do with as it likes."""
    with ExitStack() as held:
        yield lambda: held.enter_context(running(tmp_path / "site"))


def fill(site: Site, folder: Path) -> None:
    """Put all samples, in a folder and as things of their own, and gather some in a set."""
    samples = folder / "samples"
    (samples / "more").mkdir(parents=True)
    photos = make_photos(samples)
    others = [*make_turned(samples / "more"), *make_others(samples / "more")]
    refs = site.put(photos, tag="landscape")
    site.put(others)
    site.put([samples])
    site.post(
        "create",
        {"attributes": [["title", "The best of all"], ["tag", "chosen"]], "members": refs[:6]},
    )


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """For pages of their own: `visit("/ui/", viewport=PHONE, color_scheme="dark")`."""
    with visiting(browser) as visit:
        yield lambda path, **options: visit(options.pop("site", site), path, **options)


@contextmanager
def visiting(browser: Browser) -> Iterator[Callable[..., Page]]:
    """For pages, each in a browser that knows nothing; nothing may have gone wrong in the end."""
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def visit(site: Site, path: str, **options: object) -> Page:
        options.setdefault("viewport", DESKTOP)
        options.setdefault("base_url", site.url)
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        watch = Watch(site)
        watches.append(watch)
        context.on("page", watch.on)
        page = context.new_page()
        page.watch = watch  # type: ignore[attr-defined]  # for tests to forgive
        page.goto(path)
        return page

    try:
        yield visit
        for watch in watches:
            watch.check()
    finally:
        for context in contexts:
            context.close()


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """The gallery as it is at first, on a desktop."""
    return whole(visit("/ui/"))


def whole(page: Page) -> Page:
    """A page with a grid, when it knows all there is and shows the first pictures."""
    page.locator(".grid:not([aria-busy]) .tile-picture").first.wait_for()
    return page


def shoot(page: Page, name: str) -> None:
    """Keep what the page looks like now, with all the pictures it has asked for."""
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")


def finger(page: Page) -> Callable[..., None]:
    """One that touches: `put("touchStart", x, y)`, `put("touchMove", x, y)`, `put("touchEnd")`."""
    touch = page.context.new_cdp_session(page)

    def put(kind: str, *points: tuple[float, float] | float) -> None:
        pairs = [points] if points and not isinstance(points[0], tuple) else points
        touched = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(pairs)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    return put
