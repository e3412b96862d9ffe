"""`/ui/importshare`: copies of what others share, begun and looked after."""

from __future__ import annotations

from falcon.asgi import Request, Response

from ...blobstore.handlers.answers import answer_json, answer_text
from ...blobstore.handlers.form import read_form
from ..login.csrf import FIELD, demand_csrf
from ..services import Services
from .importing import Source
from .imports import ImportRunning, Imports

ROOT = "/ui/importshare"


class ImportShare:
    """Answers `/ui/importshare`."""

    def __init__(self, services: Services, imports: Imports) -> None:
        self._services = services
        self._imports = imports

    async def answer(self, req: Request, resp: Response, _rest: str) -> None:
        if req.method in ("GET", "HEAD"):
            answer_json(resp, self._imports.document())
            resp.set_header("cache-control", "no-store")
        elif req.method != "POST":
            answer_text(resp, "Not a POST\n", status=400)
        else:
            form = await read_form(req)
            demand_csrf(self._services, req, field=form.get(FIELD, ""))
            url = form.get("shareurl", "")
            if not url:
                answer_text(resp, "No shareurl parameter\n", status=400)
                return
            try:
                self._imports.begin(Source.parse(url))
            except ImportRunning as error:
                answer_text(resp, f"{error}\n", status=503)
                return
            answer_text(resp, "")
