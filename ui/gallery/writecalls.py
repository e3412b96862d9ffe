"""The calls of pages that change something, and those that tell of changes."""

from __future__ import annotations

from ...index.opening import Index
from ..ownkey import OwnKey
from ..searches import Searches
from ..services import Services
from .acts import Acts
from .api import Api
from .changes import Changes
from .filing import Filing
from .reading import Reading
from .savedsearches import SavedSearches
from .scribe import Scribe
from .stamps import Stamp
from .state import State
from .trash import trash
from .uploadcalls import UploadCalls
from .uploads import Uploads
from .uploadtogether import TogetherCalls


def add_writing(
    api: Api,
    services: Services,
    key: OwnKey | None,
    *,
    index: Index,
    searches: Searches,
    reading: Reading,
    stamp: Stamp,
) -> None:
    """Add all of them. Without a `key` whatever needs one is refused in words."""
    blobs, hash_name = services.blobs, services.hash_name
    scribe = filing = None
    if key is not None:
        scribe = Scribe(key, blobs, hash_name=hash_name)
        filing = Filing(scribe, blobs, searches, hash_name=hash_name)
    acts = Acts(scribe, blobs, searches)
    api.add("POST", "claims", acts.claims)
    api.add("POST", "create", acts.create)
    api.add("POST", "undo", acts.undo)
    saved = SavedSearches(scribe, blobs, searches, hash_name=hash_name)
    api.add("POST", "saved", saved.save)
    uploads = Uploads(hash_name=hash_name)
    calls = UploadCalls(uploads, filing, blobs, searches)
    api.add("POST", "upload", calls.begin)
    many = TogetherCalls(uploads, filing, blobs, searches)
    api.add("POST", "upload/known", many.known)
    api.add("POST", "upload/together", many.send)
    api.add("GET", "upload", calls.tell)
    api.add("PUT", "upload", calls.send)
    api.add("DELETE", "upload", calls.give_up)
    state = State(services, uploads, stamp)
    changes = Changes(index.watching, stamp, state, services.auth, blobs.stopping)
    api.add("GET", "state", state.answer)
    api.add("GET", "changes", changes.answer)
    api.add("GET", "trash", reading.handler(trash))
