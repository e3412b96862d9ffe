"""Forgetting blobs, where the server is set up to do so."""

from __future__ import annotations

from falcon.asgi import Request, Response

from ..errors import BadRef
from .answers import answer_json, bad_request
from .form import BadForm, numbered_refs, read_form
from .service import BlobService


async def remove_blobs(service: BlobService, req: Request, resp: Response) -> None:
    """Answer `POST camli/remove`."""
    try:
        refs = numbered_refs(await read_form(req))
    except (BadForm, BadRef) as error:
        bad_request(resp, str(error))
        return
    if not service.allow_remove:
        why = "this server does not remove blobs; server.allow_remove turns it on"
        answer_json(resp, {"removed": None, "error": why}, status=403)
        return
    await service.write(service.hub.remove, refs)
    answer_json(resp, {"removed": refs, "error": ""})
