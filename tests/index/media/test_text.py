"""The words in files."""

from __future__ import annotations

import io
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.index.media.html import text_of_html
from holdfast.index.media.pdf import text_of_pdf
from holdfast.index.media.text import MOST_TEXT, has_text, read_text


def text_of(data, mime="text/plain", **options):
    return "".join(read_text(io.BytesIO(data), mime, **options))


@pytest.mark.parametrize(
    "data",
    [
        "Größe".encode(),
        "Größe".encode("latin-1"),
        b"\xef\xbb\xbf" + "Größe".encode(),
        b"\xff\xfe" + "Größe".encode("utf-16-le"),
        b"\xfe\xff" + "Größe".encode("utf-16-be"),
    ],
)
def test_text_is_read_however_it_is_written(data):
    assert text_of(data) == "Größe"


def test_letters_are_whole_where_pieces_meet():
    text = "x" + "ö日😀" * 50_000
    assert text_of(text.encode()) == text
    assert text_of(b"\xff\xfe" + text.encode("utf-16-le")) == text


def test_a_bad_byte_late_in_a_file_is_one_bad_letter():
    assert text_of(b"a" * 100_000 + b"\xff.") == "a" * 100_000 + "\ufffd."


def test_no_more_is_taken_than_is_wanted():
    assert text_of(b"a" * 100_000, most=70_000) == "a" * 70_000
    assert sum(map(len, read_text(io.BytesIO(b"a" * 3_000_000), ""))) == MOST_TEXT


def test_files_of_unknown_types_are_read_if_they_look_like_text():
    assert text_of(b"read me\n", "") == "read me\n"
    assert text_of(b"\x7fELF\0\1", "") == ""
    assert text_of(b"a\0b", "text/plain") == ""


@pytest.mark.parametrize(
    "mime", ["image/jpeg", "text/rtf1", "application/zip", "application/octet-stream"]
)
def test_other_types_have_no_text(mime):
    assert not has_text(mime)
    assert text_of(b"text", mime) == ""


PAGE = """<!DOCTYPE html><html><head><title>Tea &amp; cake</title>
<style>p { color: red }</style><SCRIPT>if (a<b) { "</p>" }</Script></head>
<body><!-- not <b>this</b> --><h1>Head<em>line</em></h1><p>One<br>two&nbsp;&lt;3</p>
<ul><li>a<li>b</ul>4 < 5</body></html>"""


def test_of_a_page_what_readers_see_is_taken():
    assert text_of(PAGE.encode(), "text/html").split("\n") == [
        "Tea & cake",
        "Headline",
        "One",
        "two <3",
        "a",
        "b",
        "4 < 5",
    ]


@pytest.mark.parametrize(
    "charset", ["iso-8859-1", "UTF-8", "windows-1252", "no-such", "zlib_codec"]
)
def test_a_page_says_how_it_is_written(charset):
    encoding = charset if charset.lower() in ("utf-8", "windows-1252") else "latin-1"
    page = f'<meta charset="{charset}"><p>Größe</p>'.encode(encoding)
    assert text_of(page, "text/html") == "Größe"


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", "<a ", "<script", "<script>", "</", "&#", "&", "<p", "<![CDATA[", '<a b="'],
)
def test_no_page_takes_long(piece):
    started = time.perf_counter()
    text_of_html(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - started < 5
    text_of_html("&#" + "9" * 1_000_000)


@given(st.text(alphabet=st.sampled_from("<>/!-ab &#;\"'scriptyle\n")))
def test_any_page_has_some_text(page):
    assert isinstance(text_of_html(page), str)


def pdf(*pages):
    """A PDF file with these texts, its cross-reference table left out, as from a broken writer."""
    kids = " ".join(f"{10 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        (1, b"<< /Type /Catalog /Pages 2 0 R >>"),
        (2, f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode()),
        (3, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"),
    ]
    for index, text in enumerate(pages):
        number = 10 + 2 * index
        drawn = b"BT /F1 12 Tf 72 720 Td (" + text + b") Tj ET"
        objects += [
            (
                number,
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
                b" /Resources << /Font << /F1 3 0 R >> >> >>" % (number + 1),
            ),
            (number + 1, b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn)),
        ]
    out, places = b"%PDF-1.4\n", {}
    for number, body in objects:
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    return out + b"trailer << /Root 1 0 R /Size 99 >>\nstartxref\n%d\n%%%%EOF" % start


def test_a_pdf_is_read_page_by_page():
    assert text_of(pdf(b"Hello there", b"Second page"), "application/pdf").split("\n") == [
        "Hello there",
        "Second page",
    ]
    assert text_of(pdf(b"Hello there"), "application/pdf", most=5) == "Hello"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4", b"%PDF-1.4\nstartxref\n0\n%%EOF", b"\0" * 1000])
def test_a_pdf_that_is_none_has_no_text(data):
    assert text_of(data, "application/pdf") == ""


def test_what_comes_before_the_break_of_a_pdf_is_kept():
    data = pdf(b"Hello there", b"Second page")
    at = data.index(b"13 0 obj")
    broken = data[:at] + data[at:].replace(b"/Length", b"/Lxngth").replace(b"BT", b"[[")
    assert text_of(broken, "application/pdf").startswith("Hello there")


def test_a_pdf_that_takes_long_is_given_up_and_what_it_said_so_far_is_kept():
    data = pdf(b"Hello there", b"Second page")
    at = data.rindex(b"ET")
    endless = data[:at] + b" (x) Tj" * 1_500_000 + data[at:]
    endless = endless.replace(b"/Length 45", b"/Length 10500045")
    started = time.perf_counter()
    assert text_of_pdf(io.BytesIO(endless), MOST_TEXT, seconds=2) == "Hello there"
    assert time.perf_counter() - started < 6


def test_a_pdf_may_not_take_much_memory():
    packed = zlib.compress(bytes(200_000_000), 1)
    data = pdf(b"Hello there", packed)
    at = data.rindex(b"BT /F1")
    head, tail = data[:at], data[at:]
    start = tail.index(packed)
    bomb = head[: head.rindex(b"<< /Length")] + (
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    )
    bomb += packed + tail[start + len(packed) + len(b") Tj ET") :]
    assert text_of(bomb, "application/pdf") == "Hello there"
