"""Which store a command uses: a named server, else this machine's server, else its store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from ...blobstore.errors import StoreBusy
from ...blobstore.ref import Ref
from ..config import Config, parse_listen
from ..wiring import begin_rebuild, open_hub, open_index
from .address import Address, authorization
from .discovery import discover
from .errors import NoStore, StoreLocked, Unreachable
from .holdfast import HoldfastStore
from .local import LocalStore
from .perkeep import PerkeepStore
from .store import Store
from .transport import Transport


@contextmanager
def open_store(config: Config, *, server: str | None = None, make: bool = False) -> Iterator[Store]:
    """The store to work on, as long as this lasts.

    `server` overrides the configured one. Without either the server at the configured
    listening address is used, and if none answers there the local store is opened; it is made
    only if `make`. Raises `Unreachable`, `Unauthorised`, `BadAnswer`, `NoStore`, `StoreLocked`,
    and what opening a store raises.
    """
    named = server or config.client.server
    if named is not None:
        # The configured credentials are for the configured server alone.
        from_environment = config.origins.get("client.auth", "").startswith("environment")
        same = server is None or server == config.client.server
        auth = config.client.auth if same or from_environment else None
        store = connect(Address.parse(named), auth=auth)
    else:
        url = local_server(config)
        try:
            store = connect(url, auth=config.client.auth)
        except Unreachable as error:
            if not error.refused:
                raise
            with _local(config, url, make=make) as local:
                yield local
            return
    try:
        yield store
    finally:
        store.close()


def connect(address: Address, *, auth: str | None, without_own_calls: bool = False) -> Store:
    """A server's store; `without_own_calls` uses nothing a Perkeep server lacks."""
    transport = Transport(address, authorization=authorization(auth))
    found = discover(transport, without_own_calls=without_own_calls)
    if found.blob_root.origin != address.origin:
        # Credentials are for the server that was named; another one it points to gets none.
        transport.close()
        transport = Transport(found.blob_root)
    return (HoldfastStore if found.protocol else PerkeepStore)(transport, found)


def local_server(config: Config) -> Address:
    """Where this machine's server would answer."""
    host, port = parse_listen(config.server.listen)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return Address("http", host, port, "")


@contextmanager
def _local(config: Config, url: Address, *, make: bool) -> Iterator[Store]:
    path = config.storage.path
    if not make and not path.exists():
        raise NoStore(str(url), str(path))
    try:
        with (
            open_hub(config.storage) as hub,
            closing(
                LocalStore(
                    hub,
                    partial(open_index, config, hub, reads=False),
                    path,
                    begin_rebuild=partial(begin_rebuild, config, hub),
                    count_downloads=partial(_downloads, config.folders.data / "shares"),
                    hash_name=config.storage.hash_name,
                )
            ) as store,
        ):
            yield store
    except StoreBusy as error:
        raise StoreLocked(str(url), error.path, error.owner) from None


def _downloads(folder: Path, shares: Sequence[Ref]) -> Mapping[Ref, int]:
    """How often shares were downloaded from the server whose records are in `folder`."""
    # Imported here: few ask.
    from ...ui.shares.records import TALLY_NAME
    from ...ui.shares.tally import Tally

    if not (folder / TALLY_NAME).exists():
        return {}
    with Tally(folder / TALLY_NAME) as tally:
        return tally.used(shares)
