"""How the server is: for machines, for people, and for whoever only asks whether it lives."""

from __future__ import annotations

import platform
import sys
from typing import Any, TypeAlias

from falcon.asgi import App, Request, Response

from ..blobstore.errors import HoldfastError
from ..blobstore.handlers.answers import answer_json, answer_text
from ..blobstore.handlers.form import query
from ..blobstore.handlers.origin import is_https
from ..blobstore.handlers.problems import public_text, report
from ..blobstore.handlers.routes import ROOTS
from ..blobstore.storage import HasGeneration, capability
from ..index.status import MOST_COUNTED, IndexStatus
from .discovery import rfc3339
from .login.frame import answer_own_page
from .services import Services
from .sinks import add_sink, only_reads

Rows: TypeAlias = list[tuple[str, str]]

_FLICKERING = frozenset(("bytesInFlight", "searches"))
"""What changes with every request."""


def add_status(app: App[Any, Any], services: Services) -> None:
    """Let `app` answer `/healthz`, `/status/` and `/help/`."""

    async def health(_req: Request, resp: Response, _rest: str) -> None:
        answer_text(resp, "ok\n")
        resp.set_header("cache-control", "no-store")

    async def status(req: Request, resp: Response, page: str) -> None:
        if only_reads(req, resp):
            await answer_status(services, req, resp, page)

    async def help_(req: Request, resp: Response, page: str) -> None:
        if only_reads(req, resp):
            answer_help(services, req, resp, page)

    add_sink(app, r"/healthz\Z", health)
    add_sink(app, r"/status/(?P<rest>.*)\Z", status, auth=services.auth)
    add_sink(app, r"/help/(?P<rest>.*)\Z", help_, auth=services.auth)


async def answer_status(services: Services, req: Request, resp: Response, page: str) -> None:
    if page == "status.json":
        answer_json(resp, await status_document(services))
    elif page == "":
        answer_own_page(services, req, resp, "status.html", tables=await _tables(services))
    else:
        answer_text(resp, "Illegal status path.\n", status=404)


async def _tables(services: Services) -> list[tuple[str, Rows | str]]:
    """What the page shows: headings, and what is below each; for a problem that is a text."""
    tables: list[tuple[str, Rows | str]] = [("", _facts(services))]
    match await _index_state(services):
        case IndexStatus() as state:
            tables.append(("Index", _index_facts(state)))
            if rows := _not_indexed(state):
                tables.append(("Not indexed", rows))
        case HoldfastError() as error:
            tables.append(("Index", public_text(error)))
    return tables


async def status_document(services: Services) -> dict[str, object]:
    """What `status.json` says, in the shape of Perkeep's, and some more of our own."""
    primary, *others = ROOTS
    kind = services.storage_kind
    memory = services.blobs.memory
    own: dict[str, object] = {
        "protocol": 1,
        "epoch": services.blobs.epoch,
        "started": rfc3339(services.started),
        "bytesInFlight": memory.used,
        "bytesInFlightLimit": memory.limit,
    }
    match await _index_state(services):
        case IndexStatus() as state:
            own["index"] = _index_document(state)
        case HoldfastError() as error:
            own["index"] = {"complete": False, "error": public_text(error)}
    if services.searches is not None:
        own["searches"] = {
            "waiting": services.searches.waiting,
            "answered": services.searches.answered,
            "standing": services.searches.standing,
            "standingRuns": services.searches.standing_runs,
        }
    return {
        "version": services.version,
        "goInfo": f"python{platform.python_version()} {sys.platform}/{platform.machine()}",
        "sync": {},
        "storage": {
            primary: {"primary": True, "type": kind},
            **{root: {"type": kind} for root in others},
        },
        "importerAccounts": None,
        "holdfast": own,
    }


def without_what_flickers(document: dict[str, object]) -> object:
    """A status as far as it is news when it changes."""
    own = document["holdfast"]
    assert isinstance(own, dict)
    kept = {name: value for name, value in own.items() if name not in _FLICKERING}
    return {**document, "holdfast": kept}


