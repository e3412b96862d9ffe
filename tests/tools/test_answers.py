"""What servers say, read as JSON."""

from __future__ import annotations

import pytest

from holdfast.tools.client.answers import read_answer
from holdfast.tools.client.errors import BadAnswer


def test_an_object_is_read() -> None:
    assert read_answer(b'{"a": [1, null]}', server="there") == {"a": [1, None]}


@pytest.mark.parametrize(
    "said",
    [b"", b"<html>", b"[]", b"null", b'{"a": "\xff"}', b"[" * 100_000, b'{"a":' * 100_000],
)
def test_what_is_no_object_is_blamed_on_the_server(said: bytes) -> None:
    with pytest.raises(BadAnswer, match="there"):
        read_answer(said, server="there")
