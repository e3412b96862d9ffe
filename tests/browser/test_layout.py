"""The layout of rows, as the browser reckons it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

SAID = """
async ([shapes, months, options]) => {
  const script = document.querySelector('script[src*="/js/main.js"]').src;
  const { layOut, shapeByte } = await import(new URL("layout.js", script));
  const bytes = Uint8Array.from(shapes, ([width, height]) => shapeByte(width, height));
  const began = performance.now();
  const layout = layOut({ shapes: bytes, months, ...options });
  const took = performance.now() - began;
  const rows = [];
  for (let row = 0; row < layout.rows; row += 1) {
    const items = [];
    for (let index = layout.rowFirst[row]; index < layout.rowFirst[row + 1]; index += 1) {
      items.push([layout.left[index], layout.across[index]]);
    }
    rows.push({ top: layout.rowTop[row], height: layout.rowHeight[row], items });
  }
  return { took, rows, height: layout.height, sections: layout.sections };
}
"""

OPTIONS = {"width": 1000, "rowHeight": 200, "gap": 4, "heading": 60}


@pytest.fixture
def lay(page: Page) -> Any:
    """What `layOut` makes of pictures' sizes."""

    def lay(sizes: list[tuple[int, int]], months: list[tuple[str, int]], **options: int) -> Any:
        return page.evaluate(SAID, [sizes, months, OPTIONS | options])

    return lay


def test_full_rows_fill_the_width_to_the_pixel(lay) -> None:
    laid = lay([(4, 3), (3, 4), (16, 9), (1, 1), (3, 2)] * 200, [])
    for row in laid["rows"][:-1]:
        left, across = row["items"][-1]
        assert row["items"][0][0] == 0
        assert left + across == 1000
        assert 140 <= row["height"] <= 280


def test_tiles_stand_a_gap_apart_and_rows_too(lay) -> None:
    laid = lay([(4, 3)] * 40, [])
    for row in laid["rows"]:
        for (left, across), (after, _) in zip(row["items"], row["items"][1:], strict=False):
            assert after == left + across + 4
    for row, below in zip(laid["rows"], laid["rows"][1:], strict=False):
        assert below["top"] == row["top"] + row["height"] + 4


def test_months_begin_rows_below_a_heading(lay) -> None:
    laid = lay([(4, 3)] * 12, [("2024-07", 0), ("2024-06", 5)])
    first, second = laid["sections"]
    assert (first["top"], first["first"], first["end"]) == (0, 0, 5)
    assert (second["label"], second["first"], second["end"]) == ("2024-06", 5, 12)
    assert laid["rows"][0]["top"] == 60
    assert laid["rows"][second["row"]]["top"] == second["top"] + 60


def test_the_last_row_of_a_month_is_not_stretched(lay) -> None:
    laid = lay([(1, 1), (1, 1)], [("2024-07", 0)])
    assert laid["rows"] == [{"top": 60, "height": 200, "items": [[0, 200], [204, 200]]}]


def test_shapes_beyond_reason_are_cropped(lay) -> None:
    months = [("2024-07", 0), ("2024-06", 1), ("2024-05", 2)]
    laid = lay([(10_000, 10), (10, 10_000), (0, 0)], months)
    assert [row["items"] for row in laid["rows"]] == [[[0, 800]], [[0, 90]], [[0, 200]]]


def test_on_a_phone_one_picture_may_be_a_row(lay) -> None:
    laid = lay([(3, 1), (3, 1)], [], width=320, rowHeight=110)
    assert [len(row["items"]) for row in laid["rows"]] == [1, 1]


def test_nothing_has_no_height(lay) -> None:
    assert lay([], [])["height"] == 0


def test_a_hundred_thousand_pictures_take_less_than_fifty_milliseconds(lay) -> None:
    sizes = [(4, 3), (3, 4), (16, 9), (1, 1), (3, 2)] * 20_000
    months = [(f"{2000 + month // 12}-{month % 12 + 1:02}", month * 400) for month in range(250)]
    took = min(lay(sizes, months)["took"] for _ in range(3))
    assert took < 50
