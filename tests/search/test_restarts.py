"""A real server says the same as before when it starts again, and when it indexes anew."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ..end_to_end.machine import Machine
from ..end_to_end.server_process import RunningServer, give_key
from .test_c14_deletion import SHARES, fill
from .world import World, a_world

QUERIES: list[dict[str, Any]] = [
    {},
    {"expression": "tag:thing"},
    {"expression": "tag:thing", "sort": "created", "limit": 2},
    {"expression": "title:first", "describe": {"depth": 2}},
    {"constraint": {"permanode": {}}, "sort": "mod", "limit": -1},
    {"constraint": {"anything": True}, "limit": -1},
    {"constraint": {"camliType": "claim"}, "sort": "blobref"},
    {
        "constraint": {
            "permanode": {"relation": {"relation": "child", "any": {"camliType": "permanode"}}}
        }
    },
]
CONFIG = """
[server]
listen = "127.0.0.1:1"
[storage]
kind = "packed"
path = "{home}/blobs"
[index]
path = "{home}/index"
"""
CALLS = ["recent?n=1000", "permanodeattr?attr=tag&value=thing", "permanodeattr?attr=title"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("here"), fill) as made:
        yield made


def answers(server: RunningServer, world: World) -> list[Any]:
    """Everything that is asked, answered by the server; its index may have to catch up first."""
    root = server.ask("GET", "/?camli.mode=config").json["searchRoot"] + "camli/search/"
    found: list[Any] = [
        _answered(server, "POST", f"{root}query", json.dumps(query).encode()) for query in QUERIES
    ]
    found += [_answered(server, "GET", f"{root}{call}") for call in CALLS]
    for name in SHARES:
        path = f"/share/{world['bytes']}?via={world[name]}"
        found.append(server.ask("GET", path, anonymous=True).status)
    return found


def _answered(server: RunningServer, method: str, path: str, body: bytes | None = None) -> Any:
    deadline = time.monotonic() + 30
    while True:
        answer = server.ask(method, path, body)
        if answer.status != 503 or time.monotonic() > deadline:
            assert answer.status == 200, answer.body
            return answer.json
        time.sleep(0.05)


def test_a_server_says_the_same_when_it_starts_again(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    give_key(home)
    server = RunningServer(home).start()
    try:
        server.upload(list(world.blobs.items()))
        expected = answers(server, world)
        assert expected[: len(QUERIES)] == [world.query(query) for query in QUERIES]
        assert expected[-len(SHARES) :] == [200 if is_open else 401 for is_open in SHARES.values()]
        for is_index_kept in (True, False, True):
            assert server.stop() == 0
            if not is_index_kept:
                shutil.rmtree(home / "index")
            server.start()
            assert answers(server, world) == expected
        assert server.stop() == 0
        (home / "config.toml").write_text(CONFIG.format(home=home))
        reindexed = Machine.at(home)("reindex")
        assert reindexed.returncode == 0, reindexed.stderr
        server.start()
        assert answers(server, world) == expected
    finally:
        server.stop()
