"""How many signed claims a second a server takes in so that searches find them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ....blobstore.ref import Blob
from ....schema.identity import Algorithm, new_identity
from ...config import DEFAULT_RING
from ...founding import keep_key
from ...throwaway import serving
from ..traffic import TrafficFailed, upload
from .asking import Asker
from .saying import Voice
from .things import World

THINGS = 10_000

_KEY_TIME = 1_072_915_200


def claims_rate(room: Path, things: int = THINGS, *, algorithm: Algorithm = "rsa") -> float:
    """Claims a second that a server in the empty folder `room` takes in by batch upload.

    They are signed before, with a key such as `holdfast init` makes, and their permanodes are
    there; about all things but files, some two claims of each. One connection sends one request
    after the other. The clock stops when the last claim is acknowledged; from then on all must be
    found. Raises `TrafficFailed`.
    """
    home = room / "server"
    home.mkdir()
    key = new_identity(time=_KEY_TIME, algorithm=algorithm)
    keep_key(key, home / DEFAULT_RING)
    voice, world = Voice(key), World(things)
    permanodes: list[Blob] = []
    claims: list[Blob] = []
    tags = Counter[str]()
    for thing in (thing for block in world.blocks for thing in world.block(block)):
        if thing.content is None:
            permanode, *said = voice.say(thing).blobs
            permanodes.append(permanode)
            claims += said
            tags.update(thing.tags)
    with serving(home, log=room / "server.log") as server, Asker(server) as asker:
        upload(server, permanodes)
        seconds = upload(server, claims)
        for tag, count in tags.most_common(20):
            if (found := len(asker.find(f"tag:{tag}", limit=-1))) != count:
                raise TrafficFailed(f"{found} of {count} things with the tag {tag} are found")
    return len(claims) / seconds
