"""What a new permanode is to be like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import Ref
from ...schema.claims import AddAttribute, AttributeChange
from .attributes import MEMBER, as_text, first_claims, new_values, parse_pair, parse_tags
from .desk import Desk
from .things import demand_permanode, demand_stored, look_up


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """The attributes of a permanode to be made."""

    content: Ref | None
    title: str | None
    tags: tuple[str, ...]
    members: tuple[Ref, ...]
    pairs: tuple[tuple[str, str], ...]

    def demand_refs(self, desk: Desk, *, force: bool) -> None:
        """See that all it refers to is there.

        Raises `NotStored`, unless by `force`, and `NotPermanode` for a member that is none.
        """
        content = () if self.content is None else (self.content,)
        refs = (*content, *self.members)
        for ref, found in zip(refs, look_up(desk.store, refs), strict=True):
            if isinstance(found, HoldfastError):
                raise found
            demand_stored(found, desk.store, force=force)
            if ref in self.members:
                demand_permanode(found)

    def claims(self, permanode: Ref) -> Iterator[AttributeChange]:
        """What makes a permanode like this."""
        yield from first_claims(permanode, content=self.content, title=self.title, tags=self.tags)
        for member in self.members:
            yield AddAttribute(permanode, MEMBER, member)
        yield from new_values(permanode, self.pairs)


def read_description(
    *,
    content: str | None = None,
    title: str | None = None,
    tags: Sequence[str] = (),
    members: Sequence[str] = (),
    pairs: Sequence[str] = (),
) -> Description:
    """A description from what was typed. Raises `BadRef`, `NotText`, `BadUsage`."""
    return Description(
        content=None if content is None else Ref.parse(content),
        title=None if title is None else as_text(title, "the title"),
        tags=parse_tags(tags),
        members=tuple(dict.fromkeys(Ref.parse(ref) for ref in members)),
        pairs=tuple(parse_pair(pair) for pair in pairs),
    )