async def _index_state(services: Services) -> IndexStatus | HoldfastError | None:
    """How the index is doing, or why that cannot be told: when it has failed people look here."""
    if services.index is None:
        return None
    try:
        return await services.blobs.read(services.index.status)
    except HoldfastError as error:
        report(error)
        return error


def _index_document(state: IndexStatus) -> dict[str, object]:
    return {
        "complete": state.is_complete,
        "trouble": state.trouble,
        "unread": state.unread,
        "waiting": state.waiting,
        "refused": state.refused,
        "countedUpTo": MOST_COUNTED,
        "someWaiting": [{"blob": blob, "needs": ref} for blob, ref in state.some_waiting],
        "someRefused": [{"blob": blob, "reason": why} for blob, why in state.some_refused],
    }


def _index_facts(state: IndexStatus) -> Rows:
    return [
        ("State", _said(state)),
        ("Still to be read", _count(state.unread)),
        ("Waiting for others", _count(state.waiting)),
        ("Refused", _count(state.refused)),
    ]


def _said(state: IndexStatus) -> str:
    if state.trouble:
        return f"cannot be written: {state.trouble}; it is tried again when there is room"
    return "complete" if state.is_complete else "catching up with the store"


def _not_indexed(state: IndexStatus) -> Rows:
    """Some of the blobs that searches do not find, and why."""
    waiting = [(ref, f"waits for {needed}") for ref, needed in state.some_waiting]
    return [*state.some_refused, *waiting]


def _count(number: int) -> str:
    return f"{number:,}" if number < MOST_COUNTED else f"{MOST_COUNTED:,} or more"


def _facts(services: Services) -> Rows:
    able = capability(services.blobs.hub.storage, HasGeneration)
    up = int((services.clock() - services.started).total_seconds())
    hours, minutes = divmod(up // 60, 60)
    return [
        ("Version", services.version),
        ("Storage", services.storage_kind),
        ("Store's generation", able.generation().token if able else "none"),
        ("Owner", services.owner_name),
        ("Authentication", services.auth.kind),
        ("Removing blobs", "allowed" if services.blobs.allow_remove else "not allowed"),
        ("Running since", f"{services.started:%Y-%m-%d %H:%M} UTC ({hours} h {minutes} min)"),
        ("Bytes in flight", f"{services.blobs.memory.used:,}"),
    ]


def answer_help(services: Services, req: Request, resp: Response, page: str) -> None:
    if page:
        answer_text(resp, "404 page not found\n", status=404)
    elif query(req).get("clientConfig") == "true":
        answer_json(resp, client_config(services, req.get_header("host") or ""))
        resp.set_header("cache-control", "no-store")
    else:
        scheme = "https" if is_https(req.scope) else "http"
        answer_own_page(
            services,
            req,
            resp,
            "help.html",
            address=f"{scheme}://{req.get_header('host') or services.listen}/",
            examples=_EXAMPLES,
        )


def client_config(services: Services, host: str) -> dict[str, object]:
    """A `client-config.json` for Perkeep's tools, as their `init` saves it."""
    listen = services.listen
    address, _, _ = listen.rpartition(":")
    if address in ("", "0.0.0.0", "[::]") or listen.endswith(":0"):  # noqa: S104 - compared only
        listen = host
    return {
        "servers": {
            "default": {
                "server": f"http://{listen}",
                "auth": services.auth_text,
                "default": True,
            }
        },
        "ignoredFiles": [".DS_Store", "*~"],
    }


_EXAMPLES = (
    ("tag:paris", "what is tagged paris"),
    ("is:image after:2024-01-01", "photos since then"),
    ("is:image -tag:family", "photos that lack that tag"),
    ("(tag:photo or tag:icon) has:location", "one of two tags, and a place"),
    ("filename:*.pdf", "files by their name"),
)
