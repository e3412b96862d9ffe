"""Which paths below `/ui/` are about files, and who answers them."""

from __future__ import annotations

from typing import Any

from falcon.asgi import App

from ..services import Services
from ..sinks import add_sink
from ..tree import IndexedThings, Tree
from .download import ROOT as DOWNLOADS
from .download import Downloads
from .importshare import ROOT as IMPORTS
from .importshare import ImportShare
from .listing import ROOT as LISTINGS
from .listing import Listings
from .qr import ROOT as QR_CODES
from .qr import QrCodes

_REST = r"(?P<rest>[\s\S]*)\Z"


def add_files(app: App[Any, Any], services: Services) -> None:
    """Let `app` answer for files."""
    blobs = services.blobs
    things = None if services.index is None else IndexedThings(services.index.search)
    tree = Tree(blobs.hub.storage, things)
    rooms = {
        DOWNLOADS: Downloads(services, tree).answer,
        LISTINGS: Listings(blobs).answer,
        QR_CODES: QrCodes(blobs).answer,
    }
    if services.imports is not None:
        rooms[IMPORTS] = ImportShare(services, services.imports).answer
    for root, answer in rooms.items():
        add_sink(app, root + _REST, answer, auth=services.auth)
