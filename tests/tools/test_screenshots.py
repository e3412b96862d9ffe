"""Screenshots are taken of real pages, and README shows what there are."""

import re
from pathlib import Path

from PIL import Image

from holdfast.tools.screenshots import FOLDER, LARGEST, SHOTS, take_all

ROOT = Path(__file__).absolute().parents[2]


def test_every_screenshot_is_there_and_shown_and_small() -> None:
    there = {path.name for path in (ROOT / FOLDER).iterdir()}
    assert there == {f"{shot.name}.webp" for shot in SHOTS}
    shown = re.findall(rf"{FOLDER}/([\w.-]+)", (ROOT / "README.md").read_text())
    assert sorted(shown) == sorted(there)
    for name in there:
        assert (ROOT / FOLDER / name).stat().st_size < LARGEST


def test_screenshots_are_of_what_is_on_the_server(tmp_path: Path) -> None:
    room, shots = tmp_path / "room", [shot for shot in SHOTS if shot.name in ("thing", "share")]
    room.mkdir()
    said = list[str]()
    take_all(tmp_path / "shots", room=room, tell=said.append, shots=shots, count=7)
    for shot in shots:
        with Image.open(tmp_path / "shots" / f"{shot.name}.webp") as picture:
            assert picture.size == (1280, 800)
            # The pictures are colourful, the page around them is not.
            colours = (
                picture.convert("RGB").resize((64, 40)).convert("HSV").getchannel("S").tobytes()
            )
            assert sum(saturation > 100 for saturation in colours) > 200
