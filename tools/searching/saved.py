"""Saved searches: permanodes whose content is the text of a search, found by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ...blobstore.errors import BadRef
from ...blobstore.ref import Blob, Ref
from ...index.query.constraints import Constraint, PermanodeConstraint
from ...index.query.expression import parse_saved
from ...index.query.pages import Sort
from ...index.query.request import SearchQuery
from ...index.query.scalars import IntConstraint
from ...schema.claims import SetAttribute
from ..claiming.attributes import CONTENT, TITLE, as_text
from ..claiming.desk import Desk
from ..claiming.errors import BadUsage
from ..client.search import AnswersQuestions
from ..client.store import Store
from .items import Item
from .results import Results

NAME = "camliNamedSearch"


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved search."""

    name: str
    permanode: str
    content: str
    """The ref of the blob with its text; empty if it has none."""
    text: str | None
    """What it searches for: an expression, or a constraint in JSON; None if that is not here."""


class Saving(NamedTuple):
    """What saving a search came to."""

    permanode: Ref
    content: Ref
    claims: list[Ref]
    """What was claimed; nothing if it was saved so already."""


def save(desk: Desk, questions: AnswersQuestions, name: str, text: str) -> Saving:
    """Save a search under a name, in the place of what had that name before.

    The text is an expression, or a constraint in JSON. Raises `BadUsage`, `NotText`, `BadQuery`,
    and as `Desk.claim` does.
    """
    text = as_text(text.strip(), "the search")
    if not as_text(name, "the name"):
        raise BadUsage("a saved search has a name: holdfast search --save NAME EXPR...")
    if not text:
        raise BadUsage("say what to search for: holdfast search --save NAME EXPR...")
    parse_saved(text)
    blob = Blob(Ref.of(text.encode(), hash_name=desk.store.hash_name), text.encode())
    found = _named(desk.store, questions, name)
    if found is not None and found.value(CONTENT) == blob.ref:
        return Saving(Ref.parse(found.ref), blob.ref, [])
    # Before the claims, so that nobody finds a search whose text is not there.
    desk.store.send([blob], durable=True)
    if found is not None:
        permanode = Ref.parse(found.ref)
        claims = [SetAttribute(permanode, CONTENT, blob.ref)]
    else:
        permanode = desk.claimer.permanode()
        claims = [
            SetAttribute(permanode, NAME, name),
            SetAttribute(permanode, TITLE, f"named:{name}"),
            SetAttribute(permanode, CONTENT, blob.ref),
        ]
    return Saving(permanode, blob.ref, desk.claim(claims))


def all_saved(questions: AnswersQuestions, store: Store) -> Iterator[Saved]:
    """All searches that are saved, by name."""
    is_named = PermanodeConstraint(attr=NAME, num_value=IntConstraint(min=1))
    query = SearchQuery(constraint=Constraint(permanode=is_named), limit=-1)
    items = sorted(
        Results(questions, query, name=store.name), key=lambda item: (item.value(NAME), item.ref)
    )
    texts = _texts(store, [item.value(CONTENT) for item in items])
    for item in items:
        content = item.value(CONTENT)
        yield Saved(item.value(NAME), item.ref, content, texts.get(content))


def _named(store: Store, questions: AnswersQuestions, name: str) -> Item | None:
    """The permanode of a saved search: of several the newest, which `named:` heeds too."""
    constraint = Constraint(permanode=PermanodeConstraint(attr=NAME, value=name))
    query = SearchQuery(constraint=constraint, sort=Sort.CREATED_DESC, limit=1)
    return next(iter(Results(questions, query, name=store.name)), None)


def _texts(store: Store, contents: list[str]) -> dict[str, str]:
    refs = []
    for content in dict.fromkeys(contents):
        try:
            refs.append(Ref.parse(content))
        except BadRef:
            continue
    found = (blob for blob in store.fetch(refs) if isinstance(blob, Blob))
    return {blob.ref: blob.data.decode("utf-8", "replace") for blob in found}
