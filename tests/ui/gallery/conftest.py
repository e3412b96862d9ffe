"""A store with things in it, and the gallery's calls over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ...search.client import Answer
from ...search.world import OWNER, World, a_world


class Gallery:
    """Asks the calls of one world's pages, as its owner, and takes names for refs."""

    def __init__(self, world: World) -> None:
        self.world = world

    def ask(self, call: str, **params: Any) -> Answer:
        """One GET; `@NAME` stands for a ref, and `within` for the parameter `in`."""
        said = {name.replace("within", "in"): str(value) for name, value in params.items()}
        asked = self.world.in_refs(said)
        return self.world.client.ask("GET", f"/ui/api/{call}", params=asked, headers=OWNER)

    def get(self, call: str, **params: Any) -> Any:
        """What a GET answers, with refs."""
        answer = self.ask(call, **params)
        assert answer.status == 200, answer.text
        return answer.json

    def refused(self, call: str, **params: Any) -> Any:
        """The error with which a GET is refused."""
        answer = self.ask(call, **params)
        assert answer.status == 400, answer.text
        return answer.json

    def names(self, call: str, **params: Any) -> list[str]:
        """The names of the items that a GET answers."""
        return [self.world.name(item["ref"]) for item in self.get(call, **params)["items"]]

    def item(self, name: str) -> Any:
        """The item of one thing."""
        found = self.get("items", q=f"ref:{self.world[name]}")["items"]
        assert len(found) == 1
        return found[0]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path, lambda _: None) as made:
        yield made


@pytest.fixture
def gallery(world: World) -> Gallery:
    return Gallery(world)
