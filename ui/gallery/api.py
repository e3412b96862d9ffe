"""The calls of the pages, below `/ui/api/`: the one table of them, and how each is answered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from falcon import HTTPError
from falcon.asgi import App, Request, Response

from ...blobstore.errors import Blame, HoldfastError
from ...blobstore.handlers import rights
from ...blobstore.handlers.answers import answer_bytes
from ...blobstore.handlers.auth import TooManyFailures, peer_of
from ...blobstore.handlers.problems import ClientGone, public_text, report, status_of
from ...blobstore.handlers.service import BlobService
from ...index.query.errors import BadExpression, BadQuery
from ...index.search.errors import IndexBehind
from ...schema.names import without_surrogates
from ..services import Services
from ..sinks import add_sink

ROOT = "/ui/api/"

JSON_TYPE = "application/json"

RETRY_SECONDS = 5
"""What callers are told to wait while the index is catching up."""

Document: TypeAlias = Mapping[str, object]

Handler: TypeAlias = Callable[[Request, Response, str], Awaitable[None]]
"""Answers one call, as a rule by `answer_document`, or raises. The text is what follows the call's
name in the path (`ID` of `upload/ID`), else empty."""


class Refused(HoldfastError):
    """What a call will not do: with a status, what the caller may do about it, and any more that
    the answer is to hold."""

    blame = Blame.CALLER

    def __init__(
        self, text: str, *, status: int = 400, remedy: str = "", more: Document | None = None
    ) -> None:
        self.status, self.remedy = status, remedy
        self.more: Document = {} if more is None else more
        super().__init__(text)


class Api:
    """Which calls there are. Rooms add theirs before the first request comes."""

    def __init__(self, services: Services, demand: Callable[[Request], None]) -> None:
        """`demand` is asked of each request that may change something; it raises what refuses it:
        a `Refused`, or an error of falcon's."""
        self._auth = services.auth
        self._demand = demand
        self._calls: dict[str, dict[str, Handler]] = {}

    def add(self, method: str, name: str, handler: Handler) -> None:
        """Have `handler` answer `/ui/api/NAME`, and all below it that has no name of its own.

        A handler of GET answers HEAD too. Names may hold slashes.
        """
        methods = self._calls.setdefault(name, {})
        assert method not in methods
        methods[method] = handler

    async def answer(self, req: Request, resp: Response, path: str) -> None:
        """Answer a request, with JSON in any case."""
        resp.set_header("cache-control", "no-store")
        try:
            await self._answer(req, resp, path)
        except ClientGone:
            raise
        except Exception as error:  # whatever it is, pages expect JSON
            answer_problem(resp, error)

    async def _answer(self, req: Request, resp: Response, path: str) -> None:
        if not rights.allows(self._auth.rights_of(req.scope), rights.ALL):
            # A challenge that browsers know would have them ask for a password themselves.
            resp.set_header("www-authenticate", "Session")
            raise Refused("you are signed out", status=401, remedy="sign in again")
        name, rest = path, ""
        if name not in self._calls:
            name, _, rest = path.partition("/")
        methods = self._calls.get(name)
        if methods is None:
            raise Refused("there is no such call", status=404)
        handler = methods.get("GET" if req.method == "HEAD" else req.method)
        if handler is None:
            resp.set_header("allow", ", ".join(sorted(methods)))
            raise Refused(f"{name} takes only {' or '.join(sorted(methods))}", status=405)
        if req.method not in ("GET", "HEAD"):
            self._demand(req)
        await handler(req, resp, rest)


def add_api(app: App[Any, Any], api: Api) -> None:
    """Let `app` answer everything below `/ui/api/`."""
    add_sink(app, rf"{ROOT}(?P<rest>.*)\Z", api.answer)


def answer_document(resp: Response, document: Document, *, status: int = 200) -> None:
    """Answer with a document that JSON can hold."""
    answer_bytes(resp, document_bytes(document), status=status, content_type=JSON_TYPE)


def document_bytes(document: Document) -> bytes:
    """A document as compact JSON in which no browser can see a tag."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return without_surrogates(text).encode()


async def read_document(req: Request, blobs: BlobService, *, most: int) -> dict[str, Any]:
    """The object that is the body of a request, of at most `most` bytes. Raises `Refused`."""
    with blobs.memory.lease(peer_of(req.scope).abort) as lease:
        body = bytearray()
        async for piece in req.stream:
            await lease.grow(len(piece))
            body += piece
            if len(body) > most:
                raise Refused(f"the body may have {most} bytes", status=413, remedy="ask for less")
        try:
            value = json.loads(bytes(body), parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Refused("the body is no JSON") from None
    if not isinstance(value, dict):
        raise Refused("the body is no JSON object")
    return value


def _no_number(text: str) -> float:
    raise ValueError(text)


def answer_problem(resp: Response, error: Exception) -> None:
    """Answer with what went wrong; the log is told too if it is our doing."""
    status, document = problem(error)
    answer_document(resp, document, status=status)
    if isinstance(error, TooManyFailures):
        resp.set_header("retry-after", str(error.wait))
    elif status == 503:
        resp.set_header("retry-after", str(RETRY_SECONDS))
    elif isinstance(error, HTTPError):
        for name, value in dict(error.headers or {}).items():
            resp.set_header(name, value)


def problem(error: Exception) -> tuple[int, dict[str, object]]:
    """The status and the document that tell of an error: `error`, and what else is known.

    `position` is where in the search expression it is, in UTF-16 units, as scripts count.
    """
    match error:
        case Refused():
            remedy = {"remedy": error.remedy} if error.remedy else {}
            return error.status, {"error": str(error), **remedy, **error.more}
        case IndexBehind():
            return 503, {"error": "the index is catching up", "remedy": "try again in a moment"}
        case HTTPError():
            return error.status_code, {"error": error.description or error.title}
        case BadExpression():
            before = error.expression[: error.start]
            return 400, {"error": error.problem, "position": utf16_length(before)}
        case BadQuery():
            return 400, {"error": error.why}
    status = status_of(error)
    if status >= 500:
        report(error)
    return status, {"error": public_text(error)}


def utf16_length(text: str) -> int:
    """How long a text is for a script."""
    return len(text) + sum(character > "\uffff" for character in text)
