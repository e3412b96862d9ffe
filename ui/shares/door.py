"""The door: whether a share lets a visitor in now, whatever is wanted from behind it."""

from __future__ import annotations

from dataclasses import dataclass

from falcon.asgi import Request

from ...blobstore.errors import BlobNotFound, HoldfastError
from ...blobstore.handlers.auth import address_of
from ...blobstore.handlers.problems import report
from ...blobstore.ref import Ref
from ...blobstore.storage import fetch_one
from ...index.claims import ClaimIndex
from ...index.search.errors import IndexBehind
from ...schema.blob import MAX_SCHEMA_SIZE
from ...schema.claims import Share
from ...schema.sharelocks import NOBODYS, read_password_hash
from ...schema.sharing import Denial, OpenShare, open_share
from ...schema.timestamps import Timestamp
from ..services import Services
from .attempts import Attempts, password_in
from .passes import Pass, Passes, shown_passes
from .records import ShareRecords
from .tally import Download
from .visitors import guessed_name


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor who was let in."""

    ref: Ref
    """The share."""
    share: Share
    visitor: str
    """Who it is, as far as that is known."""
    shown: Pass | None
    """The pass that was shown."""
    used: int
    """How many downloads of it there were, if they are counted."""


class Door:
    """Lets visitors in, one request at a time. For one event loop."""

    def __init__(self, services: Services, claims: ClaimIndex, records: ShareRecords) -> None:
        self._blobs = services.blobs
        self._clock = services.clock
        self._claims = claims
        self._deleted = _Deleted(claims)
        self._tally = records.tally
        self._attempts = Attempts()
        self.passes = Passes(records.secret, now=self.now)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock().timestamp()

    async def enter(
        self, req: Request, ref: Ref, *, password: str | None = None, goes_on_with: str = ""
    ) -> Visit | Denial:
        """Whether the share `ref` is open to who asks, and who that is; or why it is not.

        A password is taken from the request too. `goes_on_with` is a file of which a part is
        wanted: a visitor who has begun with it before may end it. Raises `IndexBehind`, since what
        is not indexed yet may be the delete of this very share, and `TooManyFailures`.
        """
        self._check_index()
        shown = self._pass(req, ref)
        visitor = guessed_name(req, ref) if shown is None else shown.visitor
        wanted = Download(ref, visitor, goes_on_with)
        found, used = await self._blobs.read(self._look, wanted)
        self._check_index()
        given = password_in(req) if password is None else password
        if isinstance(found, Denial):
            if given is not None:
                # Or it would be quicker than where there is a password.
                await self._attempts.is_right(address_of(req.scope), ref, given, NOBODYS)
            return found
        share = found.share
        expected = read_password_hash(share.password_hash)
        if expected is not None and not (shown is not None and shown.knows_password):
            address = address_of(req.scope)
            if given is None or not await self._attempts.is_right(address, ref, given, expected):
                return Denial.SHARE_LOCKED
        return Visit(ref, share, visitor, shown, used)

    async def begin_download(self, visit: Visit, file: str, *, is_part: bool) -> bool:
        """Count what is about to be downloaded, where that is counted; False if it may not be.

        `file` names it, or is empty for what cannot be gone on with; `is_part` says that only some
        of it is wanted. Raises as `Tally` does.
        """
        most = visit.share.most_downloads
        if most is None:
            return True
        wanted = Download(visit.ref, visit.visitor, file)
        return await self._blobs.write(
            self._tally.take, wanted, most=most, is_part=is_part, now=self.now()
        )

    def read(self, ref: Ref) -> bytes | None:
        """A blob that may be a schema blob; of one that is too large for that, nothing."""
        storage = self._blobs.hub.storage
        try:
            for _, size in storage.stat((ref,)):
                return fetch_one(storage, ref) if size <= MAX_SCHEMA_SIZE else b""
        except BlobNotFound:
            return None
        except HoldfastError as error:
            # An answer of its own would tell strangers that the blob is here.
            report(error)
        return None

    def _look(self, wanted: Download) -> tuple[OpenShare | Denial, int]:
        found = open_share(
            wanted.share,
            read=self.read,
            deleted=self._deleted,
            trusts=self._claims.trusts,
            now=Timestamp(round(self.now() * 1e6) * 1000),
        )
        if isinstance(found, Denial) or found.share.most_downloads is None:
            return found, 0
        used = self._tally.used((wanted.share,)).get(wanted.share, 0)
        if used < found.share.most_downloads or self._tally.goes_on(wanted, now=self.now()):
            return found, used
        return Denial.SHARE_USED_UP, used

    def _pass(self, req: Request, ref: Ref) -> Pass | None:
        found = [self.passes.read(ref, text) for text in shown_passes(req.scope)]
        passes = [one for one in found if one is not None]
        # One with a password goes before one without.
        return max(passes, key=lambda one: one.knows_password, default=None)

    def _check_index(self) -> None:
        if not self._claims.is_complete:
            raise IndexBehind


class _Deleted:
    """All that is deleted, as a container that is asked about one ref at a time."""

    def __init__(self, claims: ClaimIndex) -> None:
        self._claims = claims

    def __contains__(self, ref: object) -> bool:
        return isinstance(ref, Ref) and self._claims.is_deleted(ref)
