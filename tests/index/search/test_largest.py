"""What takes most room, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.index.query.errors import BadQuery
from holdfast.index.search.largest import duplicates, largest

from .conftest import Library


def pages(ask: Callable[..., dict[str, object]], name: str, **asked: Any) -> Iterator[list[Any]]:
    after = ""
    while True:
        document: Any = ask(after=after, **asked)
        yield document[name]
        if "continue" not in document:
            return
        after = document["continue"]


def test_the_largest_files_come_first_each_with_its_folders(library: Library) -> None:
    small, large = library.file("small", b"x"), library.file("large", b"y" * 1000)
    folder = library.folder("docs", [large])
    assert largest(library.reader) == {
        "largest": [
            {
                "ref": large,
                "name": "large",
                "size": 1000,
                "folders": [{"ref": folder, "name": "docs"}],
            },
            {"ref": small, "name": "small", "size": 1, "folders": []},
        ]
    }


def test_folders_count_with_all_that_is_in_them(library: Library) -> None:
    files = [library.file(str(number), b"z" * number) for number in (10, 20)]
    inner = library.folder("inner", files)
    outer = library.folder("outer", [inner, files[0]])
    assert largest(library.reader, kind="directory")["largest"] == [
        {"ref": outer, "name": "outer", "size": 40, "files": 3, "folders": []},
        {
            "ref": inner,
            "name": "inner",
            "size": 30,
            "files": 2,
            "folders": [{"ref": outer, "name": "outer"}],
        },
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_hold_everything_once_in_order(limit: int, library: Library) -> None:
    refs = [library.file(str(number), b"z" * (number // 2)) for number in range(7)]
    reader = library.reader
    found = [
        item["ref"]
        for page in pages(lambda **asked: largest(reader, **asked), "largest", limit=limit)
        for item in page
    ]
    sizes = {ref: number // 2 for number, ref in enumerate(refs)}
    assert found == sorted(refs, key=lambda ref: (sizes[ref], ref), reverse=True)


def test_contents_come_first_whose_copies_waste_most(library: Library) -> None:
    often = {library.file(name, b"often"): name for name in "abcdefg"}
    large = {library.file(name, b"large" * 5): name for name in "hi"}
    library.file("once", b"once" * 1000)
    folder = library.folder("folder", large)

    def named(files: dict[Ref, str], folders: list[dict[str, str]]) -> list[dict[str, object]]:
        return [{"ref": ref, "name": files[ref], "folders": folders} for ref in sorted(files)]

    assert duplicates(library.reader) == {
        "duplicates": [
            {
                "whole": Ref.of(b"often"),
                "size": 5,
                "count": 7,
                "wasted": 30,
                "files": named(often, []),
            },
            {
                "whole": Ref.of(b"large" * 5),
                "size": 25,
                "count": 2,
                "wasted": 25,
                "files": named(large, [{"ref": folder, "name": "folder"}]),
            },
        ]
    }


def test_of_many_copies_the_first_are_named(library: Library) -> None:
    for number in range(12):
        library.file(str(number), b"the same")
    (found,) = duplicates(library.reader)["duplicates"]  # type: ignore[misc]  # a list
    assert found["count"] == 12
    assert len(found["files"]) == 10


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_duplicates_come_in_pages_too(limit: int, library: Library) -> None:
    contents = [bytes([number]) * size for number, size in enumerate((0, 5, 5, 5, 9, 20))]
    for content in contents:
        library.file("a", content)
        library.file("b", content)
    reader = library.reader
    found = [
        item["whole"]
        for page in pages(lambda **asked: duplicates(reader, **asked), "duplicates", limit=limit)
        for item in page
    ]
    expected = sorted(contents, key=lambda content: (-len(content), Ref.of(content)))
    assert found == [Ref.of(content) for content in expected]


def test_what_has_gone_is_no_copy_any_longer(library: Library) -> None:
    library.file("a", b"same")
    other = library.file("b", b"same")
    assert duplicates(library.reader)["duplicates"]
    library.hub.remove([other])
    assert duplicates(library.reader) == {"duplicates": []}


def test_nonsense_is_refused_with_a_remedy(library: Library) -> None:
    for token in ("x", "5", "5:nonsense", "-5:sha224-00"):
        for ask in (largest, duplicates):
            with pytest.raises(BadQuery, match="start again without one"):
                ask(library.reader, after=token)
    with pytest.raises(BadQuery, match="neither file nor directory"):
        largest(library.reader, kind="symlink")
