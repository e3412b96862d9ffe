"""How many signed claims a second a server takes in so that searches find them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ....blobstore.ref import Blob
from ...config import DEFAULT_RING
from ...founding import keep_key
from ...throwaway import serving
from ..traffic import TrafficFailed, upload
from .asking import Asker
from .saying import Voice, seeded_key
from .things import World

THINGS = 20_000


def claims_rate(room: Path, things: int = THINGS) -> float:
    """Claims a second that a new server in the empty folder `room` takes in by batch upload.

    One connection sends one request after the other, each with some thousand things: permanodes
    and two or three claims of each, signed before. The clock stops when the last is
    acknowledged; from then on all must be found. Only claims are counted. Raises `TrafficFailed`.
    """
    home = room / "server"
    home.mkdir()
    key = seeded_key("claims")
    keep_key(key, home / DEFAULT_RING)
    voice, world = Voice(key), World(things)
    blobs: list[Blob] = []
    tags = Counter[str]()
    permanodes = 0
    for thing in (thing for block in world.blocks for thing in world.block(block)):
        if thing.content is None:
            blobs += voice.say(thing).blobs
            permanodes += 1
            tags.update(thing.tags)
    with serving(home, log=room / "server.log") as server, Asker(server) as asker:
        seconds = upload(server, blobs)
        for tag, count in tags.most_common(20):
            if (found := len(asker.find(f"tag:{tag}", limit=-1))) != count:
                raise TrafficFailed(f"{found} of {count} things with the tag {tag} are found")
    return (len(blobs) - permanodes) / seconds
