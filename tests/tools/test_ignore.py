from __future__ import annotations

import pytest

from holdfast.tools.ignore import Rules, configured


@pytest.mark.parametrize(
    ("pattern", "path", "is_ignored"),
    [
        (".DS_Store", "/a/.DS_Store", True),
        (".DS_Store", "/a/x.DS_Store", False),
        ("*.o", "/a/b.o", True),
        ("*.o", "/a/b.oo", False),
        ("[ab].c", "/x/b.c", True),
        ("[^ab].c", "/x/b.c", False),
        ("[^ab].c", "/x/c.c", True),
        ("?.c", "/x/ab.c", False),
        ("[unclosed", "/x/[unclosed", True),
        ("/a/*/c", "/a/b/c", True),
        ("/a/*/c", "/a/b/d/c", False),
        ("/a/b", "/a/b", True),
        ("/a/b", "/x/a/b", False),
        ("a/b", "/x/a/b", True),
        ("a/b", "/x/aa/b", False),
        ("~/secret", "/people/me/secret", True),
        ("~/secret", "/people/you/secret", False),
    ],
)
def test_configured_patterns_mean_what_they_mean_to_perkeep(
    pattern: str, path: str, is_ignored: bool
) -> None:
    raw = path.encode()
    assert configured([pattern], home="/people/me")(raw, raw.rpartition(b"/")[2]) is is_ignored


def test_names_that_are_no_text_match_by_their_bytes() -> None:
    assert configured(["*.o"])(b"/a/\xff\xfe.o", b"\xff\xfe.o")
    assert Rules().with_lines(["*.o"], base=3).leave_out(b"/a/\xff.o", is_folder=False)


def test_ignore_files_may_have_ten_thousand_patterns() -> None:
    rules = Rules().with_lines([f"{number}*.o" for number in range(10_000)], base=3)
    assert rules.leave_out(b"/a/9999x.o", is_folder=False)
    assert not rules.leave_out(b"/a/x.o", is_folder=False)


def test_rules_are_those_of_gitignore() -> None:
    rules = Rules().with_lines(["*.o", "!keep.o", "build/", "/top", "# no", "a/**/z"], base=6)

    def leaves_out(path: str, *, is_folder: bool = False) -> bool:
        return rules.leave_out(b"/tree/" + path.encode(), is_folder=is_folder)

    assert leaves_out("x.o")
    assert leaves_out("deep/x.o")
    assert not leaves_out("keep.o")
    assert leaves_out("build", is_folder=True)
    assert not leaves_out("build")
    assert leaves_out("top")
    assert not leaves_out("deep/top")
    assert leaves_out("a/b/c/z")
    assert not leaves_out("# no")


def test_inner_rules_win_over_outer_ones() -> None:
    rules = Rules().with_lines(["*.o"], base=6).with_lines(["!mine.o"], base=10)
    assert not rules.leave_out(b"/tree/sub/mine.o", is_folder=False)
    assert rules.leave_out(b"/tree/sub/other.o", is_folder=False)
