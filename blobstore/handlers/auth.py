"""Who is asking, and what may they do: the authentication modes of the server.

The text form is Perkeep's, `TYPE[:ARGUMENTS]`:

    none                          everyone on this machine (`none:everyone`: everyone)
    localhost                     processes on this machine run by our own user, or by root
    userpass:NAME:PASSWORD        that name and password
        ...:+localhost            or localhost as above
        ...:vivify=PASSWORD2      and with that one, enough to add files
    basic:NAME:PASSWORD           the same without options
    token:SECRET                  `Authorization: Token SECRET`
    devauth:PASSWORD              any name with that password, or localhost

Where there is a password or a token, browsers may sign in with it, and then have a session.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Iterable, MutableMapping
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qs

from ..errors import Blame, HoldfastError
from . import rights
from .limiter import FailureLimiter
from .origin import OTHER_SITES, is_other_site, says_https
from .peers import Peer, is_loopback

Scope = MutableMapping[str, Any]
"""What an ASGI server says of a request."""

_RIGHTS = "holdfast.rights"
_BY_PAGE = "holdfast.by-page"
_BY_SESSION = "holdfast.by-session"
_FOREIGN = "holdfast.foreign"

MOST_BY_PROXY = 200
"""Failures at once of all whom one proxy speaks for; one more is forgiven every second."""

PEER = "holdfast.peer"
"""The scope's key for the connection's `Peer`, where the server in front keeps one."""

OMIT_TOKEN = "OmitAuthToken"  # noqa: S105 - the word that means there is none
"""What discovery says in the place of a token when none is needed."""


class BadAuth(HoldfastError):
    """An `auth` setting that says nothing sensible. Its text never holds the setting."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, why: str) -> None:
        super().__init__(f"server.auth {why}")


