"""The text of HTML pages."""

from __future__ import annotations

import re
from html import unescape

# The standard library's parser takes quadratic time over some unfinished tags; this needs to find
# words only, and goes over the page once.
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,30})")
_HIDDEN = {
    name: re.compile(rf"</{name}(?![a-zA-Z0-9])", re.IGNORECASE)
    for name in ("script", "style", "template", "noscript", "iframe", "svg", "math", "object")
}
_INSIDE_LINES = re.compile(
    "a|abbr|b|bdi|bdo|big|cite|code|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub"
    "|sup|tt|u|var|wbr"
)
# More digits than any character has, which take quadratic time to read, are no character.
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_SPACE = re.compile(r"[ \t\r\f\v\xa0]+")
_LINES = re.compile(r" ?\n\s*")


def text_of_html(page: str) -> str:
    """The text that readers of a page see, its title first; not scripts, styles and comments."""
    pieces: list[str] = []
    at = 0
    while (start := page.find("<", at)) >= 0:
        pieces.append(page[at:start])
        at = _behind(page, start, pieces)
    pieces.append(page[at:])
    text = unescape(_LONG_NUMBER.sub("\ufffd", "".join(pieces)))
    return _LINES.sub("\n", _SPACE.sub(" ", text)).strip()


def _behind(page: str, start: int, pieces: list[str]) -> int:
    """Where text goes on behind the markup at `start`; what is not closed goes to the end."""
    if page.startswith("<!--", start):
        return _after(page, "-->", start + 4)
    tag = _TAG.match(page, start)
    if tag is None:
        if page.startswith(("<!", "<?", "</"), start):
            return _after(page, ">", start)
        pieces.append("<")
        return start + 1
    name = tag[2].lower()
    if _INSIDE_LINES.fullmatch(name) is None:
        pieces.append("\n")
    if not tag[1] and name in _HIDDEN:
        end = _HIDDEN[name].search(page, tag.end())
        return len(page) if end is None else _after(page, ">", end.end())
    return _after(page, ">", tag.end())


def _after(page: str, mark: str, at: int) -> int:
    end = page.find(mark, at)
    return len(page) if end < 0 else end + len(mark)
