"""Claims: what a signer says of a permanode or a claim, as frozen values, and their exact text.

Nothing here signs or verifies: `claim_text` is what gets signed, and `read_claim` takes a blob at
its word.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ..blobstore.ref import Ref
from .blob import MAX_SCHEMA_SIZE, Claim, SchemaBlob
from .canonical import Fields, Number, Value, canonical
from .errors import BadClaim, NotClaim, SchemaTooLarge
from .jsontext import BadJson, read_object
from .sharelocks import HAVE_REF, MOST_COUNT, auth_type, locks_in, read_password_hash
from .timestamps import Timestamp, format_time


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """From now on the attribute has this one value."""

    permanode: Ref
    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class AddAttribute:
    """From now on the attribute has this value too."""

    permanode: Ref
    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class DelAttribute:
    """From now on the attribute has no such value; with an empty `value`, no value at all."""

    permanode: Ref
    attribute: str
    value: str = ""


AttributeChange: TypeAlias = SetAttribute | AddAttribute | DelAttribute


@dataclass(frozen=True, slots=True)
class Delete:
    """The target, a permanode or a claim, is deleted; if it is a delete, that is undone."""

    target: Ref


@dataclass(frozen=True, slots=True)
class Share:
    """The target, or what a search finds, is open to others.

    Exactly one of `target` and `search` is written; a claim found with both shares the target.
    `search` is a query as Perkeep's search takes it. Without `expires`, the share has no end.
    What `auth_type` asks for besides the ref is in the last two; `locked` sets all three.
    """

    target: Ref | None = None
    search: Fields | None = None
    is_transitive: bool = False
    expires: Timestamp | None = None
    auth_type: str = HAVE_REF
    password_hash: str = ""
    """What a password is tried against, as `sharelocks.py` writes it; empty without one."""
    most_downloads: int | None = None
    """How many downloads of contents there may be; None for any number."""

    @property
    def has_known_locks(self) -> bool:
        """Whether all that is asked for besides the ref is known here, and is there."""
        has_password = bool(self.password_hash)
        if has_password and read_password_hash(self.password_hash) is None:
            return False
        is_counted = self.most_downloads is not None
        return self.auth_type == auth_type(has_password=has_password, is_counted=is_counted)


def locked(share: Share, *, password_hash: str = "", most_downloads: int | None = None) -> Share:
    """The share with these locks, and no others."""
    return replace(
        share,
        auth_type=auth_type(
            has_password=bool(password_hash), is_counted=most_downloads is not None
        ),
        password_hash=password_hash,
        most_downloads=most_downloads,
    )


@dataclass(frozen=True, slots=True)
class Multi:
    """Several changes at once. Perkeep defines it and gives it no effect; so it is here."""

    changes: tuple[AttributeChange, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """What is a claim and changes nothing: of an unknown type, or without what its type needs.

    If it names a permanode it still counts as a change of it, at its date.
    """

    claim_type: str
    permanode: Ref | None = None


Statement: TypeAlias = AttributeChange | Delete | Share | Other
"""What a claim can be found to say."""


@dataclass(frozen=True, slots=True)
class SignedClaim:
    """A claim as a blob has it: what is said, by whom, and when.

    `signer` is the blob of the public key the claim says it is signed with.
    """

    ref: Ref
    signer: Ref
    date: Timestamp
    says: Statement

    @property
    def permanode(self) -> Ref | None:
        """The permanode it speaks of by name; None for deletes and shares."""
        return None if isinstance(self.says, Delete | Share) else self.says.permanode


def claim_text(signer: Ref, date: Timestamp, says: Statement | Multi) -> bytes:
    """The unsigned text of a claim; to be signed with the key `signer`, at the second of `date`.

    Text that came from bytes that are no UTF-8 (lone surrogates) is written with one U+FFFD for
    each. Raises `BadClaim` for what no reader would take as it is meant, and `SchemaTooLarge`:
    nothing is ever cut. The signature needs some room too, which signing checks.
    """
    if date.is_any_zero:
        raise BadClaim(
            "readers ignore claims dated in the first second of 1970", remedy="give another date"
        )
    fields: dict[str, Value] = {
        "camliType": "claim",
        "camliSigner": signer,
        "claimDate": format_time(date),
        **_fields(says),
    }
    try:
        text = canonical(fields)
        if "search" in fields:
            read_object(text)
    except RecursionError:
        raise BadClaim("its search is nested too deep", remedy="simplify it") from None
    except BadJson as error:
        raise BadClaim(f"its search cannot be read back: {error}", remedy="simplify it") from None
    if len(text) > MAX_SCHEMA_SIZE:
        raise SchemaTooLarge("claim", len(text), MAX_SCHEMA_SIZE)
    return text


def search_fields(text: str) -> Fields:
    """A search given as JSON, for `Share.search`; numbers stay as they are spelt.

    Raises `BadClaim`.
    """
    try:
        fields: object = _SEARCH.decode(text)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise BadClaim("the search is no JSON object", remedy='write {"expression": "..."}')
    return fields


def read_claim(blob: SchemaBlob) -> SignedClaim:
    """The claim that a blob is. Its signature is not verified. Raises `NotClaim`."""
    claim = blob.claim
    if blob.kind != "claim":
        raise NotClaim(blob.ref, f"its type is {blob.kind[:40]!r}")
    if claim.signer is None:
        raise NotClaim(blob.ref, "it names no signer")
    if not claim.signature:
        raise NotClaim(blob.ref, "it is not signed")
    if not claim.claim_type:
        raise NotClaim(blob.ref, "it has no claimType")
    if claim.date is None or claim.date.is_any_zero:
        raise NotClaim(blob.ref, "it has no date, or one in the first second of 1970")
    return SignedClaim(blob.ref, claim.signer, claim.date, _statement(claim))


def _statement(claim: Claim) -> Statement:
    kind = CHANGES.get(claim.claim_type)
    if kind is not None and claim.permanode is not None and claim.attribute:
        return kind(claim.permanode, claim.attribute, claim.value)
    if claim.claim_type == "delete" and claim.target is not None:
        return Delete(claim.target)
    if claim.claim_type == "share":
        return _read_share(claim)
    return Other(claim.claim_type, claim.permanode)


def _read_share(claim: Claim) -> Share:
    locks = locks_in(claim.auth_type)
    count = claim.most_downloads
    return Share(
        target=claim.target,
        search=claim.search if isinstance(claim.search, dict) else None,
        is_transitive=claim.transitive,
        expires=claim.expires,
        auth_type=claim.auth_type,
        # What the way in does not mention, Perkeep would not ask for either.
        password_hash=claim.password_hash if "password" in locks else "",
        most_downloads=count if "count" in locks and _can_count(count) else None,
    )


def _can_count(count: int | None) -> bool:
    return count is not None and 1 <= count <= MOST_COUNT


def _fields(says: Statement | Multi) -> dict[str, Value]:
    match says:
        case SetAttribute() | AddAttribute() | DelAttribute():
            return _change_fields(says)
        case Delete(target):
            return {"claimType": "delete", "target": target}
        case Share():
            return _share_fields(says)
        case Multi(changes):
            return {"claimType": "multi", "claims": _all_fields(changes)}
        case Other(claim_type):
            raise BadClaim(
                f"no claim of type {claim_type[:40]!r} is made here", remedy="use a known type"
            )


def _change_fields(says: AttributeChange) -> dict[str, Value]:
    if not says.attribute:
        raise BadClaim("an attribute without a name", remedy="name the attribute")
    fields: dict[str, Value] = {
        "claimType": TYPES[type(says)],
        "permaNode": says.permanode,
        "attribute": says.attribute,
    }
    if says.value or not isinstance(says, DelAttribute):
        fields["value"] = says.value
    return fields


def _share_fields(says: Share) -> dict[str, Value]:
    if (says.target is None) == (says.search is None):
        raise BadClaim("a share is of one thing", remedy="give either a target or a search")
    if not says.has_known_locks:
        raise BadClaim(
            f"nobody could use such a share; the way in is {HAVE_REF!r}", remedy="say so"
        )
    if says.most_downloads is not None:
        if not _can_count(says.most_downloads):
            raise BadClaim(
                f"{says.most_downloads} downloads", remedy=f"give a number from 1 to {MOST_COUNT}"
            )
        if not says.is_transitive:
            raise BadClaim(
                "a share of one blob alone has no downloads to count",
                remedy="let it be transitive, or do not count",
            )
    fields: dict[str, Value] = {
        "claimType": "share",
        "authType": says.auth_type,
        # Perkeep's client writes it when it is false, too.
        "transitive": says.is_transitive,
    }
    if says.target is not None:
        fields["target"] = says.target
    if says.search is not None:
        fields["search"] = says.search
    if says.expires is not None:
        if says.expires.is_any_zero:
            raise BadClaim(
                "a share that expires in the first second of 1970 is read as one without end",
                remedy="give another time",
            )
        fields["expires"] = format_time(says.expires)
    if says.password_hash:
        fields["passwordHash"] = says.password_hash
    if says.most_downloads is not None:
        fields["maxDownloads"] = says.most_downloads
    return fields


def _all_fields(changes: Iterable[AttributeChange]) -> list[Fields]:
    return [_change_fields(change) for change in changes]


TYPES: Final[Mapping[type[AttributeChange], str]] = {
    SetAttribute: "set-attribute",
    AddAttribute: "add-attribute",
    DelAttribute: "del-attribute",
}
"""What claims call changes of attributes."""

CHANGES: Final[Mapping[str, type[AttributeChange]]] = {name: kind for kind, name in TYPES.items()}
"""The same the other way round."""

# What Python takes for numbers and JSON does not is refused when the text is read back.
_SEARCH = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)
