"""MIME types: by how contents begin, and otherwise by the name's extension."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

HEAD_SIZE = 1024
"""How many bytes of a file decide."""


class _Rule(NamedTuple):
    offset: int
    begins: bytes
    mime: str


# What the reference takes for something else: an .m4a for a video, other HEIF files for nothing.
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"mif1": "image/heic",
}

# The reference's own table, in its order: the first rule that fits decides. A rule fits only if
# there are more bytes than it looks at.
_TABLE = (
    _Rule(0, b"GIF87a", "image/gif"),
    _Rule(0, b"GIF89a", "image/gif"),
    _Rule(0, b"\xff\xd8\xff\xe2", "image/jpeg"),
    _Rule(0, b"\xff\xd8\xff\xe1", "image/jpeg"),
    _Rule(0, b"\xff\xd8\xff\xe0", "image/jpeg"),
    _Rule(0, b"\xff\xd8\xff\xdb", "image/jpeg"),
    _Rule(0, b"II*\x00\x10\x00\x00\x00CR\x02", "image/cr2"),
    _Rule(0, b"\x89PNG\r\n\x1a\n", "image/png"),
    _Rule(0, b"I I", "image/tiff"),
    _Rule(0, b"II*\x00", "image/tiff"),
    _Rule(0, b"MM\x00*", "image/tiff"),
    _Rule(0, b"MM\x00+", "image/tiff"),
    _Rule(0, b"8BPS", "image/vnd.adobe.photoshop"),
    _Rule(0, b"gimp xcf ", "image/x-xcf"),
    _Rule(0, b"-----BEGIN PGP PUBLIC KEY BLOCK---", "text/x-openpgp-public-key"),
    _Rule(0, b"fLaC\x00\x00\x00", "audio/x-flac"),
    _Rule(0, b"ID3", "audio/mpeg"),
    _Rule(0, b"\x00\x00\x01\xb7", "video/mpeg"),
    _Rule(0, b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
    _Rule(0, b"\x00n\x1e\xf0", "application/vnd.ms-powerpoint"),
    _Rule(0, b"\x1aE\xdf\xa3", "video/webm"),
    _Rule(0, b"FLV\x01", "application/vnd.adobe.flash.video"),
    _Rule(0, b"\x1f\x8b\x08", "application/x-gzip"),
    _Rule(0, b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    _Rule(0, b"BZh", "application/x-bzip2"),
    _Rule(0, b"\xfd7zXZ\x00", "application/x-xz"),
    _Rule(0, b"PK\x03\x04\n\x00\x02\x00", "application/epub+zip"),
    _Rule(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/vnd.ms-word"),
    _Rule(
        0,
        b"PK\x03\x04\n\x00\x14\x00\x06\x00",
        "application/vnd.openxmlformats-officedocument.custom-properties+xml",
    ),
    _Rule(0, b"PK\x03\x04", "application/zip"),
    _Rule(0, b"%PDF", "application/pdf"),
    _Rule(0, b"{rtf", "text/rtf1"),
    _Rule(0, b"BEGIN:VCARD\r\n", "text/vcard"),
    _Rule(0, b"Return-Path: ", "message/rfc822"),
    _Rule(4, b"moov", "video/quicktime"),
    _Rule(4, b"mdat", "video/quicktime"),
    _Rule(8, b"isom", "video/mp4"),
    _Rule(8, b"mp41", "video/mp4"),
    _Rule(8, b"mp42", "video/mp4"),
    _Rule(8, b"mmp4", "video/mp4"),
    _Rule(8, b"3ge", "video/3gpp"),
    _Rule(8, b"3gg", "video/3gpp"),
    _Rule(8, b"3gp", "video/3gpp"),
    _Rule(8, b"3gs", "video/3gpp"),
    _Rule(8, b"3g2", "video/3gpp2"),
    _Rule(8, b"avc1", "video/3gpp"),
    _Rule(0, b"MThd", "audio/midi"),
    _Rule(0, b".RMF\x00\x00\x00", "application/vnd.rn-realmedia"),
    _Rule(0, b"MAC ", "audio/ape"),
    _Rule(0, b"MP+", "audio/musepack"),
    _Rule(0, b"II\x1a\x00\x00\x00HEAPCCDR", "image/x-canon-crw"),
    _Rule(0, b"MMOR", "image/x-olympus-orf"),
    _Rule(0, b"IIRO", "image/x-olympus-orf"),
    _Rule(0, b"IIRS", "image/x-olympus-orf"),
    _Rule(12, b"DJVM", "image/vnd.djvu"),
    _Rule(12, b"DJVU", "image/vnd.djvu"),
    _Rule(12, b"DJVI", "image/vnd.djvu"),
    _Rule(12, b"THUM", "image/vnd.djvu"),
    _Rule(8, b"WAVE", "audio/x-wav"),
    _Rule(8, b"AVI ", "video/x-msvideo"),
    _Rule(0, b"OggS", "application/ogg"),
    _Rule(8, b"AIFF", "audio/x-aiff"),
    _Rule(8, b"AIFC", "audio/x-aiff"),
    _Rule(8, b"8SVX", "audio/x-aiff"),
    _Rule(0, b"\x00\x01\x00\x00\x00", "application/x-font-ttf"),
    _Rule(0, b"d8:announce", "application/x-bittorrent"),
)

_SVG = re.compile(rb"[ \t\r\n]*(?:<svg|<\?xml.*?<svg)", re.DOTALL)

# https://mimesniff.spec.whatwg.org/, as far as Go's standard library goes with it.
_HTML = re.compile(
    rb"[\t\n\f\r ]*(?:<!doctype html|<html|<head|<script|<iframe|<h1|<div|<font|<table|<a|<style"
    rb"|<title|<b|<body|<br|<p|<!--)[ >]",
    re.IGNORECASE,
)
_XML = re.compile(rb"[\t\n\f\r ]*<\?xml")
_STANDARD = tuple(
    (re.compile(pattern, re.DOTALL), mime)
    for pattern, mime in (
        (rb"%PDF-", "application/pdf"),
        (rb"%!PS-Adobe-", "application/postscript"),
        (rb"\xfe\xff..", "text/plain; charset=utf-16be"),
        (rb"\xff\xfe..", "text/plain; charset=utf-16le"),
        (rb"\xef\xbb\xbf.", ""),
        (rb"\x00\x00[\x01\x02]\x00", "image/x-icon"),
        (rb"BM", "image/bmp"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF....WEBPVP", "image/webp"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"FORM....AIFF", "audio/aiff"),
        (rb"ID3", "audio/mpeg"),
        (rb"OggS\x00", "application/ogg"),
        (rb"MThd\x00\x00\x00\x06", "audio/midi"),
        (rb"RIFF....AVI ", "video/avi"),
        (rb"RIFF....WAVE", "audio/wave"),
    )
)
_STANDARD_TAIL = tuple(
    (re.compile(pattern, re.DOTALL), mime)
    for pattern, mime in (
        (rb"\x1aE\xdf\xa3", "video/webm"),
        (rb".{34}LP", "application/vnd.ms-fontobject"),
        (rb"\x00\x01\x00\x00", "font/ttf"),
        (rb"OTTO", "font/otf"),
        (rb"ttcf", "font/collection"),
        (rb"wOFF", "font/woff"),
        (rb"wOF2", "font/woff2"),
        (rb"\x1f\x8b\x08", "application/x-gzip"),
        (rb"PK\x03\x04", "application/zip"),
        (rb"Rar!\x1a\x07(?:\x00|\x01\x00)", "application/x-rar-compressed"),
        (rb"\x00asm", "application/wasm"),
    )
)

_EXTENSIONS = {
    extension: mime
    for mime, extensions in {
        "application/epub+zip": "epub",
        "application/gzip": "gz",
        "text/javascript": "js mjs",
        "application/json": "json",
        "application/msword": "doc",
        "application/ogg": "ogx",
        "application/pdf": "pdf",
        "application/rtf": "rtf",
        "application/vnd.ms-excel": "xls",
        "application/vnd.ms-powerpoint": "ppt",
        "application/vnd.oasis.opendocument.presentation": "odp",
        "application/vnd.oasis.opendocument.spreadsheet": "ods",
        "application/vnd.oasis.opendocument.text": "odt",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "application/x-shellscript": "sh",
        "application/x-tar": "tar",
        "application/xml": "xml",
        "application/yaml": "yaml yml",
        "application/zip": "zip",
        "audio/aac": "aac",
        "audio/flac": "flac",
        "audio/midi": "mid midi",
        "audio/mp4": "m4a m4b",
        "audio/mpeg": "mp3 mp2",
        "audio/ogg": "oga ogg opus spx",
        "audio/x-wav": "wav",
        "image/avif": "avif",
        "image/bmp": "bmp",
        "image/gif": "gif",
        "image/heic": "heic heif",
        "image/jpeg": "jpg jpeg jpe jfif",
        "image/png": "png",
        "image/svg+xml": "svg",
        "image/tiff": "tif tiff",
        "image/webp": "webp",
        "image/x-adobe-dng": "dng",
        "image/x-icon": "ico",
        "message/rfc822": "eml",
        "text/calendar": "ics",
        "text/css": "css",
        "text/csv": "csv",
        "text/html": "html htm",
        "text/markdown": "md markdown",
        "text/plain": "txt text log conf",
        "text/tab-separated-values": "tsv",
        "text/vcard": "vcf",
        "text/x-c": "c h",
        "text/x-go": "go",
        "text/x-java": "java",
        "text/x-python": "py",
        "text/x-tex": "tex",
        "video/3gpp": "3gp",
        "video/mp2t": "m2ts mts",
        "video/mp4": "mp4 m4v",
        "video/mpeg": "mpeg mpg",
        "video/quicktime": "mov qt",
        "video/webm": "webm",
        "video/x-matroska": "mkv",
        "video/x-ms-wmv": "wmv",
        "video/x-msvideo": "avi",
    }.items()
    for extension in extensions.split()
}


def mime_type(head: bytes, name: str = "") -> str:
    """The type of a file that begins with `head`, or "" if neither that nor its name tells.

    Depends on nothing but its arguments. Answers "" for bytes that look like text, as the
    reference does, so that the name can say which text.
    """
    return sniff(head[:HEAD_SIZE]) or by_extension(name)


def by_extension(name: str) -> str:
    """What a name's extension says, in any case, from the table that is here alone."""
    return _EXTENSIONS.get(PurePosixPath(name).suffix[1:].lower(), "")


def sniff(head: bytes) -> str:
    """The type that the first bytes of contents show, or ""."""
    if head[4:8] == b"ftyp" and (brand := _BRANDS.get(head[8:12])):
        return brand
    for offset, begins, mime in _TABLE:
        if head.startswith(begins, offset) and len(head) > offset + len(begins):
            return mime
    return "image/svg+xml" if _SVG.match(head) else _standard(head[:512])


def _standard(head: bytes) -> str:
    if _HTML.match(head):
        return "text/html"
    if _XML.match(head):
        return "text/xml"
    for pattern, mime in _STANDARD:
        if pattern.match(head):
            return mime
    if _is_mp4(head):
        return "video/mp4"
    return next((mime for pattern, mime in _STANDARD_TAIL if pattern.match(head)), "")


def _is_mp4(head: bytes) -> bool:
    """Whether one of the brands in the first box begins with `mp4`."""
    size = int.from_bytes(head[:4], "big")
    if len(head) < max(12, size) or size % 4 or head[4:8] != b"ftyp":
        return False
    return any(head[at : at + 3] == b"mp4" for at in range(8, size, 4) if at != 12)
