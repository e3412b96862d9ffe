"""How the server is: for machines, for people, and for whoever only asks whether it lives."""

from __future__ import annotations

import platform
import sys
from html import escape
from typing import Any

from falcon.asgi import App, Request, Response

from ..blobstore.errors import HoldfastError
from ..blobstore.handlers.answers import HTML_TYPE, answer_bytes, answer_json, answer_text
from ..blobstore.handlers.form import query
from ..blobstore.handlers.problems import public_text, report
from ..blobstore.handlers.routes import ROOTS
from ..blobstore.storage import HasGeneration, capability
from ..index.status import MOST_COUNTED, IndexStatus
from .discovery import rfc3339
from .services import Services
from .sinks import add_sink, only_reads

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Pages show text and nothing else: no script, no frame, nothing from elsewhere."""

_FLICKERING = frozenset(("bytesInFlight", "searches"))
"""What changes with every request."""


def add_status(app: App[Any, Any], services: Services) -> None:
    """Let `app` answer `/healthz`, `/status/` and `/help/`."""

    async def health(_req: Request, resp: Response, _rest: str) -> None:
        answer_text(resp, "ok\n")
        resp.set_header("cache-control", "no-store")

    async def status(req: Request, resp: Response, page: str) -> None:
        if only_reads(req, resp):
            await answer_status(services, resp, page)

    async def help_(req: Request, resp: Response, page: str) -> None:
        if only_reads(req, resp):
            answer_help(services, req, resp, page)

    add_sink(app, r"/healthz\Z", health)
    add_sink(app, r"/status/(?P<rest>.*)\Z", status, auth=services.auth)
    add_sink(app, r"/help/(?P<rest>.*)\Z", help_, auth=services.auth)


async def answer_status(services: Services, resp: Response, page: str) -> None:
    if page == "status.json":
        answer_json(resp, await status_document(services))
    elif page == "":
        body = _table(_facts(services))
        match await _index_state(services):
            case IndexStatus() as state:
                body += f"<h2>Index</h2>\n{_table(_index_facts(state))}{_not_indexed(state)}"
            case HoldfastError() as error:
                body += f"<h2>Index</h2>\n<p>{escape(public_text(error))}</p>"
        answer_page(resp, "Status", body)
    else:
        answer_text(resp, "Illegal status path.\n", status=404)


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


def _index_facts(state: IndexStatus) -> list[tuple[str, str]]:
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


def _not_indexed(state: IndexStatus) -> str:
    """Some of the blobs that searches do not find, and why."""
    rows: list[tuple[str, str]] = [*state.some_refused]
    rows += [(ref, f"waits for {needed}") for ref, needed in state.some_waiting]
    return f"<h2>Not indexed</h2>\n{_table(rows)}" if rows else ""


def _count(number: int) -> str:
    return f"{number:,}" if number < MOST_COUNTED else f"{MOST_COUNTED:,} or more"


def _facts(services: Services) -> list[tuple[str, str]]:
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
        host = escape(req.get_header("host") or services.listen)
        text = (
            f"<p>Clients reach this server at <code>http://{host}/</code>.</p>"
            '<p><a href="?clientConfig=true">A configuration for Perkeep\'s clients</a> '
            "(it holds the password).</p>"
        )
        answer_page(resp, "Help", text)


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


def answer_page(resp: Response, title: str, body: str) -> None:
    """A page of our own. `body` is HTML, with everything in it escaped."""
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} - Holdfast</title>\n<style>{_STYLE}</style>\n"
        f'<nav><a href="/">Holdfast</a> <a href="/status/">Status</a> <a href="/help/">Help</a>'
        f"</nav>\n<h1>{escape(title)}</h1>\n{body}\n</html>\n"
    )
    answer_bytes(resp, page.encode(), content_type=HTML_TYPE)
    resp.set_header("content-security-policy", PAGE_POLICY)
    resp.set_header("referrer-policy", "no-referrer")


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table>\n{cells}\n</table>"


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44em;margin:2em auto;padding:0 1em}"
    "th{text-align:left;vertical-align:top;padding-right:1.5em;font-weight:normal;opacity:.7}"
    "td{overflow-wrap:anywhere}nav a{margin-right:1em}"
    ":root{color-scheme:light dark}"
)
