"""What shares are called where they are listed."""

from __future__ import annotations

import json

from ...index.search.desk import Desk
from ...index.search.items import Items
from ...schema.claims import Share
from .lists import Lists
from .wording import count_words


def title_of(share: Share, desk: Desk) -> str:
    """What is shared, in a few words; empty if it has no name."""
    if share.target is None:
        return search_text(share)
    listed = Lists().at(desk, share.target).refs
    if listed:
        return count_words(len(listed), "thing")
    item = Items(desk.reader, desk.storage).of(share.target)
    return "" if item is None else item.title


def search_text(share: Share) -> str:
    """The search that is shared, as the owner may have typed it; empty without one."""
    if share.search is None:
        return ""
    match share.search:
        case {"expression": str(expression)} if len(share.search) == 1:
            return expression
        case {"constraint": constraint} if len(share.search) == 1:
            return f"raw:{json.dumps(constraint, ensure_ascii=False)}"
    return json.dumps(share.search, ensure_ascii=False)