class TooManyFailures(HoldfastError):
    """An address that failed to authenticate too often."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(f"too many failed attempts; try again in {wait} seconds")


class KnowsSessions(Protocol):
    """Who remembers which browsers are signed in."""

    def knows(self, scope: Scope) -> bool:
        """Whether a request carries what its browser was given when it signed in."""


class Auth:
    """Decides on each request what its caller may do."""

    def __init__(
        self,
        text: str,
        *,
        process_token: str,
        vivify_token: str = "",
        limiter: FailureLimiter | None = None,
        sessions: KnowsSessions | None = None,
        uid: int | None = None,
    ) -> None:
        """`process_token` is random text of this process that grants everything, and
        `vivify_token` one that grants what a vivify password does. A request of one of the
        `sessions` has all rights. Raises `BadAuth`."""
        self._sessions = sessions
        self._limiter = limiter if limiter is not None else FailureLimiter()
        # What a proxy says of its visitors may be what they have said themselves.
        self._proxies = FailureLimiter(burst=MOST_BY_PROXY, seconds=1.0)
        self._uid = os.getuid() if uid is None else uid
        kind, _, rest = text.partition(":")
        self.kind = kind
        self._is_open = kind == "none"
        self._to_everyone = rest == "everyone"
        self._trusts_localhost = kind in ("localhost", "devauth")
        # (name or None for any, password, rights), and (token, rights).
        self._passwords: list[tuple[bytes | None, bytes, int]] = []
        self._tokens: list[tuple[bytes, int]] = []
        if kind in ("none", "localhost"):
            if rest and not (self._is_open and self._to_everyone):
                raise BadAuth(f"{kind} takes no arguments")
        elif kind in ("userpass", "basic"):
            self._parse_userpass(kind, rest)
        elif kind == "token":
            if not rest:
                raise BadAuth("has the form token:SECRET")
            self._tokens.append((rest.encode(), rights.ALL))
        elif kind == "devauth":
            if not rest:
                raise BadAuth("has the form devauth:PASSWORD")
            self._passwords.append((None, rest.encode(), rights.ALL))
            self._passwords.append((None, b"vivi" + rest.encode(), rights.VIVIFY))
        else:
            raise BadAuth("begins with none, localhost, userpass, basic, token or devauth")
        self._process_token = process_token
        self._vivify_token = vivify_token
        if kind not in ("none", "localhost"):
            self._tokens.append((process_token.encode(), rights.ALL))
            if vivify_token:
                self._tokens.append((vivify_token.encode(), rights.VIVIFY))

    def _parse_userpass(self, kind: str, rest: str) -> None:
        name, _, rest = rest.partition(":")
        password, *options = rest.split(":")
        if not name or not password:
            raise BadAuth(f"has the form {kind}:NAME:PASSWORD")
        self._passwords.append((name.encode(), password.encode(), rights.ALL))
        for option in options:
            if kind == "userpass" and option == "+localhost":
                self._trusts_localhost = True
            elif kind == "userpass" and option.startswith("vivify=") and option != "vivify=":
                second = option.removeprefix("vivify=").encode()
                self._passwords.append((name.encode(), second, rights.VIVIFY))
            else:
                raise BadAuth(
                    f"of kind {kind} has an unknown option; names and passwords hold no ':'"
                )

    def check_listen(self, host: str) -> None:
        """Raises `BadAuth` when listening on `host` would open the store to strangers."""
        if self._is_open and not self._to_everyone and not is_loopback(host):
            raise BadAuth(
                f"is none, and {host} can be reached from elsewhere; set a password with "
                "userpass:NAME:PASSWORD, listen on 127.0.0.1, or say none:everyone if you mean it"
            )

    def token_for(self, has: int) -> str:
        """What discovery tells a caller with rights `has` to send as a token later."""
        if self._is_open:
            return OMIT_TOKEN
        return self._process_token if has == rights.ALL else self._vivify_token

    def rights_of(self, scope: Scope) -> int:
        """What the caller of a request may do. Raises `TooManyFailures`."""
        # Asked twice about one request, a wrong password must count once.
        found = scope.get(_RIGHTS)
        if found is None:
            found = scope[_RIGHTS] = self._judge(scope)
        assert isinstance(found, int)
        return found

    def is_deliberate(self, scope: Scope) -> bool:
        """Whether a caller with rights has them by its own doing, as programs do.

        What a browser adds by itself, it adds for every page. So what a page may have asked for
        counts only with credentials that no browser remembers. Raises `TooManyFailures`.
        """
        self.rights_of(scope)
        return _BY_PAGE not in scope

    def has_ended(self, scope: Scope) -> bool:
        """Whether the session is over that a request has its rights from.

        For what goes on for long after it was asked for.
        """
        return _BY_SESSION in scope and not (self._sessions and self._sessions.knows(scope))

    def is_foreign(self, scope: Scope) -> bool:
        """Whether a browser asks for a page that is not of this server.

        Raises `TooManyFailures`.
        """
        self.rights_of(scope)
        return _FOREIGN in scope

    @property
    def asks_for(self) -> str:
        """What people sign in with: `password`, `token`, or nothing where they need not."""
        if self.kind == "token":
            return "token"
        return "password" if self._passwords else ""

    @property
    def has_login(self) -> bool:
        """Whether people can sign in with a browser."""
        return self._sessions is not None and bool(self.asks_for)

    def sign_in(self, scope: Scope, *, name: str = "", secret: str) -> int:
        """What whoever knows `name` and password, or the token, may do.

        Raises `TooManyFailures`.
        """
        if self.asks_for == "token":
            return self._token(secret.encode(), scope)
        return self._password(name.encode(), secret.encode(), scope)

    def _judge(self, scope: Scope) -> int:
        authorization = host = fetch_site = fetch_mode = b""
        origin = None
        is_forwarded = over_https = wants_websocket = has_cookie = False
        for name, value in scope["headers"]:
            if name == b"authorization":
                authorization = value
            elif name == b"host":
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"upgrade":
                wants_websocket = value.lower() == b"websocket"
            elif name == b"cookie":
                has_cookie = True
            elif name == b"sec-fetch-site":
                fetch_site = value
            elif name == b"sec-fetch-mode":
                fetch_mode = value
            elif name in (b"x-forwarded-for", b"forwarded"):
                is_forwarded = True
            elif name == b"x-forwarded-proto":
                is_forwarded = True
                over_https = says_https(value)
        # A browser says with `Origin` which site's page asks. What the browser adds by itself
        # (the machine it runs on, a remembered password, a cookie) must not count for a stranger's
        # page. Of what a page embeds newer browsers say only with `Sec-Fetch-Site` whose it is;
        # following a link from elsewhere is no harm.
        is_foreign = (
            origin is not None and is_other_site(origin, host, over_https=over_https)
        ) or (fetch_site in OTHER_SITES and fetch_mode != b"navigate")
        if is_foreign:
            scope[_FOREIGN] = True
        if authorization:
            found = self._credentials(authorization, is_foreign, scope)
            if found:
                if authorization.startswith(b"Basic") and (origin is not None or fetch_site):
                    scope[_BY_PAGE] = True
                return found
        elif wants_websocket and b"authtoken=" in scope["query_string"]:
            query = parse_qs(scope["query_string"].decode("latin-1"))
            found = self._token(query.get("authtoken", [""])[0].encode(), scope)
            if found:
                return found
        if is_foreign:
            return rights.NOTHING
        if origin is not None or fetch_site:
            scope[_BY_PAGE] = True
        if has_cookie and self._sessions is not None and self._sessions.knows(scope):
            scope[_BY_PAGE] = scope[_BY_SESSION] = True
            return rights.ALL
        if self._is_open and (self._to_everyone or not host or self._is_our_name(scope, host)):
            return rights.ALL
        if self._trusts_localhost and not is_forwarded and self._is_local(scope, host):
            return rights.ALL
        return rights.NOTHING

    def _credentials(self, authorization: bytes, is_foreign: bool, scope: Scope) -> int:
        scheme, _, value = authorization.partition(b" ")
        if scheme == b"Token":
            return self._token(value, scope)
        if scheme != b"Basic" or is_foreign or not self._passwords:
            return rights.NOTHING
        try:
            name, _, password = base64.b64decode(value, validate=True).partition(b":")
        except binascii.Error:
            name = password = b""
        return self._password(name, password, scope)

    def _password(self, name: bytes, password: bytes, scope: Scope) -> int:
        self._check_failures(scope)
        found = rights.NOTHING
        for expected_name, expected, grants in self._passwords:
            # Every comparison is made, whichever succeeds, so that time tells nothing.
            named = expected_name is None or hmac.compare_digest(name, expected_name)
            if hmac.compare_digest(password, expected) and named and not found:
                found = grants
        if not found:
            self._note_failure(scope)
        return found

    def _token(self, value: bytes, scope: Scope) -> int:
        if not self._tokens:
            return rights.NOTHING
        self._check_failures(scope)
        found = _first(
            grants for token, grants in self._tokens if hmac.compare_digest(value, token)
        )
        if not found:
            self._note_failure(scope)
        return found

    def _check_failures(self, scope: Scope) -> None:
        wait = self._limiter.wait(address_of(scope)) or self._proxies.wait(peer_of(scope).address)
        if wait:
            raise TooManyFailures(wait)

    def _note_failure(self, scope: Scope) -> None:
        address, peer = address_of(scope), peer_of(scope).address
        self._limiter.failed(address)
        if address != peer:
            self._proxies.failed(peer)

    def _is_local(self, scope: Scope, host: bytes) -> bool:
        peer = peer_of(scope)
        # The answer for a connection and a name never changes, and quick requests are many.
        if peer.trusted_host == host:
            return True
        if not self._is_our_name(scope, host):
            return False
        owner = peer.owner()
        if owner is None or owner not in (self._uid, 0):
            return False
        peer.trusted_host = host
        return True

    def _is_our_name(self, scope: Scope, host: bytes) -> bool:
        """Whether the `host` of a request cannot be a stranger's."""
        # A page of a hostile site can make its own name point to this machine (DNS rebinding);
        # the name is then in `Host`.
        name = _host_name(host.decode("latin-1"))
        local = peer_of(scope).local
        return is_loopback(name) or (local is not None and name == local[0])


def _first(found: Iterable[int]) -> int:
    return next(iter(list(found)), rights.NOTHING)


def _host_name(host: str) -> str:
    """The name in a `Host` header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def peer_of(scope: Scope) -> Peer:
    """The connection a request came by."""
    peer: Peer | None = scope.get(PEER)
    return peer if peer is not None else Peer(scope.get("client"), scope.get("server"))


def address_of(scope: Scope) -> str:
    """The address that a caller's doings are counted under.

    Of what comes from this machine it is the one that a proxy on it has named, as proxies add it
    at the end of `X-Forwarded-For`: or all who come by it would be one.
    """
    address = peer_of(scope).address
    if address and not is_loopback(address):
        return address
    named = b""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            named = value.rpartition(b",")[2].strip()
    return named.decode("latin-1")[:100] or address
