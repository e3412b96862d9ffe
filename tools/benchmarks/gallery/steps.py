"""What a person does in a gallery: each step, the first frame that answers it, and the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

WIDTH, HEIGHT = 1280, 800

_SECOND = 1000
_PATIENCE = 30 * _SECOND
_MIDDLE = (WIDTH // 2 - 40, HEIGHT // 2)
_PARTS = 0.618034  # so that places are far from those before, and never the same


def _nothing(page: Page, number: int) -> None:
    """Where nothing is to be done."""


Act = Callable[[Page, int], None]
"""Something done to a page; the number is that of the round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing a person does, and what shows that it was heard, and that it is done.

    `response` and `result` are names of `probe.js`; see `is` there.
    """

    name: str
    event: str
    """What the browser hears first of it."""

    act: Act
    response: str
    result: str = ""
    """Empty if the response is all there is."""

    done: str = ""
    """What the result is, in words."""

    prepare: Act = _nothing
    tidy: Act = _nothing


def settle(page: Page) -> None:
    """Wait until all pictures that are looked at are there, and a moment longer."""
    page.wait_for_function("() => probe.is.whole()", timeout=_PATIENCE)
    page.wait_for_timeout(250)


def press_scrubber(page: Page, number: int) -> None:
    """Point at a date far from the last one."""
    box = page.locator(".scrubber").bounding_box()
    assert box is not None
    part = (0.1 + number * _PARTS) % 1
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 4 + part * (box["height"] - 8))
    page.mouse.down()


def go_far(page: Page, number: int) -> None:
    """Be at a date where nobody has been."""
    press_scrubber(page, number)
    page.mouse.up()
    page.mouse.move(*_MIDDLE)
    settle(page)


def _release(page: Page, _: int = 0) -> None:
    page.mouse.up()
    page.mouse.move(*_MIDDLE)
    settle(page)


def _middle_of(page: Page, number: int, selector: str = ".tile") -> tuple[float, float]:
    """Where one of the tiles is of which all can be seen."""
    found = page.evaluate(
        """([number, selector]) => {
            const inside = probe.tiles().filter((tile) => {
                const { top, bottom } = tile.getBoundingClientRect();
                return top > 80 && bottom < innerHeight - 80;
            });
            const tile = inside[number % inside.length];
            const { left, top, width, height } =
                (selector === ".tile" ? tile : tile.querySelector(selector))
                    .getBoundingClientRect();
            return [left + width / 2, top + height / 2];
        }""",
        [number, selector],
    )
    return found[0], found[1]


def _open(page: Page, number: int) -> None:
    page.mouse.click(*_middle_of(page, number))


def _opened(page: Page, number: int) -> None:
    if page.locator(".lightbox").count() == 0:
        go_far(page, number)
        _open(page, number)
    page.wait_for_function("() => probe.is.sharp()", timeout=_PATIENCE)
    page.wait_for_timeout(400)


def _close(page: Page, _: int = 0) -> None:
    page.keyboard.press("Escape")
    page.locator(".lightbox").wait_for(state="detached")


def _close_in_the_end(page: Page, number: int) -> None:
    if number % 5 == 4:
        _close(page)


def _point_at_mark(page: Page, number: int) -> None:
    go_far(page, number)
    page.mouse.move(*_middle_of(page, 3, ".tile-check"))
    page.wait_for_timeout(250)


def _mark(page: Page, _: int = 0) -> None:
    page.mouse.click(*_middle_of(page, 3, ".tile-check"))


def _begin_range(page: Page, number: int) -> None:
    _point_at_mark(page, number)
    _mark(page)
    _point_at_mark(page, number + 1)


def _end_range(page: Page, _: int) -> None:
    page.keyboard.down("Shift")
    _mark(page)
    page.keyboard.up("Shift")


def _clear(page: Page, _: int = 0) -> None:
    page.keyboard.press("Escape")
    page.locator(".actions").wait_for(state="hidden")


def _select_some(page: Page, number: int) -> None:
    go_far(page, number)
    for at in range(5):
        page.mouse.click(*_middle_of(page, at, ".tile-check"))
    page.wait_for_timeout(250)


def _leave_tagger(page: Page, _: int) -> None:
    page.locator("dialog.tagger").get_by_role("button", name="Cancel").click()
    page.locator("dialog.tagger").wait_for(state="detached")
    _clear(page)


def _enter_search(page: Page, _: int = 0) -> None:
    page.locator("#q").click()
    page.wait_for_timeout(400)


def _type(page: Page, number: int) -> None:
    page.keyboard.press("tlbskmfpd"[number % 9])


def _leave_search(page: Page, _: int = 0) -> None:
    page.locator("#q").fill("")
    page.keyboard.press("Escape")
    page.wait_for_timeout(250)


def searching(expressions: list[str]) -> Step:
    """Searching for one of these after the other."""

    def prepare(page: Page, number: int) -> None:
        page.locator("#q").fill(expressions[number % len(expressions)])
        page.wait_for_timeout(500)
        # Where nothing is proposed, the key would empty the box.
        if page.locator("#search .choices").is_visible():
            page.keyboard.press("Escape")
        page.wait_for_timeout(250)

    return Step(
        name="run a search",
        event="keydown",
        prepare=prepare,
        act=lambda page, _: page.keyboard.press("Enter"),
        response="found",
        result="foundAndPictured",
        done="all pictures there",
        tidy=lambda page, _: settle(page),
    )


JUMP = Step(
    name="jump to another date by the scrubber",
    event="pointerdown",
    act=press_scrubber,
    response="moved",
    result="movedAndPictured",
    done="all pictures there",
    tidy=_release,
)

STEPS = (
    Step(
        name="scroll a window down",
        event="wheel",
        prepare=go_far,
        act=lambda page, _: page.mouse.wheel(0, HEIGHT - 140),
        response="moved",
        result="aWindowDown",
        done="at rest, with all pictures",
    ),
    Step(
        name="open a picture",
        event="click",
        prepare=go_far,
        act=_open,
        response="opened",
        result="sharp",
        done="sharp",
        tidy=_close,
    ),
    Step(
        name="next picture",
        event="keydown",
        prepare=_opened,
        act=lambda page, _: page.keyboard.press("ArrowRight"),
        response="next",
        result="nextSharp",
        done="sharp",
        tidy=_close_in_the_end,
    ),
    Step(
        name="select one",
        event="click",
        prepare=_point_at_mark,
        act=_mark,
        response="oneSelected",
        tidy=_clear,
    ),
    Step(
        name="select a range of thousands",
        event="click",
        prepare=_begin_range,
        act=_end_range,
        response="someSelected",
        tidy=_clear,
    ),
    Step(
        name="select all",
        event="keydown",
        prepare=go_far,
        act=lambda page, _: page.keyboard.press("Control+a"),
        response="allSelected",
        tidy=_clear,
    ),
    Step(
        name="open the dialog of tags",
        event="keydown",
        prepare=_select_some,
        act=lambda page, _: page.keyboard.press("t"),
        response="asked",
        tidy=_leave_tagger,
    ),
    Step(
        name="type into the search box",
        event="keydown",
        prepare=_enter_search,
        act=_type,
        response="typed",
        result="proposed",
        done="proposals",
        tidy=_leave_search,
    ),
)
