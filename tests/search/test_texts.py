"""Parts of titles and file names are found, whatever they are written with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.index.query.constraints import Constraint, FileConstraint, PermanodeConstraint
from holdfast.index.query.request import SearchQuery
from holdfast.index.query.scalars import StringConstraint
from holdfast.index.search.service import SearchService
from holdfast.schema.claims import SetAttribute
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file

from .corpora import DATES, KEYS, NODES, PERMANODES, claim_of
from .naive_things import text_fits
from .world import OWNER_KEY

PIECES = [
    *("apple", "Apple", "pie", "x", "1", "2024", "IMG", "ab", "e", " ", " ", "-", "_", ".", "'"),
    # Accents apart and alone, letters that are several in the other case, and no letter's twin.
    *("Äpfel", "e\u0301", "\u0301", "ß", "ẞ", "ss", "ﬁ", "fi", "İ", "\u0131", "i", "Σ", "ς"),
    *("\u03c3", "ǅ", "\u0345", "ᾳ", "ŉ", "\u0390", "ﬃ", "\u017ft", "é", "ñ", "ø", "Ð", "œ"),
    # Forms of others, and what is not seen.
    *("²", "½", "Ⅷ", "①", "ﾊ", "\uff46\uff55", "ｶﾞ", "\u00ad", "\u200d", "\u00a0", "…", "%", "|"),
    # No spaces, marks between letters, and other directions.
    *("日本", "語", "東京タワー", "が", "한국", "각", "ไทย", "ดี", "ักษ์", "हिन्दी", "क्", "עִב", "שׁ"),
    *("عَرَ", "لا", "🎈", "👩\u200d👧", "z" * 41, "q" * 20),
]

texts = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@st.composite
def parts(draw: st.DrawFn, text: str) -> str:
    """Some of a text, perhaps in another case."""
    start = draw(st.integers(0, len(text)))
    part = text[start : draw(st.integers(start, len(text)))]
    return draw(st.sampled_from([part, part, part.upper(), part.lower(), part.swapcase()]))


@st.composite
def asked(draw: st.DrawFn) -> tuple[list[str], list[StringConstraint]]:
    """Up to four texts, and what is asked of them."""
    some = draw(st.lists(texts, min_size=1, max_size=4))
    questions = []
    for _ in range(draw(st.integers(3, 8))):
        of = draw(st.sampled_from(some))
        part = draw(parts(of))
        fields = {"contains": part}
        match draw(st.integers(0, 6)):
            case 0:
                fields = {"equals": draw(parts(of))}
            case 1:
                fields = {"has_prefix": of[: len(part)]}
            case 2:
                fields = {"has_suffix": part}
            case 3:
                fields = {"contains": part, "has_prefix": of[:2]}
            case 4:
                fields = {"has_suffix": of[-1:], "contains": part}
        questions.append(StringConstraint(**fields, case_insensitive=draw(st.booleans())))
    return some, questions


@contextmanager
def indexed(some: list[str]) -> Iterator[SearchService]:
    """An index of as many permanodes, each with a title and a file of that name."""
    blobs: list[Blob] = [*KEYS, *PERMANODES]
    for node, text in zip(NODES, some, strict=False):
        facts = FileFacts(name=text.encode())
        file = write_file(facts, text.encode(), blobs.append)
        for name, value in (("title", text), ("camliContent", file)):
            ref = claim_of(SetAttribute(node, name, value), DATES[0], True)
            blobs.append(ref)
    hub = Hub(MemoryStorage())
    index = Index(MemoryTable(), hub, trusted=frozenset({OWNER_KEY.public.fingerprint}))
    try:
        hub.receive(blobs)
        assert index.settle(20)
        yield index.search
    finally:
        index.close()


def found(service: SearchService, permanode: PermanodeConstraint) -> set[Ref]:
    answer = service.query(SearchQuery(constraint=Constraint(permanode=permanode)))
    return {one["blob"] for one in answer["blobs"] or ()}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(asked())
def test_parts_of_texts_are_found(asked: tuple[list[str], list[StringConstraint]]) -> None:
    some, questions = asked
    with indexed(some) as service:
        for question in questions:
            note(f"{question}")
            expected = {
                node for node, text in zip(NODES, some, strict=False) if text_fits(question, text)
            }
            titled = PermanodeConstraint(attr="title", value_matches=question)
            assert found(service, titled) == expected
            file = Constraint(file=FileConstraint(file_name=question))
            named = PermanodeConstraint(attr="camliContent", value_in_set=file)
            assert found(service, named) == expected
