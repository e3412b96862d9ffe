"""Refusals: what of several refs could not be done, told one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import Ref
from .. import exits
from ..output import Output
from .desk import Desk
from .things import Thing, demand_stored, look_up


class Refusals:
    """Tells of each ref that is refused; where there is only one, that is the command's error."""

    def __init__(self, refs: Iterable[str], out: Output, *, as_json: bool) -> None:
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

    def _refuse(self, ref: Ref, error: HoldfastError) -> None:
        if len(self.refs) == 1:
            raise error
        self.code = exits.FAILED
        self._out.note(f"holdfast: {error}")
        if self._as_json:
            self._out.json({"ref": ref, "error": str(error)})
