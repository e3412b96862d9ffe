"""Reading the JSON of schema blobs: as strict and as lenient as Perkeep's reader.

Keys match in any case, unknown keys are ignored, null is as good as nothing, the last of two
values counts. But a known key with a value of the wrong type, or a second ref for one key, and
the blob says nothing at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TypeVar

from ..blobstore.errors import BadRef
from ..blobstore.ref import Ref
from .errors import BadTimestamp
from .names import text_of, without_surrogates
from .timestamps import Timestamp, parse_time

Found = TypeVar("Found")

MAX_DEPTH = 200
"""How deep objects and arrays may be nested, the outermost counted.

A fixed number, far from Python's own limit, which depends on who calls: whether a blob is a schema
blob must not. Perkeep's is 10 000; nothing is known that needs more than some dozens.
"""

_INT_MAX = (1 << 63) - 1
_UINT_MAX = (1 << 64) - 1


class BadJson(ValueError):
    """Why some bytes are not the JSON object that was asked for."""


class Pairs(list[tuple[str, object]]):
    """A JSON object as it stands: keys may come more than once."""

    __slots__ = ()


def read_object(data: bytes) -> Pairs:
    """The one JSON object that `data` is. Raises `BadJson`."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        # One U+FFFD for each byte that is no UTF-8.
        text = without_surrogates(text_of(data))
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise BadJson("objects nested too deep") from None
    except ValueError as error:
        raise BadJson(str(error)) from None
    if not isinstance(value, Pairs):
        raise BadJson("no JSON object")
    # Without so many brackets there is no need to look.
    if text.count("{") + text.count("[") > MAX_DEPTH and _is_too_deep(value):
        raise BadJson("objects nested too deep")
    return value


class FieldReader:
    """The known fields of one object, by their names, each read as the type it must have.

    Every method gives None, or an empty value, for what is absent or null, and raises `BadJson`
    for a value of another type.
    """

    __slots__ = ("_values",)

    def __init__(self, pairs: Pairs, known: Mapping[str, str], refs: frozenset[str]) -> None:
        """`known` are folded names and the names asked for, `refs` those that hold one ref."""
        values: dict[str, object] = {}
        for key, value in pairs:
            name = known.get(key) or known.get(folded(key))
            if name is None:
                continue
            if name in refs and name in values:
                raise BadJson(f"{name} is given twice")
            if value is not None:
                values[name] = value
        self._values = values

    def has_none_of(self, names: frozenset[str]) -> bool:
        """Whether all of `names` are absent or null."""
        return names.isdisjoint(self._values)

    def text(self, name: str) -> str:
        value = self._get(name, str)
        return "" if value is None else without_surrogates(value)

    def integer(self, name: str) -> int | None:
        value = self._get(name, int)
        if value is None:
            return None
        if isinstance(value, bool) or not -_INT_MAX - 1 <= value <= _INT_MAX:
            raise BadJson(f"{name} is no integer")
        return value

    def size(self, name: str) -> int:
        value = self._get(name, int)
        if value is None:
            return 0
        if isinstance(value, bool) or not 0 <= value <= _UINT_MAX:
            raise BadJson(f"{name} is no size")
        return value

    def boolean(self, name: str) -> bool:
        return self._get(name, bool) or False

    def time(self, name: str) -> Timestamp | None:
        try:
            return parse_time(self._get(name, str) or "")
        except BadTimestamp as error:
            raise BadJson(f"{name}: {error}") from None

    def array(self, name: str) -> list[object]:
        value = self._get(name, list)
        if isinstance(value, Pairs):
            raise BadJson(f"{name} is no array")
        return value or []

    def ref(self, name: str) -> Ref | None:
        value = self._values.get(name)
        return None if value is None else as_ref(value, name)

    def anything(self, name: str) -> object:
        return plain(self._values.get(name))

    def _get(self, name: str, kind: type[Found]) -> Found | None:
        value = self._values.get(name)
        if value is None or isinstance(value, kind):
            return value
        raise BadJson(f"{name} is of the wrong type")


def as_ref(value: object, name: str) -> Ref:
    """A ref from a JSON value. Raises `BadJson`."""
    if not isinstance(value, str):
        raise BadJson(f"{name} is no ref")
    try:
        return Ref.parse(value)
    except BadRef as error:
        raise BadJson(f"{name}: {error}") from None


def plain(value: object) -> object:
    """A JSON value with objects as dicts, the last of equal keys counting."""
    if isinstance(value, Pairs):
        return {without_surrogates(key): plain(item) for key, item in value}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return without_surrogates(value) if isinstance(value, str) else value


def folded(key: str) -> str:
    """A key without regard to case, letter by letter."""
    fold = key.casefold()
    # Full folding makes two letters of one, which the reference does not.
    return fold if len(fold) == len(key) else key


def _is_too_deep(value: Pairs) -> bool:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for outer in level:
            if isinstance(outer, Pairs):
                inner += [item for _, item in outer if isinstance(item, list)]
            elif isinstance(outer, list):
                inner += [item for item in outer if isinstance(item, list)]
        if not inner:
            return False
        level = inner
    return True


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadJson("a number out of range")
    return value


def _no_constant(text: str) -> object:
    raise BadJson(f"{text} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs, parse_float=_finite, parse_constant=_no_constant
)
