"""What can go wrong between a client and a server, and what to do about it."""

from __future__ import annotations

import json
from typing import ClassVar

from ...blobstore.errors import Blame, HoldfastError


class BadServerAddress(HoldfastError):
    """Text that names no server. A password may stand before an `@`, so that is not shown."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, text: str, why: str) -> None:
        self.text = text
        _, at, rest = text.rpartition("@")
        shown = f"...@{rest}" if at else text
        super().__init__(f"not a server's address: {shown[:100]!r}: {why}")


class BadCredentials(HoldfastError):
    """An `auth` text that cannot be used. It is a secret, so it is not shown."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, why: str) -> None:
        super().__init__(f"the auth setting {why}")


class StoreUnusable(HoldfastError):
    """What concerns a store as a whole: with any other blob the same would happen."""


class Unreachable(StoreUnusable):
    """No answer: nothing listens there, or the connection broke, or it took too long."""

    def __init__(self, url: str, why: str, *, refused: bool = False) -> None:
        self.url, self.why = url, why
        self.refused = refused
        """Whether nothing listens there, so nothing of the request can have arrived."""
        super().__init__(f"cannot reach {url}: {why}; is the server running?")


class Unauthorised(StoreUnusable):
    """The server wants other credentials, or any."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(
            f"{url} refused the credentials; set HOLDFAST_AUTH=userpass:NAME:PASSWORD,"
            " or client.auth in the config file"
        )


class ServerFailed(StoreUnusable):
    """An answer that is no answer to what was asked."""

    def __init__(self, url: str, status: int, body: bytes = b"") -> None:
        self.url, self.status, self.body = url, status, body
        said = _said(body)[:300].strip().replace("\n", " ")
        super().__init__(f"{url} answered {status}{': ' + said if said else ''}")


def _said(body: bytes) -> str:
    """The words of an answer, which may be one member of an object."""
    try:
        found = json.loads(body)["error"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return body.decode("utf-8", "replace")
    return str(found)


class BadAnswer(StoreUnusable):
    """An answer that breaks the protocol."""

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, why
        super().__init__(f"{url} does not speak the blob protocol: {why}; is the address right?")


class Refused(StoreUnusable):
    """Blobs the server would not store."""

    def __init__(self, url: str, ref: str, why: str) -> None:
        self.url, self.ref, self.why = url, ref, why
        super().__init__(f"{url} refused blob {ref}: {why}")


class DeferredLost(StoreUnusable):
    """The server restarted before what it was sent was durable: send it again."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(f"{url} restarted meanwhile; run the same command again")


class StoreReplaced(StoreUnusable):
    """The server came back with another store, or one that lost blobs."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(f"{url} restarted with another store; run the same command again")


class NoStore(StoreUnusable):
    """Neither a server nor a store on this machine."""

    def __init__(self, url: str, path: str) -> None:
        self.url, self.path = url, path
        super().__init__(
            f"no server at {url} and no store in {path}; run `holdfast init`, then `holdfast serve`"
        )


class StoreLocked(StoreUnusable):
    """The local store belongs to a process that does not answer as a server."""

    def __init__(self, url: str, path: str, owner: str) -> None:
        self.url, self.path, self.owner = url, path, owner
        super().__init__(
            f"the store {path} is in use by {owner}, and no server answers at {url};"
            " if a server runs elsewhere, name it with --server or HOLDFAST_SERVER"
        )


class CannotTellClaims(StoreUnusable):
    """A store that has blobs, and no answer to what is claimed."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(
            f"{url} cannot tell what is claimed there; name a Holdfast server with --server"
        )


class CannotSearch(StoreUnusable):
    """A server that has blobs, and no search."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(
            f"{url} cannot be searched: it has no search, or has it elsewhere; name a Holdfast"
            " server with --server"
        )


class CannotAnswer(StoreUnusable):
    """A question that Perkeep's search has no answer to."""

    def __init__(self, url: str, what: str) -> None:
        self.url, self.what = url, what
        super().__init__(
            f"{url} cannot tell {what}: only a Holdfast server can; name one with --server"
        )


class CannotReindex(StoreUnusable):
    """A server that cannot be told to make its index again."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(
            f"{url} cannot be told to make or check an index; name a Holdfast server with --server"
        )


class ServerGaveUp(HoldfastError):
    """Work on its index that a server has begun and not brought to its end."""

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, why
        super().__init__(f"{url} did not finish: {why}; run the command again to go on")


class SearchRefused(HoldfastError):
    """A question that a server finds no sense in.

    Where that is because of `expression`, `problem` says why alone, and `start` where in it, in
    characters.
    """

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(
        self, said: str, *, expression: str = "", problem: str = "", start: int | None = None
    ) -> None:
        self.expression, self.problem, self.start = expression, problem, start
        super().__init__(said)
