"""`/ui/qr/`: a text as a QR code, for phones to read off a screen."""

from __future__ import annotations

from io import BytesIO

import segno
from falcon.asgi import Request, Response

from ...blobstore.handlers.answers import answer_bytes, answer_text
from ...blobstore.handlers.form import query
from ...blobstore.handlers.service import BlobService
from ..sinks import only_reads

ROOT = "/ui/qr/"

_PIXELS = 8
"""Each side of one square of the code."""


class QrCodes:
    """Answers `/ui/qr/?url=TEXT`."""

    def __init__(self, service: BlobService) -> None:
        self._service = service

    async def answer(self, req: Request, resp: Response, _rest: str) -> None:
        if not only_reads(req, resp):
            return
        text = query(req).get("url", "")
        if not text:
            answer_text(resp, "No url parameter\n", status=400)
            return
        try:
            image = await self._service.read(_image, text)
        except segno.DataOverflowError:
            answer_text(resp, "that text is too long for a QR code\n", status=400)
            return
        answer_bytes(resp, image, content_type="image/png")
        # It may be the address of a share, which opens to whoever knows it.
        resp.set_header("cache-control", "no-store")


def _image(text: str) -> bytes:
    image = BytesIO()
    segno.make_qr(text).save(image, kind="png", scale=_PIXELS)
    return image.getvalue()
