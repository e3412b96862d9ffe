"""Chains: from a blob up to what keeps it, each line saying how it holds the one above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..output import Output
from .documents import object_in, objects_in, text_in
from .tables import Column, Table

_HOW = 24
_TYPE = 10

_HELD = {"share": ("shares it", "shared it once"), "claim": ("it is about this",) * 2}


def write_chains(answer: Mapping[str, object], out: Output) -> None:
    """Write each way that leads from a blob to something that nothing else holds."""
    table = Table(out, (Column(_HOW), Column(_TYPE)))
    for number, path in enumerate(_paths(answer)):
        if number:
            out.line("")
        for step in path:
            deleted = " (deleted)" if step.get("deleted") is True else ""
            name = text_in(step, "name")
            table.line(text_in(step, "ref"), (_held(step), _type(step)), f"{name}{deleted}".strip())


def is_missing(answer: Mapping[str, object]) -> bool:
    """Whether the blob that was asked for is not stored."""
    return text_in(object_in(answer, "is"), "type") == "missing"


def is_alone(answer: Mapping[str, object]) -> bool:
    """Whether nothing holds the blob."""
    return not any(objects_in(answer, "because"))


def _paths(answer: Mapping[str, object]) -> Iterator[list[Mapping[str, object]]]:
    found = answer.get("paths")
    for path in found if isinstance(found, list) else ():
        yield list(objects_in({"path": path}, "path"))


def _held(step: Mapping[str, object]) -> str:
    how = text_in(step, "how")
    if not how:
        return ""
    is_current = step.get("current") is not False
    now, once = _HELD.get(how, (f"has it as {how}", f"had it as {how} once"))
    return now if is_current else once


def _type(step: Mapping[str, object]) -> str:
    kind = text_in(step, "type")
    return "folder" if kind == "directory" else kind
