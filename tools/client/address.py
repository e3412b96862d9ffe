"""Where a server is and how to show who one is: addresses and credentials as people write them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from .errors import BadCredentials, BadServerAddress

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A server's base URL, taken apart. `path` never ends in a slash; `/` is empty."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address in a URL or `HOST[:PORT]`; without a scheme it is https, as in Perkeep.

        Raises `BadServerAddress`.
        """
        url = text if "://" in text else f"https://{text}"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadServerAddress(text, str(error)) from None
        if parts.scheme not in DEFAULT_PORTS:
            raise BadServerAddress(text, "it begins with http:// or https://")
        if not parts.hostname or any(c.isspace() or ord(c) < 33 for c in url):
            raise BadServerAddress(text, "it has the form http://HOST:PORT")
        try:
            parts.hostname.encode("idna")
        except UnicodeError:
            raise BadServerAddress(text, f"{parts.hostname!r} is no host's name") from None
        if parts.username is not None:
            raise BadServerAddress(
                text, "name and password go into HOLDFAST_AUTH=userpass:NAME:PASSWORD"
            )
        if parts.query or parts.fragment:
            raise BadServerAddress(text, "it has no ? or #")
        if port is None:
            port = DEFAULT_PORTS[parts.scheme]
        return cls(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = DEFAULT_PORTS[self.scheme] == self.port
        return f"{self.scheme}://{host}{'' if default else f':{self.port}'}{self.path}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a connection is made to."""
        return self.scheme, self.host, self.port

    def resolve(self, path: str) -> Address:
        """The address of `path`, which may be a path, a relative one, or a whole URL."""
        return Address.parse(urljoin(f"{self}/", path))


def authorization(auth: str | None) -> str | None:
    """The `Authorization` header for an `auth` setting, or None where none is sent.

    Raises `BadCredentials`.
    """
    if not auth:
        return None
    kind, _, rest = auth.partition(":")
    if kind in ("none", "localhost", "tailscale"):
        return None
    if kind == "token" and rest:
        if not rest.isascii() or not rest.isprintable():
            raise BadCredentials("has a token that is not plain ASCII")
        return f"Token {rest}"
    if kind in ("userpass", "basic"):
        user, separator, others = rest.partition(":")
        password, *options = others.split(":")
        unknown = [o for o in options if o != "+localhost" and not o.startswith("vivify=")]
        if separator and not unknown:
            return _basic(user, password)
    if kind == "devauth" and rest:
        return _basic("", rest)
    raise BadCredentials("has the form userpass:NAME:PASSWORD, token:SECRET, localhost or none")


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
