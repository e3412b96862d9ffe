"""Boxes: thumbnails fit, keep their proportions, and come in few sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.ui.thumbs.thumbnail import HEIGHTS, MOST, Box

SIDES = st.integers(1, MOST)


@pytest.mark.parametrize("height", HEIGHTS)
def test_what_pages_ask_for_is_what_they_get(height: int) -> None:
    assert Box.within(MOST, height) == Box(MOST, height)


@given(SIDES, SIDES)
def test_a_box_is_within_what_was_asked_for(width: int, height: int) -> None:
    box = Box.within(width, height)
    assert 1 <= box.width <= width < 2 * box.width + 1
    assert 1 <= box.height <= height < 2 * box.height + 1
    assert Box.within(*box) == box


def test_there_are_few_boxes() -> None:
    assert len({Box.within(side, side) for side in range(1, MOST + 1)}) == 15


@given(SIDES, SIDES, st.integers(1, 100_000), st.integers(1, 100_000))
def test_a_picture_fits_and_is_never_enlarged(w: int, h: int, width: int, height: int) -> None:
    box = Box(w, h)
    fitted = box.fit(width, height)
    assert 1 <= fitted[0] <= min(w, width)
    assert 1 <= fitted[1] <= min(h, height)
    # Within one pixel it has the proportions, and touches the box or is as large as it was.
    exact = min(w / width, h / height, 1.0)
    assert abs(fitted[0] - max(1, width * exact)) <= 0.5
    assert abs(fitted[1] - max(1, height * exact)) <= 0.5
