"""File names made harmless, told apart, and put into headers."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from holdfast.ui.filenames import MOST_BYTES, Names, disposition, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        (b"plain.txt", "plain.txt"),
        (b"", ""),
        ("Grüße 12:30.txt".encode(), "Grüße 12:30.txt"),
        (b"..", "__"),
        (b".", "_"),
        (b".. ", "___"),
        (b"../../etc/passwd", ".._.._etc_passwd"),
        (b"/etc/passwd", "_etc_passwd"),
        (b"C:evil.exe", "C_evil.exe"),
        (b"Subject: hello", "Subject: hello"),
        (b"..\\..\\evil", ".._.._evil"),
        (b"two\r\nlines\x00\x7f", "two__lines__"),
        ("photo\u202egpj.exe".encode(), "photo_gpj.exe"),
        (b"broken \xff name", "broken \ufffd name"),
        (b".hidden", ".hidden"),
    ],
)
def test_a_name_leads_nowhere_else(name: bytes, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_extension() -> None:
    for name in ("x" * 300 + ".jpeg", "ü" * 300 + ".jpeg", "x" * 10 + "." + "y" * 300):
        safe = safe_name(name)
        assert MOST_BYTES - 3 <= len(safe.encode()) <= MOST_BYTES
        assert safe.endswith(".jpeg") or safe.startswith("xxxxxxxxxx.y")


def test_each_name_is_taken_once() -> None:
    names = Names()
    taken = [names.take(name) for name in ("a.jpg", "a.jpg", "a (2).jpg", "a.jpg", "b", "b")]
    assert taken == ["a.jpg", "a (2).jpg", "a (2) (2).jpg", "a (3).jpg", "b", "b (2)"]
    assert names.take("v1.5", is_folder=True) == "v1.5"
    assert names.take("v1.5", is_folder=True) == "v1.5 (2)"
    assert names.take(".profile") == ".profile"
    assert names.take(".profile") == ".profile (2)"
    long = "x" * 255
    assert names.take(long) == long
    assert len(names.take(long)) == 255


def test_no_name_leads_through_a_link_where_cases_are_alike() -> None:
    names = Names()
    assert names.take("Makefile") == "Makefile"
    assert names.take("makefile") == "makefile"
    assert names.take("Link", is_link=True) == "Link"
    assert names.take("lINK", is_folder=True) == "lINK (2)"
    assert names.take("link.") == "link. (2)"
    assert names.take("e\u0301", is_link=True) == "e\u0301"
    assert names.take("\u00c9") == "\u00c9 (2)"


@pytest.mark.parametrize(
    "name",
    [
        'say "hi".txt',
        "back\\slash",
        "100%41.txt",
        "Grüße.txt",
        "a;b=c.txt",
        "日本語.jpg",
        "it's (1)*",
    ],
)
def test_a_header_says_every_name(name: str) -> None:
    value = disposition("attachment", name)
    assert value.isascii()
    assert re.fullmatch(r"attachment; filename=\"[^\"\\%]+\"(; filename\*=UTF-8''\S+)?", value)
    _, found, extended = value.partition("filename*=UTF-8''")
    if found:
        assert unquote(extended) == name
        assert not set(extended) & set("\"'()*;, ")
    else:
        assert f'filename="{name}"' in value
