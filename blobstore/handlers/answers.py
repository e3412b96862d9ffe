"""The forms answers have in Perkeep's protocol: JSON, one line of text, a bare bad request."""

from __future__ import annotations

import json
import logging

import falcon
from falcon.asgi import Response

JSON_TYPE = "text/javascript"
"""Without a charset: real clients compare the whole header."""

TEXT_TYPE = "text/plain; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"

_log = logging.getLogger(__name__)


def json_text(value: object) -> bytes:
    """`value` as JSON, indented by two, without a final newline.

    `<`, `>` and `&` are escaped so that no browser can see a tag in it, whatever it takes it for.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def answer_json(
    resp: Response, value: object, *, status: int = 200, content_type: str = JSON_TYPE
) -> None:
    answer_bytes(resp, json_text(value) + b"\n", status=status, content_type=content_type)


def answer_text(resp: Response, text: str, *, status: int = 200) -> None:
    """One line of text, as it is."""
    answer_bytes(resp, text.encode("utf-8", "replace"), status=status, content_type=TEXT_TYPE)


def answer_bytes(
    resp: Response, data: bytes, *, status: int = 200, content_type: str = TEXT_TYPE
) -> None:
    resp.status = falcon.code_to_http_status(status)
    resp.content_type = content_type
    resp.set_header("x-content-type-options", "nosniff")
    resp.data = data


def bad_request(resp: Response, why: str) -> None:
    """400 as Perkeep gives it: the reason goes to the log."""
    _log.info("bad request: %s", why)
    answer_bytes(resp, b"<h1>Bad Request</h1>", status=400, content_type=HTML_TYPE)


def unauthorized(resp: Response) -> None:
    """401, with the challenge that makes browsers ask for a password."""
    resp.set_header("www-authenticate", 'Basic realm=""')
    answer_bytes(
        resp,
        b"<html><body><h1>Unauthorized</h1>",
        status=401,
        content_type=HTML_TYPE,
    )


def redirect(resp: Response, location: str) -> None:
    resp.set_header("location", location)
    answer_bytes(resp, b"", status=301)
