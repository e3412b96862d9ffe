"""Painted landscapes are a library like somebody's: all different, with dates and places."""

from itertools import pairwise
from pathlib import Path

from PIL import ExifTags, Image

from holdfast.tools.scenery.catalogue import MOST, paint, scenes
from holdfast.tools.scenery.views import VIEWS


def test_scenes_are_all_different_and_go_back_in_time() -> None:
    some = list(scenes())
    assert len(some) == MOST
    assert len({scene.name for scene in some}) == MOST
    assert all(one.taken > other.taken for one, other in pairwise(some))
    assert all(one.title != other.title for one, other in pairwise(some))
    assert {scene.size[0] > scene.size[1] for scene in some} == {True, False}


def test_every_view_is_painted_and_says_when_and_where(tmp_path: Path) -> None:
    looks = set()
    for scene in scenes(len(VIEWS), height=90):
        paint(scene, tmp_path / scene.name)
        with Image.open(tmp_path / scene.name) as picture:
            assert picture.size == scene.size
            assert len(picture.getcolors(1 << 20) or ()) > 300
            looks.add(picture.convert("RGB").resize((1, 1)).tobytes())
            notes = picture.getexif()
        taken = notes.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
        assert taken == f"{scene.taken:%Y:%m:%d %H:%M:%S}"
        place = notes.get_ifd(ExifTags.IFD.GPSInfo)
        south = place[ExifTags.GPS.GPSLatitudeRef] == "S"
        degrees, minutes, seconds = map(float, place[ExifTags.GPS.GPSLatitude])
        latitude = (degrees + minutes / 60 + seconds / 3600) * (-1 if south else 1)
        assert abs(latitude - scene.place[0]) < 0.001
    assert len(looks) == len(VIEWS)


def test_a_scene_is_painted_the_same_every_time(tmp_path: Path) -> None:
    (scene,) = scenes(1, height=90)
    for name in ("one.jpg", "other.jpg"):
        paint(scene, tmp_path / name)
    assert (tmp_path / "one.jpg").read_bytes() == (tmp_path / "other.jpg").read_bytes()
