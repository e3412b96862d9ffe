"""Counting: an answer with contents is a download, of which a share may allow only so many."""

from __future__ import annotations

from falcon.asgi import Request, Response

from .door import Door, Visit


async def count_answer(
    door: Door, visit: Visit, req: Request, resp: Response, *, file: str = ""
) -> bool:
    """Count what `resp` is about to send, before its first byte; False if it may not be sent.

    Then nothing of the answer is left. `file` names what may be gone on with. Raises as
    `Door.begin_download`, and nothing is sent either.
    """
    if req.method == "HEAD" or resp.stream is None:
        return True
    is_part = "content-range" in resp.headers
    may = False
    try:
        may = await door.begin_download(visit, file, is_part=is_part)
    finally:
        if not may:
            clear(resp)
    return may


def clear(resp: Response) -> None:
    """Take back all that was to be answered."""
    resp.stream = None
    for name in list(resp.headers):
        resp.delete_header(name)
