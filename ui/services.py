"""What the application needs to run, all of it given from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..blobstore.handlers.auth import Auth
from ..blobstore.handlers.service import BlobService
from ..blobstore.ref import DEFAULT_HASH
from ..index.claims import ClaimIndex
from ..index.opening import Index
from ..schema.signing import Signer
from .files.imports import Imports
from .gallery.drawings import Drawings
from .login.csrf import Csrf
from .login.sessions import Sessions
from .searches import Searches
from .shares.records import ShareRecords
from .thumbs.service import Thumbnails


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Services:
    """The parts of one running server."""

    blobs: BlobService
    auth: Auth
    auth_text: str = ""
    """The `auth` setting as clients may use it too; only ever given to who has all rights."""
    signer: Signer | None = None
    """Signs in the owner's name, for who has all rights; None where there is no identity."""
    claims: ClaimIndex | None = None
    """What is claimed in this store; None where nothing is indexed."""
    index: Index | None = None
    """What is known of this store, and what is not yet; None where nothing is indexed."""
    searches: Searches | None = None
    """Who answers searches; None where nobody does."""
    sessions: Sessions | None = None
    """Who is signed in with a browser; None where nobody can be."""
    csrf: Csrf = field(default_factory=Csrf.fresh)
    """Tells requests of our pages from those that others' pages make browsers send."""
    thumbnails: Thumbnails | None = None
    """Draws small pictures of files; None where nobody does."""
    drawings: Drawings = field(default_factory=Drawings)
    """Draws the land of maps; by default anew for each process."""
    share_records: ShareRecords = field(default_factory=ShareRecords)
    """How often shares were downloaded, and who knows their passwords; by default in memory."""
    imports: Imports | None = None
    """Copies what others share; None where nobody does."""
    owner_name: str = ""
    user_name: str = ""
    listen: str = ""
    """HOST:PORT people know the server by; empty: whatever a request's Host says."""
    storage_kind: str = ""
    hash_name: str = DEFAULT_HASH
    """What clients that ask should name new blobs with."""
    version: str = "unknown"
    started: datetime
    clock: Callable[[], datetime] = _now
