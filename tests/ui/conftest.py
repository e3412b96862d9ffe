"""Servers, keys, and what Perkeep's tools signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.handlers.auth import Auth
from holdfast.blobstore.handlers.service import BlobService
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Ref
from holdfast.blobstore.table import Table
from holdfast.index.claims import ClaimIndex
from holdfast.index.kv.memory import open_memory
from holdfast.index.opening import open_index
from holdfast.index.search.service import SearchService
from holdfast.schema.identity import new_identity, read_identity
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.signing import Signer
from holdfast.ui.searches import Searches
from holdfast.ui.services import Services

from .served import NOW, Site, World

DATA = Path(__file__).parents[1] / "data" / "schema"


@pytest.fixture(scope="session")
def key() -> SecretKey:
    """The key of Perkeep's that signed what is golden."""
    return read_identity((DATA / "identity-secring.gpg").read_bytes())


@pytest.fixture(scope="session")
def stranger() -> SecretKey:
    return new_identity(time=1_700_000_000)


@pytest.fixture(scope="session")
def golden() -> dict[Ref, bytes]:
    """Every signed blob of three stores of Perkeep's."""
    texts = json.loads((DATA / "signed.json").read_text("utf-8"))
    return {Ref(ref): text.encode() for ref, text in texts.items()}


@pytest.fixture
def new_site() -> Iterator[Callable[..., Site]]:
    """For a server with some signer, or none; the index trusts that signer alone."""
    with ExitStack() as held:

        def make(
            signer: Signer | None,
            *,
            is_indexed: bool = True,
            table: Table | None = None,
            **more: object,
        ) -> Site:
            hub = Hub(MemoryStorage())
            threads = held.enter_context(ThreadPoolExecutor(4))
            blobs = BlobService(
                hub=hub, epoch="here", readers=threads, bulk=threads, writers=threads
            )
            trusted = frozenset({signer.public.fingerprint} if signer else ())
            table = table or open_memory(Path("unused"))
            index = held.enter_context(
                open_index(
                    Path("unused"),
                    hub,
                    open_table=lambda _: table,
                    discard_table=lambda _: None,
                    trusted=trusted,
                )
            )
            assert index.wait(20)
            world = World()
            claims = ClaimIndex(table, hub.storage, trusted=trusted, is_complete=world.is_complete)
            search = SearchService(
                table,
                hub.storage,
                trusted=trusted,
                is_complete=world.is_complete,
                settle=index.settle,
            )
            services = Services(
                blobs=blobs,
                auth=Auth("userpass:u:p:vivify=v", process_token="t" * 40, vivify_token="v" * 40),
                signer=signer,
                claims=claims if is_indexed else None,
                index=index if is_indexed else None,
                searches=Searches(search, threads) if is_indexed else None,
                started=NOW,
                clock=lambda: world.now,
                **more,
            )
            return Site(hub, services, signer, world)

        yield make


@pytest.fixture
def site(new_site: Callable[..., Site], key: SecretKey) -> Site:
    return new_site(key)
