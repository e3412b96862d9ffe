"""Lookups: what is known of blobs whose refs, or contents, one has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...blobstore.errors import BadRef
from ...blobstore.ref import Ref
from ..client.errors import BadAnswer
from ..client.search import AnswersQuestions
from .documents import object_in, texts_in
from .items import Item, item_of
from .results import DESCRIBE, PAGE


def files_of(questions: AnswersQuestions, whole: Ref, *, name: str) -> list[Ref]:
    """The files with certain contents, by the ref of all of them; `name` is who is asked.

    Raises `BadAnswer`.
    """
    found = texts_in(object_in(questions.files((whole,)), "files"), whole)
    try:
        return [Ref.parse(ref) for ref in found]
    except BadRef as error:
        raise BadAnswer(name, str(error)) from None


def described(questions: AnswersQuestions, refs: Sequence[Ref]) -> Iterator[Item]:
    """The items of blobs, in the order of their refs."""
    for start in range(0, len(refs), PAGE):
        some = tuple(refs[start : start + PAGE])
        meta = object_in(questions.describe(replace(DESCRIBE, blobrefs=some)), "meta")
        for ref in some:
            yield item_of(ref, meta)
