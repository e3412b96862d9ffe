"""The land that maps are drawn on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from holdfast.ui.gallery.drawings import DETAILS, Drawings

from ...search.client import Answer
from ...search.world import OWNER, World
from .conftest import Gallery

PLACES = {
    "Berlin": (13.4, 52.5),
    "Chicago": (-87.7, 41.8),
    "Alice Springs": (133.9, -23.7),
    "Urumqi, whose zone is within another": (87.6, 43.8),
    "Reykjavik": (-21.9, 64.1),
}
SEAS = {"Atlantic": (-40.0, 30.0), "Pacific": (-150.0, 5.0), "Black Sea": (34.0, 43.2)}


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Drawings:
    return Drawings(tmp_path_factory.mktemp("cache") / "land")


def rings(packed: bytes) -> list[list[tuple[float, float]]]:
    said = json.loads(gzip.decompress(packed))["rings"]
    return [list(zip(ring[::2], ring[1::2], strict=True)) for ring in said]


def winds(outline: list[list[tuple[float, float]]], x: float, y: float) -> int:
    """How many times the outline goes around a place."""
    around = 0
    for ring in outline:
        for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (ay <= y) != (by <= y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                around += 1 if by > ay else -1
    return around


@pytest.mark.parametrize("detail", range(len(DETAILS)))
def test_towns_are_on_land_and_seas_are_not(drawings: Drawings, detail: int) -> None:
    outline = rings(drawings.land(detail))
    for name, place in PLACES.items():
        assert winds(outline, *place) > 0, name
    for name, place in SEAS.items():
        assert winds(outline, *place) == 0, name


def test_more_detail_has_more_corners_and_the_first_is_small(drawings: Drawings) -> None:
    corners = [sum(map(len, rings(drawings.land(detail)))) for detail in range(len(DETAILS))]
    assert sorted(corners) == corners
    assert corners[0] * 2 < corners[2]
    assert len(gzip.decompress(drawings.land(0))) < 150_000


def test_what_was_drawn_is_drawn_no_more(drawings: Drawings, tmp_path: Path) -> None:
    first = [drawings.land(detail) for detail in range(len(DETAILS))]
    folder = next(iter(drawings.files())).parent
    for path in drawings.files():
        assert path.read_bytes() in first
    (folder / "older-0.json.gz").write_bytes(b"")
    marked = gzip.compress(b'{"rings":[[1,2,3,4,5,6]]}')
    drawings.files()[0].write_bytes(marked)
    assert Drawings(folder).land(0) == marked
    drawings.files()[0].write_bytes(marked[:-3])
    again = Drawings(folder)
    assert [again.land(detail) for detail in range(len(DETAILS))] == first
    assert sorted(folder.iterdir()) == sorted(drawings.files())
    assert Drawings(tmp_path / "file" / "x").land(1) == first[1]


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert rings(Drawings(tmp_path / "file").land(0))


def test_browsers_keep_it_and_are_told_that_it_is_the_same(world: World, gallery: Gallery) -> None:
    answer = gallery.ask("land", detail=1)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert "max-age" in answer.headers["cache-control"]
    assert len(json.loads(answer.body)["rings"]) > 100

    def again(**headers: str) -> Answer:
        path, params = "/ui/api/land", {"detail": "1"}
        return world.client.ask("GET", path, params=params, headers={**OWNER, **headers})

    tag = answer.headers["etag"]
    for tags in (tag, f"W/{tag}", f'"other", W/{tag}'):
        known = again(**{"if-none-match": tags})
        assert (known.status, known.body, known.headers["etag"]) == (304, b"", tag)
    for tags in ('"other"', tag.strip('"'), ""):
        assert again(**{"if-none-match": tags}).body == answer.body
    assert gzip.decompress(again(**{"accept-encoding": "gzip"}).body) == answer.body


def test_there_is_no_other_detail(gallery: Gallery) -> None:
    for detail in ("3", "-1", "x", "1.0"):
        assert "detail" in gallery.refused("land", detail=detail)["error"]
