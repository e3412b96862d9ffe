"""What was put into Perkeep's server before the pairs of `test_captured_a.py` were captured."""

from __future__ import annotations

from .pictures import picture
from .world import World

LAND = picture(400, 300, taken="2015:06:07 10:20:30", place=(48.8584, 2.2945))
NOTE = b"twenty-six letters, a note"


def fill_a(world: World) -> None:
    """One date for each permanode."""
    world.file("FILE_LAND", LAND, modified="2020-01-01", called="ssumq-land.jpg")
    world.file("FILE_NOTE", NOTE, modified="2019-05-05T05:05:05", called="ssumq-note.txt")
    world.thing(
        "PN_LAND",
        "2026-10-01",
        camliContent="@FILE_LAND",
        tag=["ssumq", "ssumq-photo"],
        title="Ssumq Tower",
    )
    world.thing("PN_NOTE", "2026-10-02", camliContent="@FILE_NOTE", tag=["ssumq"])
    world.thing(
        "PN_SET",
        "2026-10-03",
        title="Ssumq Set",
        tag=["ssumq"],
        camliMember=["@PN_LAND", "@PN_NOTE"],
    )
    world.thing("PN_HIDE", "2026-10-04", tag=["ssumq"], camliDefVis="hide")
    world.thing("PN_DEL", "2026-10-05", tag=["ssumq"])
    world.delete("PN_DEL", "2026-10-06", name="CLAIM_DEL")
    world.thing(
        "PN_PLACE", "2026-10-07", tag=["ssumq"], latitude="-33.85", longitude="151.21", ssumqn="42"
    )
