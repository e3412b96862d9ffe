"""What texts are found by: the same words, however they are written, and wherever they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.index.words import (
    MOST_LETTERS,
    MOST_WORDS,
    distinct_words,
    is_letter,
    plain,
    uncut,
    words_of,
)

texts = st.text(
    st.one_of(st.characters(), st.sampled_from("aZ9_ -é\u0301ßİΣς한\u0e33日本कि\u00ad"))
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("The Quick-brown fox's 2 legs", ["the", "quick", "brown", "fox", "s", "2", "legs"]),
        ("IMG_2013-02.JPG", ["img", "2013", "02", "jpg"]),
        ("Café CAFE\u0301 café", ["cafe", "cafe", "cafe"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("ΟΔΟΣ οδός", ["οδοσ", "οδοσ"]),
        ("İstanbul", ["istanbul"]),
        ("Ёлка", ["елка"]),
        ("ﬁne №1 \uff21\uff22\uff23", ["fine", "no1", "abc"]),
        ("co\u00adoperate", ["cooperate"]),
        ("\u0645\u06cc\u200c\u062e\u0648", ["\u0645\u06cc\u062e\u0648"]),
        ("हिन्दी किताब", ["हिनदी", "किताब"]),
        ("தமிழ்_நாடு", ["தமிழ", "நாடு"]),
        ("東京都2020年", ["東", "京", "都", "東京", "京都", "2020", "年"]),
        ("กขค", ["ก", "ข", "ค", "กข", "ขค"]),
        ("\U0001f600 | %7C \u2028", ["7c"]),
    ],
)
def test_words_are_what_is_written_without_case_accents_and_signs(
    text: str, words: list[str]
) -> None:
    assert list(words_of(text)) == words


def test_korean_is_found_however_it_is_encoded() -> None:
    assert list(words_of("한국")) == list(words_of("\u1112\u1161\u11ab\u1100\u116e\u11a8"))


@given(texts, texts)
def test_a_text_within_another_is_within_it_when_both_are_plain(one: str, other: str) -> None:
    assert plain(one + other) == plain(one) + plain(other)


@given(texts)
def test_what_is_plain_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(texts)
def test_words_are_made_of_letters_and_all_letters_are_in_words(text: str) -> None:
    assert {*"".join(words_of(text))} == {*filter(is_letter, plain(text))}


@given(st.lists(texts))
def test_words_are_not_cut_where_pieces_end(pieces: list[str]) -> None:
    again = list(uncut(pieces))
    assert "".join(again) == "".join(pieces)
    found = [word for piece in again for word in words_of(piece)]
    assert found == list(words_of("".join(pieces)))


def test_text_without_any_gap_is_cut_rather_than_kept() -> None:
    pieces = list(uncut("a" * 100_000 for _ in range(5)))
    assert max(map(len, pieces)) == 100_000


def test_each_word_is_told_once_in_order() -> None:
    assert distinct_words(["b a", "A c b"]) == ["a", "b", "c"]


def test_the_empty_word_tells_of_words_too_long_to_be_told() -> None:
    long = "x" * (MOST_LETTERS + 1)
    assert distinct_words([f"a {long}", long]) == ["", "a"]
    assert distinct_words([long[1:]]) == [long[1:]]


def test_the_first_of_very_many_words_are_told_and_that_there_are_more() -> None:
    words = [f"w{number:05}" for number in range(MOST_WORDS)]
    assert distinct_words([" ".join(words)]) == words
    assert distinct_words([" ".join(words), *words]) == words
    assert distinct_words([" ".join(words), "z", "zz"]) == ["", *words]
    assert distinct_words(["x" * 99, *words, "z"]) == ["", *words]
