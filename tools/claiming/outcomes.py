"""Outcomes: what a command made, or could not make, told ref by ref."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Sequence

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import Ref
from .. import exits
from ..output import Output
from .desk import Desk
from .things import Thing, demand_stored, look_up


def add_refs(parser: ArgumentParser, meaning: str) -> None:
    """Let a command take several refs, of what `meaning` says, and what goes with them."""
    parser.add_argument("refs", nargs="+", metavar="REF", help=meaning)
    parser.add_argument("--force", action="store_true", help="also what is not stored (yet)")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="one JSON object for each ref")


def tell_claims(permanode: Ref, claims: Sequence[Ref], out: Output, *, as_json: bool) -> None:
    """Tell of the claims that were made about one permanode."""
    if as_json:
        out.json({"permanode": permanode, "claims": list(claims)})
    else:
        for claim in claims:
            out.line(claim)


class Outcomes:
    """Tells what becomes of each of several refs.

    Those that are refused are told of and left out; a single one is the command's error.
    """

    def __init__(self, refs: Iterable[str], out: Output, *, as_json: bool) -> None:
        """`refs` are as they were typed. Raises `BadRef`."""
        self.refs = list(dict.fromkeys(Ref.parse(text) for text in refs))
        self.code = exits.DONE
        """How the command ends, by what was refused so far."""

        self._out = out
        self._as_json = as_json

    def accepted(
        self, desk: Desk, demand: Callable[[Thing], None], *, force: bool | None = None
    ) -> Iterator[Thing]:
        """The refs that are stored, or forced, and of which `demand` does not raise."""
        for ref, found in zip(self.refs, look_up(desk.store, self.refs), strict=True):
            try:
                if isinstance(found, HoldfastError):
                    raise found
                demand_stored(found, desk.store, force=force)
                demand(found)
            except HoldfastError as error:
                self._refuse(ref, error)
            else:
                yield found

    def tell(self, ref: Ref, **made: Ref) -> None:
        """Tell what was made for `ref`, by its name in JSON."""
        if self._as_json:
            self._out.json({"ref": ref, **made})
        else:
            for blob in made.values():
                self._out.line(blob)

    def _refuse(self, ref: Ref, error: HoldfastError) -> None:
        if len(self.refs) == 1:
            raise error
        self.code = exits.FAILED
        self._out.note(f"holdfast: {error}")
        if self._as_json:
            self._out.json({"ref": ref, "error": str(error)})
