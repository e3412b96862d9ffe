"""Discovery: the document that tells clients what this server has, and where."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from falcon.asgi import Request, Response

from ..blobstore.errors import HoldfastError
from ..blobstore.handlers import rights
from ..blobstore.handlers.answers import answer_bytes, json_text, unauthorized
from ..blobstore.handlers.form import query
from ..blobstore.storage import HasGeneration, capability
from .claims import ROOT as CLAIMS_ROOT
from .files.download import ROOT as DOWNLOADS
from .files.importshare import ROOT as IMPORTS
from .files.listing import ROOT as LISTINGS
from .files.uploadhelper import MODE as UPLOAD_MODE
from .files.uploadhelper import ROOT as UI_ROOT
from .indexing import ROOT as INDEX_ROOT
from .searchcalls import ROOT as SEARCH_ROOT
from .services import Services
from .shares.pages import ROOT as SHARE_ROOT
from .signing import ROOT as SIGN_ROOT
from .signing import signing_document

ACCEPT = "text/x-camli-configuration"

_NAME = re.compile(r"[a-zA-Z_]+(\.[a-zA-Z_]+)*")


def is_discovery(req: Request) -> bool:
    """Whether a request asks for the document."""
    if req.method not in ("GET", "HEAD"):
        return False
    return req.get_header("accept") == ACCEPT or query(req).get("camli.mode") == "config"


def answer_discovery(services: Services, req: Request, resp: Response) -> None:
    has = services.auth.rights_of(req.scope)
    if not rights.allows(has, rights.DISCOVERY):
        unauthorized(resp)
        return
    text = json_text(document(services, has))
    asked = query(req)
    if _NAME.fullmatch(callback := asked.get("cb", "")):
        text = callback.encode() + b"(" + text + b");\n"
    elif _NAME.fullmatch(variable := asked.get("var", "")):
        text = variable.encode() + b" = " + text + b";\n"
    # Real clients compare the whole header: no charset, no final newline.
    answer_bytes(resp, text, content_type="text/javascript")
    resp.set_header("cache-control", "no-store")
    # As a script it is run by whatever page names it: other sites must not learn the token.
    resp.set_header("cross-origin-resource-policy", "same-origin")


def document(services: Services, has: int) -> dict[str, object]:
    """What a caller with rights `has` is told."""
    found: dict[str, object] = {
        "blobRoot": "/bs/",
        "jsonSignRoot": SIGN_ROOT if services.signer is not None else "",
        "helpRoot": "/help/",
        "importerRoot": "",
        "searchRoot": SEARCH_ROOT if services.searches is not None else "",
        "statusRoot": "/status/",
        "shareRoot": SHARE_ROOT if services.claims is not None else "",
        "ownerName": services.owner_name,
        "userName": services.user_name,
        **_generation(services),
        "thumbVersion": "2",
        "authToken": services.auth.token_for(has),
        "hasLegacySHA1Index": False,
    }
    # Perkeep's clients that see one of these rely on all of them.
    found |= {
        "uiRoot": UI_ROOT,
        "uploadHelper": f"{UI_ROOT}?camli.mode={UPLOAD_MODE}",
        "directoryHelper": LISTINGS,
        "downloadHelper": DOWNLOADS,
        "publishRoots": {},
        "mapClustering": False,
        "importShare": f"{IMPORTS}/",
    }
    if services.signer is not None:
        found["signing"] = signing_document(services.signer.public, services.hash_name)
    own: dict[str, object] = {
        "protocol": 1,
        "epoch": services.blobs.epoch,
        "hash": services.hash_name,
    }
    if services.claims is not None:
        own["claims"] = CLAIMS_ROOT
    if services.index is not None:
        own["index"] = INDEX_ROOT
    return {**found, "holdfast": own}


def _generation(services: Services) -> dict[str, object]:
    able = capability(services.blobs.hub.storage, HasGeneration)
    if able is None:
        return {
            "storageGenerationError": "this storage remembers no generation",
            "storageInitTime": None,
        }
    try:
        generation = able.generation()
    except HoldfastError:
        return {"storageGenerationError": "the generation cannot be read", "storageInitTime": None}
    return {
        "storageGeneration": generation.token,
        "storageInitTime": rfc3339(generation.created),
    }


def rfc3339(moment: datetime) -> str:
    """A time as JSON answers spell it: UTC, `Z`, no trailing zeros in the fraction."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").rstrip(".") + "Z"
