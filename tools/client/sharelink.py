"""A share link: what is behind it, fetched blob by blob, each by the way that leads to it."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qs, urlsplit, urlunsplit

from ...blobstore.errors import BadRef, Blame, BlobNotFound, CorruptBlob, HoldfastError
from ...blobstore.ref import MAX_BLOB_SIZE, Blob, Ref
from ...schema.blob import MAX_SCHEMA_SIZE, parse_schema
from ...schema.claims import Share, read_claim
from ...schema.errors import NotClaim, NotSchema
from ...schema.sharing import links
from .address import Address
from .answers import read_answer
from .errors import BadAnswer, BadServerAddress, ServerFailed, StoreUnusable, Unauthorised
from .transport import Transport

AT_ONCE = 8
"""Blobs that are asked for at the same time."""

MAX_VIA = 100
"""Refs that servers let a chain have before the blob that is asked for."""


class BadShareLink(HoldfastError):
    """Text that is no share link."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"{text[:200]!r} is no share link; it has the form https://HOST/share/REF")


class ShareClosed(StoreUnusable):
    """A share that is not there, or no longer, or wants a password, or another one."""

    def __init__(self, url: str, *, gave_password: bool) -> None:
        self.url = url
        what = "another password" if gave_password else "a password: give it with --password-file"
        super().__init__(f"{url} is closed: it has ended or was revoked, or it asks for {what}")


class ShareLink(NamedTuple):
    """Where a share is: the address that refs follow, the share, and the way to what is wanted."""

    root: Address
    share: Ref
    way: tuple[Ref, ...] = ()
    """From the target on; empty where the share itself is named."""


def is_link(text: str) -> bool:
    """Whether text is an address, not a ref."""
    return "://" in text


def parse_link(text: str) -> ShareLink:
    """What a share link says, in any of the forms that servers give. Raises `BadShareLink`."""
    try:
        parts = urlsplit(text.strip())
        folder, _, name = parts.path.rstrip("/").rpartition("/")
        asked = parse_qs(parts.query)
        via = [Ref.parse(one) for one in asked.get("via", [""])[0].split(",") if one]
        root = Address.parse(urlunsplit((parts.scheme, parts.netloc, folder, "", "")))
        share, *way = (*via, Ref.parse(name))
    except (BadRef, BadServerAddress, ValueError):
        raise BadShareLink(text) from None
    return ShareLink(root, share, tuple(way))


class SharedBlobs:
    """The blobs that a share opens. Safe for many threads."""

    def __init__(self, link: ShareLink, *, password: str = "") -> None:
        self.name = f"{link.root}/{link.share}"
        self._share = link.share
        self._root = link.root.path
        self._has_password = bool(password)
        self._transport = Transport(link.root, authorization=_basic(password))
        self._threads = ThreadPoolExecutor(AT_ONCE, "share")
        self._lock = threading.Lock()
        # Of each blob the way that leads to it, the share first.
        self._ways = {ref: (link.share, *link.way[:at]) for at, ref in enumerate(link.way)}

    def close(self) -> None:
        """Hang up."""
        self._threads.shutdown(cancel_futures=True)
        self._transport.close()

    def share(self) -> Share:
        """What the share says. Raises `ShareClosed`, `BadAnswer`, and as the transport does."""
        ref = self._share
        data = self._get(f"/{ref}", most=MAX_SCHEMA_SIZE)
        try:
            says = read_claim(parse_schema(ref, data)).says
        except (NotSchema, NotClaim):
            says = None
        if not ref.is_known or not ref.matches(data) or not isinstance(says, Share):
            raise BadAnswer(self.name, "what it gives is no share")
        if says.target is not None:
            self._ways.setdefault(says.target, (ref,))
        return says

    def fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        """For each of the refs, in order, its verified blob, or why there is none."""
        yield from self._threads.map(self._fetch, refs)

    def thing(self, ref: Ref) -> Mapping[str, object]:
        """What a Holdfast server's page says of something in the share: `name`, `kind`, `content`.

        Raises as `share`.
        """
        said = read_answer(self._get(f"/{self._share}/crumbs?ref={ref}"), server=self.name)
        crumbs = said.get("crumbs")
        thing = crumbs[-1] if isinstance(crumbs, list) and crumbs else None
        if not isinstance(thing, dict):
            raise BadAnswer(self.name, "it does not say what is shared")
        return thing

    @contextmanager
    def contents(self, file: Ref) -> Iterator[Iterator[bytes]]:
        """All bytes of a file as one download, piece by piece. Raises as `share`."""
        with self._asking(f"/{self._share}/file/{file}/contents") as pieces:
            yield pieces

    @contextmanager
    def zipped(self) -> Iterator[Iterator[bytes]]:
        """All that is shared, as a zip, piece by piece. Raises as `share`."""
        with self._asking(f"/{self._share}/zip") as pieces:
            yield pieces

    def _fetch(self, ref: Ref) -> Blob | HoldfastError:
        way = self._ways.get(ref)
        if way is None or len(way) > MAX_VIA or not ref.is_known:
            return BlobNotFound(ref)
        try:
            data = self._get(f"/{ref}?via={','.join(way)}")
        except ServerFailed as error:
            if error.status == 404:
                return BlobNotFound(ref)
            raise
        if not ref.matches(data):
            return CorruptBlob(ref, self.name)
        self._note(data, (*way, ref))
        return Blob(ref, data)

    def _note(self, data: bytes, way: tuple[Ref, ...]) -> None:
        """Remember the way to what a blob leads to."""
        try:
            schema = parse_schema(way[-1], data)
        except NotSchema:
            return
        with self._lock:
            for member in links(schema):
                self._ways.setdefault(member, way)

    def _get(self, path: str, *, most: int = MAX_BLOB_SIZE) -> bytes:
        pieces: list[bytes] = []
        size = 0
        with self._asking(path) as answer:
            for piece in answer:
                size += len(piece)
                if size > most:
                    raise BadAnswer(self.name, f"an answer has more than {most} bytes")
                pieces.append(piece)
        return b"".join(pieces)

    @contextmanager
    def _asking(self, path: str) -> Iterator[Iterator[bytes]]:
        try:
            with self._transport.streaming("GET", f"{self._root}{path}") as pieces:
                yield pieces
        except Unauthorised:
            raise ShareClosed(self.name, gave_password=self._has_password) from None


def _basic(password: str) -> str | None:
    """The header that gives a password; whose it is nobody asks."""
    if not password:
        return None
    return "Basic " + base64.b64encode(f"share:{password}".encode()).decode()
