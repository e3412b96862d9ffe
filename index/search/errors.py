"""What can keep a question from being answered."""

from __future__ import annotations

from ...blobstore.errors import Blame, HoldfastError
from ..query.errors import BadQuery
from ..query.quoting import quoted


class TooMuchToRead(HoldfastError):
    """A question that would have read more of the index than one question may."""

    blame = Blame.CALLER

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"this search would read more than {most} rows of the index; narrow it, for example"
            " with a tag, a date or another sort"
        )


class IndexBehind(HoldfastError):
    """The index does not know yet what the store has, so an answer might lack something."""

    def __init__(self) -> None:
        super().__init__("the index is catching up with the store; try again")


class NotIndexedByValue(HoldfastError):
    """A lookup of permanodes by an attribute for which there is none; the words are Perkeep's."""

    blame = Blame.CALLER

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        super().__init__(
            "SearchPermanodesWithAttr: called with a non-indexed attribute"
            f" {quoted(attribute[:100])}; search for attr:NAME:VALUE instead"
        )


class NoFuzzyLookup(HoldfastError):
    """A lookup in all attributes, or by what a value is like; the words are Perkeep's."""

    blame = Blame.CALLER

    def __init__(self) -> None:
        super().__init__(
            "TODO: SearchPermanodesWithAttr: generic indexer doesn't support FuzzyMatch on"
            " PermanodeByAttrRequest; name an attribute, or search for attr:NAME:~VALUE instead"
        )


class NoSuchPermanode(HoldfastError):
    """No permanode ever had a value; the words are Perkeep's."""

    blame = Blame.ABSENCE

    def __init__(self) -> None:
        super().__init__("file does not exist")


class UnknownPlace(BadQuery):
    """The name of a place that nobody here has heard of; the words are Perkeep's."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"No location found for {quoted(name[:100])}")


class NoPlaceNames(BadQuery):
    """The name of a place where no names of places are installed."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"No location found for {quoted(name[:100])}: no names of places are installed; install"
            " holdfast[places], or ask for locrect:NORTH,WEST,SOUTH,EAST"
        )


class UnknownSearch(BadQuery):
    """The name of a saved search under which none is saved; the words are Perkeep's."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"No named search found for: {name[:100]}")


class BadSavedSearch(BadQuery):
    """A saved search that means nothing; `problem` says why, and what to do."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"the saved search {quoted(name[:100])}: {problem}")
