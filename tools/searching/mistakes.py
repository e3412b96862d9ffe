"""Mistakes in expressions: shown with what was typed, and a caret below where it goes wrong."""

from __future__ import annotations

from ...index.query.errors import BadExpression
from ..client.errors import SearchRefused
from ..output import Output
from .tables import columns_of, harmless, terminal_width

_WIDTH = 100
_INDENT = "    "
_HINTS = {
    "No support for literals yet": (
        "words anywhere in title, file name or text are found with text:WORDS; a value with spaces"
        " needs quotes that the shell leaves alone: title:'\"two words\"'"
    ),
    "Unknown search predicate": "`holdfast search --help` lists all there are",
    "Wrong number of arguments": (
        "a value with a colon in it needs quotes that the shell leaves alone: after:'\"...\"'"
    ),
}


def show_mistake(error: BadExpression | SearchRefused, out: Output) -> bool:
    """Tell of a mistake in an expression; false if it is not one of those that have a place."""
    if error.start is None:
        return False
    problem = harmless(error.problem)
    hint = next((hint for said, hint in _HINTS.items() if problem.startswith(said)), None)
    out.note(f"holdfast: {problem}" + (f"; {hint}" if hint else ""))
    shown, column = _around(error.expression, error.start, terminal_width(out) or _WIDTH)
    out.note(f"{_INDENT}{shown}")
    out.note(f"{_INDENT}{' ' * column}^")
    return True


def _around(expression: str, start: int, width: int) -> tuple[str, int]:
    """What fits on a line of a text, and the column of a character of it there."""
    most = max(width - len(_INDENT), 20)
    first = 0
    while columns_of(harmless(expression[first:start])) > most * 3 // 4:
        first += max((start - first) // 4, 1)
    last = min(len(expression), start + most)
    before = ("…" if first else "") + harmless(expression[first:start])
    column = columns_of(before)
    while last > start and column + columns_of(harmless(expression[start:last])) >= most:
        last -= max((last - start) // 4, 1)
    rest = harmless(expression[start:last]) + ("…" if last < len(expression) else "")
    return before + rest, column
