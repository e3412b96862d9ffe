"""The words in files: of text, Markdown, HTML and PDF, to be found by."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from .html import text_of_html
from .pdf import text_of_pdf
from .view import BinaryReader

MOST_TEXT = 1_000_000
"""Characters that are taken of any file: a book of five hundred pages."""

_PIECE = 64 * 1024
_MOST_HTML = 4 * 1024 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TEXTS = frozenset(
    {
        "application/json",
        "application/pdf",
        "application/x-shellscript",
        "application/xml",
        "application/yaml",
        "message/rfc822",
    }
)
_MARKUP = "text/rtf1"
# Bytes that no text has, by https://mimesniff.spec.whatwg.org/#binary-data-byte
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")

# Only these: the standard library has codecs that decompress, and some that are slow.
_CHARSETS = {
    "big5": "big5",
    "euc-jp": "euc_jp",
    "euc-kr": "euc_kr",
    "gb18030": "gb18030",
    "gb2312": "gbk",
    "gbk": "gbk",
    "iso-8859-1": "cp1252",
    "iso-8859-15": "iso8859_15",
    "iso-8859-2": "iso8859_2",
    "koi8-r": "koi8_r",
    "shift_jis": "shift_jis",
    "utf-8": "utf-8",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
}
_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_-]{1,20})""", re.IGNORECASE
)


def has_text(mime: str) -> bool:
    """Whether `read_text` looks into files of a type; of files of no known type it looks."""
    kind = mime.partition(";")[0]
    return not kind or (kind.startswith("text/") and kind != _MARKUP) or kind in _TEXTS


def read_text(reader: BinaryReader, mime: str, *, most: int = MOST_TEXT) -> Iterator[str]:
    """The text of a file in pieces, none of them empty, at most `most` characters in all.

    A file of type "" is read if it begins like text. Words may be cut where pieces end; no
    markup is left of HTML, all of it in other texts. Raises what reading raises.
    """
    if not has_text(mime):
        return
    if mime == "application/pdf":
        pieces = iter((text_of_pdf(reader, most),))
    else:
        pieces = _plain(reader, is_page=mime == "text/html")
        if mime == "text/html":
            pieces = iter((text_of_html("".join(pieces)),))
    for piece in pieces:
        if piece := piece[:most]:
            most -= len(piece)
            yield piece
        if most <= 0:
            return


def _plain(reader: BinaryReader, *, is_page: bool) -> Iterator[str]:
    """The characters of a text file, by its mark, by what a page says, as UTF-8 or as Latin-1."""
    reader.seek(0)
    piece = reader.read(_PIECE)
    encoding, mark = _encoding(piece, is_page=is_page)
    if not mark and _BINARY.search(piece):
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    piece = piece[mark:]
    left = _MOST_HTML if is_page else None
    while piece:
        yield decoder.decode(piece)
        if left is not None:
            left -= len(piece)
            if left <= 0:
                return
        piece = reader.read(_PIECE)
    yield decoder.decode(b"", final=True)


def _encoding(head: bytes, *, is_page: bool) -> tuple[str, int]:
    """How a text is written, and how many bytes of mark it begins with."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    said = _CHARSET.search(head[:2048]) if is_page else None
    if said and (charset := _CHARSETS.get(said[1].decode("ascii").lower())):
        return charset, 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1", 0
    return "utf-8", 0
