"""Sessions: which browsers are signed in, kept over restarts, and ended at once when told to."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...blobstore.durable import replacing
from ...blobstore.errors import HoldfastError, StoreFailed
from .cookies import cookie_values

if TYPE_CHECKING:
    from ...blobstore.handlers.auth import Scope

IDLE = timedelta(days=30)
"""How long a session lasts that nobody uses."""

LONGEST = timedelta(days=365)
"""How long one lasts in any case."""

MOST = 100
"""Sessions at a time; one more ends the one that was used least lately."""

MOST_AGENT = 300
"""Letters of what a browser says it is."""

_SEEN_STEP = timedelta(minutes=1)
_SAVE_STEP = timedelta(hours=1)
"""Use is noted in such steps: in memory, and in the file."""

_FORMAT = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is signed in."""

    digest: str
    """SHA-256 of the secret in its cookie. The secret itself is nowhere but there."""
    created: datetime
    seen: datetime
    agent: str
    """What the browser said it is, when it signed in."""
    address: str

    @property
    def name(self) -> str:
        """What it is called where it is listed. It opens nothing."""
        return self.digest[:16]

    def is_over(self, now: datetime) -> bool:
        return now - self.seen > IDLE or now - self.created > LONGEST


class Sessions:
    """All sessions of one server.

    They are held in memory, being asked for with every request, and written to a file whole, beside
    it and renamed: they are few, change seldom, and one process owns them.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        auth_text: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        later: Callable[[Callable[[], None]], object] = lambda call: call(),
    ) -> None:
        """Sessions of the file at `path`, which may be missing; None keeps them in memory only.

        They end if `auth_text`, the `auth` setting, is another one than they were made under.
        `later` runs what need not be waited for. A file that makes no sense is one that is
        missing: whoever was signed in signs in again.
        """
        self._path = path
        self._clock = clock
        self._later = later
        self._sessions: dict[str, Session] = {}
        self._changing = threading.Lock()
        """Held for moments, since requests wait for it."""
        self._writing = threading.Lock()
        self.key = secrets.token_bytes(32)
        """Random bytes that stay the same as long as the file does, for what pages must prove."""
        self._under = ""
        self._saved = clock()
        self._read(auth_text)
        tag = hashlib.sha256(b"cookie" + self.key).hexdigest()[:8]
        self.cookie_name = f"holdfast_session_{tag}"
        """Another for each store: cookies are shared by all servers of a host, at any port."""

    def begin(self, *, agent: str, address: str) -> str:
        """A new session; the secret for its cookie."""
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        session = Session(
            digest=_digest(secret),
            created=now,
            seen=now,
            agent=agent[:MOST_AGENT],
            address=address,
        )
        with self._changing:
            self._drop_old(now)
            while len(self._sessions) >= MOST:
                oldest = min(self._sessions.values(), key=lambda one: one.seen)
                del self._sessions[oldest.digest]
            self._sessions[session.digest] = session
        # Who cannot be remembered may come in all the same: it may be to make room.
        self._try_to_save()
        return secret

    def of(self, scope: Scope) -> Session | None:
        """The session a request belongs to. Takes no time."""
        if not self._sessions:
            return None
        for secret in cookie_values(scope, self.cookie_name):
            session = self._sessions.get(_digest(secret))
            if session is not None and not session.is_over(now := self._clock()):
                if now - session.seen >= _SEEN_STEP:
                    self._note_use(session, now)
                return session
        return None

    def name_of(self, scope: Scope) -> str:
        """The name of that session, or nothing."""
        session = self.of(scope)
        return session.name if session is not None else ""

    def knows(self, scope: Scope) -> bool:
        """Whether a request belongs to a session."""
        return self.of(scope) is not None

    def listed(self) -> list[Session]:
        """All sessions, the latest used first."""
        now = self._clock()
        found = [one for one in list(self._sessions.values()) if not one.is_over(now)]
        return sorted(found, key=lambda one: one.seen, reverse=True)

    def end(self, names: Iterable[str]) -> int:
        """End the sessions of these names, at once and for good; how many there were.

        Raises `StoreFailed` if that cannot be written: a restart may bring them back.
        """
        wanted = set(names)
        with self._changing:
            ended = [one.digest for one in self._sessions.values() if one.name in wanted]
            for digest in ended:
                del self._sessions[digest]
        if ended:
            self._save()
        return len(ended)

    def close(self) -> None:
        """Write what is only in memory."""
        self._try_to_save()

    def _note_use(self, session: Session, now: datetime) -> None:
        with self._changing:
            if session.digest not in self._sessions:
                return  # it was ended meanwhile
            self._sessions[session.digest] = replace(session, seen=now)
            if is_due := now - self._saved >= _SAVE_STEP:
                self._saved = now
        if is_due:
            self._later(self._try_to_save)

    def _drop_old(self, now: datetime) -> None:
        for one in list(self._sessions.values()):
            if one.is_over(now):
                del self._sessions[one.digest]

    def _read(self, auth_text: str) -> None:
        if self._path is None:
            return
        kept = _read_file(self._path)
        try:
            if kept is not None:
                self.key = bytes.fromhex(kept["key"])
                sessions = [_parsed(one) for one in kept["sessions"]]
                self._sessions = {one.digest: one for one in sessions}
        except (KeyError, TypeError, ValueError) as error:
            _log.warning("%s makes no sense, so all are signed out: %s", self._path, error)
            kept = None
        # Slow on purpose: from the file nobody is to find the password by trying.
        self._under = hashlib.scrypt(
            auth_text.encode(), salt=self.key, n=2**14, r=8, p=1, dklen=32
        ).hex()
        if kept is None or kept.get("under") != self._under:
            self._sessions = {}
            self._try_to_save()

    def _try_to_save(self) -> None:
        try:
            self._save()
        except HoldfastError as error:
            _log.warning("who is signed in could not be written down: %s", error)

    def _save(self) -> None:
        if self._path is None:
            return
        with self._writing:
            with self._changing:
                now = self._saved = self._clock()
                kept = [one for one in self._sessions.values() if not one.is_over(now)]
            document = {
                "holdfast": "sessions",
                "version": _FORMAT,
                "key": self.key.hex(),
                "under": self._under,
                "sessions": [_document(one) for one in kept],
            }
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with replacing(self._path) as file:
                    file.write(json.dumps(document, indent=1).encode())
            except OSError as error:
                raise StoreFailed.by(str(self._path), error) from None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _read_file(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be read, so all are signed out: %s", path, error)
        return None
    if not isinstance(found, dict) or found.get("version") != _FORMAT:
        _log.warning("%s makes no sense, so all are signed out", path)
        return None
    return found


def _document(session: Session) -> dict[str, str]:
    return {
        "sha256": session.digest,
        "created": session.created.isoformat(),
        "seen": session.seen.isoformat(),
        "agent": session.agent,
        "address": session.address,
    }


def _parsed(one: dict[str, str]) -> Session:
    return Session(
        digest=str(one["sha256"]),
        created=datetime.fromisoformat(one["created"]),
        seen=datetime.fromisoformat(one["seen"]),
        agent=str(one["agent"]),
        address=str(one["address"]),
    )
