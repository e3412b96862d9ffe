"""Which sets are among all that a person has put in: none that has members, whatever became of
them."""

from __future__ import annotations

import pytest

from holdfast.index.search import searching

from ...search.world import World
from .conftest import Gallery


@pytest.mark.parametrize("is_sieved", [False, True])
def test_sets_do_not_come_forth_when_their_members_go(
    world: World, gallery: Gallery, monkeypatch: pytest.MonkeyPatch, *, is_sieved: bool
) -> None:
    if is_sieved:
        monkeypatch.setattr(searching, "MANY", 0)
        monkeypatch.setattr(searching, "MANY_OF_ALL", 0)
    world.file("a.txt", b"a")
    world.thing("photo", "2020-01-01", camliContent="@a.txt")
    world.thing("kept", "2020-01-02", camliContent="@a.txt", tag="x", camliMember=["@photo"])
    world.thing("set", "2020-01-03", title="s", camliMember=["@photo"])
    world.thing("odd", "2020-01-04", title="o", camliMember=["no ref"])
    world.thing("missing", "2020-01-05", title="m", camliMember=["sha224-" + "0" * 56])
    world.thing("note", "2020-01-06", title="n")
    world.settle()
    assert gallery.names("items") == ["note", "kept", "photo"]
    world.delete("photo", "2020-02-01")
    world.settle()
    assert gallery.names("items") == ["note", "kept"]
    assert gallery.get("timeline")["total"] == 2
    assert "set" in gallery.names("sets")
