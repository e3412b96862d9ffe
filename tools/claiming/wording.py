"""What a claim says, in words for a person and as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ...schema.canonical import Number
from ...schema.claims import (
    AddAttribute,
    AttributeChange,
    DelAttribute,
    Delete,
    SetAttribute,
    Share,
    Statement,
)
from ...schema.folding import Event
from ...schema.openpgp.publickey import PublicKey
from ...schema.timestamps import format_time
from ..output import Output, printable
from .moments import local_text

_SHOWN = 72
"""Characters of a value that a line on a terminal has room for: a ref is shown whole."""

_VERBS: dict[type[AttributeChange], str] = {
    SetAttribute: "set",
    AddAttribute: "add",
    DelAttribute: "del",
}


def in_words(says: Statement, out: Output) -> str:
    """What is said, on one harmless line; values are shortened on a terminal only."""
    match says:
        case SetAttribute() | AddAttribute() | DelAttribute():
            value = f' "{_shown(says.value, out)}"' if says.value or not _is_del(says) else ""
            return f"{_VERBS[type(says)]} {_shown(says.attribute, out)}{value}"
        case Delete(target):
            return f"delete {target}"
        case Share():
            return f"share {share_in_words(says, out)}"
        case _:
            return f"{_shown(says.claim_type, out)}, which changes nothing"


def share_in_words(share: Share, out: Output) -> str:
    """What a share opens, how far, and until when."""
    what = share.target or f'"{_shown(search_text(share), out)}"'
    reach = "transitive" if share.is_transitive else "alone"
    ends = share.expires
    # Readers of shares take a zero for no end at all.
    end = "" if ends is None or ends.is_any_zero else f" until {local_text(ends)}"
    password = " with a password" if share.password_hash else ""
    most = share.most_downloads
    count = "" if most is None else f", {most} download{'' if most == 1 else 's'} at most"
    return f"{what} {reach}{end}{password}{count}"


def search_text(share: Share) -> str:
    """The search that is shared, as a person may have given it; empty if there is none."""
    if share.search is None:
        return ""
    expression = share.search.get("expression")
    if isinstance(expression, str) and len(share.search) == 1:
        return expression
    return json.dumps(_plain(share.search), ensure_ascii=False)


def as_fields(says: Statement) -> dict[str, object]:
    """What is said, with the keys and values that the claim itself has."""
    match says:
        case SetAttribute() | AddAttribute() | DelAttribute():
            return {
                "claimType": f"{_VERBS[type(says)]}-attribute",
                "permaNode": says.permanode,
                "attribute": says.attribute,
                "value": None if _is_del(says) and not says.value else says.value,
            }
        case Delete(target):
            return {"claimType": "delete", "target": target}
        case Share():
            return {"claimType": "share", **share_fields(says)}
        case _:
            return {"claimType": says.claim_type, "permaNode": says.permanode}


def share_fields(share: Share) -> dict[str, object]:
    """What a share opens, how far, and until when; null for what it does not say."""
    return {
        "target": share.target,
        "search": _plain(share.search),
        "transitive": share.is_transitive,
        "expires": None if share.expires is None else format_time(share.expires),
        "password": bool(share.password_hash),
        "downloads": share.most_downloads,
    }


def event_fields(event: Event, key: PublicKey | None, *, is_you: bool) -> dict[str, object]:
    """One claim of a history."""
    return {
        "ref": event.claim.ref,
        "claimDate": format_time(event.claim.date),
        **as_fields(event.claim.says),
        "signer": event.claim.signer,
        "key": None if key is None else key.fingerprint,
        "you": is_you,
        "standing": event.standing.value,
    }


def _is_del(says: AttributeChange) -> bool:
    return isinstance(says, DelAttribute)


def _shown(text: str, out: Output) -> str:
    if out.is_terminal and len(text) > _SHOWN:
        text = text[: _SHOWN - 1] + "…"
    return printable(text.encode())


def _plain(value: object) -> object:
    """A search as `json` writes it: numbers that were typed are text till here."""
    match value:
        case Number():
            return json.loads(value)
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
