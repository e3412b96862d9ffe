"""How the server is: for machines, for people, and for whoever only asks whether it lives."""

from __future__ import annotations

from typing import Any

from falcon import HTTPNotFound
from falcon.asgi import App, Request, Response

from ..blobstore.handlers.answers import answer_text
from .services import Services


def add_status(app: App[Any, Any], services: Services) -> None:
    async def health(req: Request, resp: Response | None, **_: Any) -> None:
        if resp is None:
            raise HTTPNotFound
        answer_text(resp, "ok\n")

    app.add_sink(health, r"/healthz\Z")
