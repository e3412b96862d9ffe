"""The desk: a store, and whoever speaks there; what every command about claims works at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import Ref
from ...schema.claims import Multi, Statement
from ...schema.errors import SchemaTooLarge
from ...schema.folding import ClaimSet
from ...schema.signing import Signer
from ..client.errors import CannotTellClaims
from ..client.opening import open_store
from ..client.store import KnowsClaims, Store
from ..config import Config
from ..identity import open_signer
from .claimer import Claimer
from .errors import ValueTooLong
from .things import Thing, demand_permanode, demand_stored, look_up


class Desk:
    """Where claims are read and made. Without a `signer` they are read only."""

    def __init__(self, store: Store, signer: Signer | None = None) -> None:
        self.store = store
        self._signer = signer
        self._said: Ref | None = None

    @cached_property
    def claimer(self) -> Claimer:
        """Who speaks here."""
        assert self._signer is not None, "a desk for reading"
        return Claimer(self.store, self._signer)

    def about(self, ref: Ref) -> ClaimSet:
        """What is claimed about a permanode or claim. Raises `CannotTellClaims`."""
        return self._known().claims_about(ref)

    def about_if_told(self, ref: Ref) -> ClaimSet | None:
        """What is claimed about `ref`; None where the store cannot tell."""
        try:
            return self.about(ref)
        except CannotTellClaims:
            return None

    def shares(self) -> ClaimSet:
        """All shares. Raises `CannotTellClaims`."""
        return self._known().shares()

    def downloads(self, shares: Sequence[Ref]) -> Mapping[Ref, int]:
        """How often these shares were downloaded, as far as is known. Raises as `shares`."""
        return self._known().downloads(shares)

    def permanode(self, ref: Ref, *, force: bool = False) -> Thing:
        """The permanode `ref`; by `force` also one that is not stored.

        Raises `NotStored`, `NotPermanode`, and why its blob cannot be read.
        """
        (found,) = look_up(self.store, (ref,))
        if isinstance(found, HoldfastError):
            raise found
        demand_stored(found, self.store, force=force)
        demand_permanode(found)
        return found

    def claim(self, says: Sequence[Statement | Multi]) -> list[Ref]:
        """Claim all this, in this order, now; the claims' refs.

        Raises `ValueTooLong`, and as `Claimer.claim` does.
        """
        try:
            refs = self.claimer.claim(*says)
        except SchemaTooLarge as error:
            raise ValueTooLong("what is claimed", error.limit) from None
        self._said = refs[-1] if refs else self._said
        return refs

    def distrust(self) -> str | None:
        """Why what was claimed here does not count in the store.

        None if it does, or if nobody can tell.
        """
        if self._said is None or self._signer is None:
            return None
        try:
            # Nothing is claimed about the newest claim yet, so this costs little.
            trusted = self.about(self._said).trusted
        except HoldfastError:
            # It was said, and that is not undone because nobody can tell yet what it comes to.
            return None
        if self.claimer.signer_ref in trusted:
            return None
        return (
            f"claims by key {self._signer.public.fingerprint} do not count in {self.store.name};"
            " if the server was started before the key was made, start it anew; else add the key to"
            " identity.trusted in its settings, and start it anew"
        )

    def _known(self) -> KnowsClaims:
        if not isinstance(self.store, KnowsClaims):
            raise CannotTellClaims(self.store.name)
        return self.store


@contextmanager
def open_desk(
    config: Config, *, server: str | None, signs: bool, note: Callable[[str], None]
) -> Iterator[Desk]:
    """The desk to work at, as long as this lasts. `signs` if something is to be claimed there.

    At the end `note` is told if claims that were made do not count. Raises `NoIdentity`, what a
    signer raises, and what `open_store` raises.
    """
    signer = open_signer(config.identity) if signs else None
    with open_store(config, server=server, make=signs) as store:
        desk = Desk(store, signer)
        yield desk
        if (why := desk.distrust()) is not None:
            note(f"holdfast: {why}")
