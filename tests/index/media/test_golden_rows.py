"""What a Perkeep's index says of the contents of files, said again."""

from __future__ import annotations

import io
import json
from urllib.parse import unquote_plus

import pytest

from holdfast.index.media.contents import digest
from holdfast.schema.timestamps import format_time

from .samples import TAGGED, contents_of

ROWS = json.loads((TAGGED / "rows.json").read_text("utf-8"))
FILES = [key for key in ROWS if key.startswith("fileinfo|") and "|sha224-" in ROWS[key]]


def of_file(golden, key):
    """The name and bytes of the file of a `fileinfo` row."""
    size, name, _, whole = ROWS[key].split("|")
    name = unquote_plus(name)
    assert str(digest(io.BytesIO(golden[name])).whole) == whole
    assert len(golden[name]) == int(size)
    return name, golden[name]


@pytest.mark.parametrize("key", FILES)
def test_types_are_the_same(golden, key):
    name, data = of_file(golden, key)
    assert contents_of(data, name).mime == unquote_plus(ROWS[key].split("|")[2])


@pytest.mark.parametrize("key", FILES)
def test_sizes_of_pictures_are_the_same(golden, key):
    size = contents_of(of_file(golden, key)[1]).size
    ours = None if size is None else f"{size.width}|{size.height}"
    assert ours == ROWS.get(key.replace("fileinfo|", "imagesize|"))


def test_exif_tags_and_place_are_the_same(golden):
    contents = contents_of(golden["photo.jpg"])
    whole = digest(io.BytesIO(golden["photo.jpg"])).whole
    ours = {f"exiftag|{whole}|{tag:04x}": value for tag, value in contents.exif.tags}
    ours[f"exifgps|{whole}"] = f"{contents.place.latitude:.7f}|{contents.place.longitude:.7f}"
    assert ours == {key: ROWS[key] for key in ROWS if key.startswith("exif")}


@pytest.mark.parametrize("key", FILES)
def test_times_of_pictures_are_the_same(golden, key):
    taken = contents_of(of_file(golden, key)[1]).taken
    first, *later = unquote_plus(ROWS[key.replace("fileinfo|", "filetimes|")]).split(",")
    assert (None if taken is None else format_time(taken)) == (first if later else None)
