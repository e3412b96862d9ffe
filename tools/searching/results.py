"""Results: all that a query finds, asked for a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...index.query.errors import BadQuery
from ...index.query.pages import Place, Sort, read_token
from ...index.query.request import DescribeRequest, DescribeRule, SearchQuery
from ..client.errors import BadAnswer
from ..client.search import AnswersQuestions, Document
from .documents import object_in, objects_in, text_in
from .items import CONTENT, Item, item_of

PAGE = 500
"""Results that are asked for at once, with what is said of them."""

REFS = 5000
"""Results that are asked for at once where refs are all that is wanted."""

DESCRIBE = DescribeRequest(
    depth=1,
    # Perkeep describes all below a folder; this leaves it least to do.
    max_dir_children=1,
    rules=(DescribeRule(attrs=(CONTENT,)),),
)
"""What an `Item` needs."""


class Results:
    """What a query finds, as items, in its order; for one thread, and to be taken once."""

    def __init__(
        self,
        questions: AnswersQuestions,
        query: SearchQuery,
        *,
        name: str,
        explain: bool = False,
        describe: bool = True,
        at_once: int | None = None,
    ) -> None:
        """`query.most` results at most. `name` is whose answers these are, `at_once` results each.

        `explain` has it told how they are found, and without `describe` items are refs alone.
        """
        self.has_more = False
        """Whether there are more than were asked for, once these are all taken."""
        self.explanation: Document = {}
        """How they were found, as the answer says it, from the first item on."""
        self._questions = questions
        self._query = replace(query, describe=DESCRIBE if describe else None)
        self._token: Place | None = None
        self._name = name
        self._explain = explain
        self._at_once = at_once or (PAGE if describe else REFS)

    def __iter__(self) -> Iterator[Item]:
        query, most = self._query, self._query.most
        if query.sort is Sort.MAP or query.around is not None:
            # What is on such a page depends on its size.
            yield from self._page(query)
            return
        given = 0
        while True:
            # One more than wanted, to see whether there are more.
            asked = self._at_once if most is None else min(self._at_once, most + 1 - given)
            page = self._page(replace(query, limit=asked))
            wanted = page if most is None else page[: most - given]
            yield from wanted
            given += len(wanted)
            self.has_more = len(wanted) < len(page)
            if self.has_more or len(page) < asked:
                return
            if self._token is None:
                yield from self._rest({item.ref for item in page}, most)
                return
            query = replace(query, after=self._token)

    def _rest(self, given: set[str], most: int | None) -> Iterator[Item]:
        """What is behind the first page, where there is no way to go on from it."""
        limit = -1 if most is None else most + 1
        page = self._page(replace(self._query, limit=limit))
        rest = [item for item in page if item.ref not in given]
        left = None if most is None else most - len(given)
        yield from rest[:left]
        self.has_more = left is not None and len(rest) > left

    def _page(self, query: SearchQuery) -> list[Item]:
        answer = self._questions.query(query, explain=self._explain)
        if self._explain:
            self.explanation = object_in(answer, "explain")
            self._explain = False
        token = text_in(answer, "continue")
        try:
            self._token = read_token(token) if token else None
        except BadQuery as error:
            raise BadAnswer(self._name, str(error)) from None
        meta = object_in(object_in(answer, "description"), "meta")
        return [item_of(text_in(blob, "blob"), meta) for blob in objects_in(answer, "blobs")]
