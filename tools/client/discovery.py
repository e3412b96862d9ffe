"""Discovery: what a server says of itself, and where its parts are."""

from __future__ import annotations

from dataclasses import dataclass

from ...blobstore.ref import DEFAULT_HASH, DIGEST_SIZES
from .address import Address
from .answers import read_answer
from .errors import BadAnswer
from .transport import Transport

MEDIA_TYPE = "text/x-camli-configuration"


@dataclass(frozen=True, slots=True)
class Discovery:
    """The part of the discovery document clients of blobs use."""

    blob_root: Address
    generation: str | None
    protocol: int
    """The version of Holdfast's own calls; 0 where the server has none."""
    epoch: str
    hash_name: str = DEFAULT_HASH
    """What the store wants new blobs to be named with."""
    claims_root: Address | None = None
    """Where a Holdfast server tells of claims."""
    search_root: Address | None = None
    share_root: Address | None = None
    """What the refs of shares and of shared blobs follow; None where nothing is shared."""
    owner: str | None = None
    """The ref of the public key the server signs with, if it does; not checked."""
    index_root: Address | None = None
    """Where a Holdfast server is told to make its index again, or to check it."""


def discover(transport: Transport, *, without_own_calls: bool = False) -> Discovery:
    """Ask the server at the transport's address.

    An address with a path is itself the blob root, as with Perkeep's clients. Raises what the
    transport raises, and `BadAnswer`. `without_own_calls` talks as to a Perkeep server.
    """
    address = transport.address
    said = transport.get(f"{address.path}/", headers={"Accept": MEDIA_TYPE})
    document = read_answer(said, server=str(address))
    root = document.get("blobRoot")
    if address.path:
        blob_root = address
    elif isinstance(root, str) and root:
        blob_root = address.resolve(root)
    else:
        raise BadAnswer(str(address), "it names no blob root")
    own = document.get("holdfast")
    protocol, epoch, hash_name, claims, index = 0, "", DEFAULT_HASH, None, None
    if isinstance(own, dict) and not without_own_calls:
        version, name = own.get("protocol"), own.get("epoch")
        # A later protocol would say so with another number; those fall back to Perkeep's.
        if version == 1 and isinstance(name, str):
            protocol, epoch = 1, name
            if own.get("hash") in DIGEST_SIZES:
                hash_name = own["hash"]
            claims = _place(address, own.get("claims"))
            index = _place(address, own.get("index"))
    generation = document.get("storageGeneration")
    signing = document.get("signing")
    owner = signing.get("publicKeyBlobRef") if isinstance(signing, dict) else None
    return Discovery(
        blob_root,
        generation if isinstance(generation, str) else None,
        protocol,
        epoch,
        hash_name,
        claims,
        _place(address, document.get("searchRoot")),
        _place(address, document.get("shareRoot")),
        owner if isinstance(owner, str) else None,
        index,
    )


def _place(address: Address, root: object) -> Address | None:
    return address.resolve(root) if isinstance(root, str) and root else None
