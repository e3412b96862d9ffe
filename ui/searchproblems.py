"""Errors of searches as JSON: what a caller did wrong, and where."""

from __future__ import annotations

from http import HTTPStatus

from ..blobstore.handlers.problems import public_text, report, status_of
from ..index.query.errors import BadExpression, BadQuery
from ..index.search.errors import IndexBehind

RETRY_SECONDS = 5
"""What callers are told to wait while the index is catching up."""


def problem(error: Exception) -> tuple[int, dict[str, object]]:
    """The status and the document that tell of an error; if it is ours, the log is told too.

    The shape is the reference's. Of a bad query it also says where in it the error is, `path` or
    `position`, `start` and `token`, as `BadQuery` and `BadExpression` have them.
    """
    if isinstance(error, IndexBehind):
        return 503, _document(503, str(error))
    status = status_of(error)
    if status >= 500:
        report(error)
    document = _document(status, public_text(error))
    if isinstance(error, BadExpression):
        document["position"] = error.position
        document["start"] = error.start
        document["token"] = error.token
    elif isinstance(error, BadQuery) and error.path:
        document["path"] = error.path
    return status, document


def _document(status: int, text: str) -> dict[str, object]:
    return {"error": text, "errorType": HTTPStatus(status).phrase}
