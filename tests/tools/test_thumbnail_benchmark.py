"""The benchmark of thumbnails: its photos are what it says, and it measures on a real server."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from holdfast.tools.benchmarks.photos import make_photos
from holdfast.tools.benchmarks.thumbnails import (
    FIGURES,
    ThumbnailResults,
    measure_thumbnails,
    thumbnail_table,
)


def test_photos_are_as_large_as_those_of_cameras(tmp_path: Path) -> None:
    paths = make_photos(tmp_path / "photos", 3)
    assert len({path.read_bytes() for path in paths}) == 3
    for path in paths:
        assert 3_000_000 < path.stat().st_size < 4_500_000
        with Image.open(path) as photo:
            assert (photo.format, photo.width * photo.height) == ("JPEG", 12_000_000)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_every_figure_is_measured(tmp_path: Path) -> None:
    results, said = ThumbnailResults(), list[str]()
    measure_thumbnails(results, room=tmp_path, seconds=1, tell=said.append, count=2)
    assert all(results.figures[figure] > 0 for figure in FIGURES)
    table = thumbnail_table(results)
    assert all(figure.name in table for figure in FIGURES)
    assert len(said) == 4
