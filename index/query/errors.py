"""What can be wrong with a query, and where."""

from __future__ import annotations

from ...blobstore.errors import Blame, HoldfastError
from .quoting import quoted

_SHOWN = 1000
"""How many characters of an expression, or a part of it, the text of an error repeats."""


class BadQuery(HoldfastError):
    """A query that cannot be answered as it stands.

    `why` is what the reference says where it says something; `path` leads through the JSON to
    the part that is meant (`constraint.logical.a`), and is empty for the query as a whole.
    """

    blame = Blame.CALLER

    def __init__(self, why: str, *, path: str = "") -> None:
        self.why, self.path = why, path
        super().__init__(f"Invalid SearchQuery: {why}" + (f" (at {path})" if path else ""))


class BadExpression(BadQuery):
    """Text that is no search expression.

    `start` is where in `expression` the trouble is, in characters, and at most its length.
    `position` is what the reference would say: bytes from the first that is no white space, and
    -1 where something is missing at the end.
    """

    def __init__(
        self, expression: str, problem: str, *, token: str, start: int, position: int
    ) -> None:
        self.expression, self.problem, self.token = expression, problem, token
        self.start, self.position = start, position
        super().__init__(
            f"Error parsing search expression {quoted(_cut(expression))}: {_cut(problem)}"
            f" at position {position}, token: {quoted(_cut(token))}"
        )


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
