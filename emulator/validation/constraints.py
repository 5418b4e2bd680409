"""Find where an operation's input breaks the constraints of botocore's service model.

Required members, enumerations, lengths, ranges and patterns. Texts are those of the framework in
front of most AWS services: "1 validation error detected: Value 'x' at 'name' failed to satisfy
constraint: Member must …". A pattern that Python's expressions cannot say is left out.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.model import Shape

NULL = "null"
NUMBERS = ("integer", "long", "float", "double")


class Broken(NamedTuple):
    """A constraint that a value breaks: where, what the value is, and what it must be."""

    path: str
    value: str
    kind: str  # required, enum, length, range or pattern
    must: str

    @property
    def text(self) -> str:
        """Return the sentence of AWS's framework."""
        shown = NULL if self.kind == "required" else f"'{self.value}'"
        at = f"Value {shown} at '{self.path}' failed to satisfy constraint: "
        return f"{at}Member must {self.must}"


def broken(shape: Shape, value: Any, path: str = "") -> Iterator[Broken]:
    """Give the constraints that a value breaks, in the order of the model's members."""
    if value is None:
        return
    kind = shape.type_name
    yield from _of_itself(shape, value, path)
    if kind == "structure" and isinstance(value, dict):
        for name, member in shape.members.items():
            inner = f"{path}.{_lower(name)}".lstrip(".")
            if value.get(name) is None and name in shape.required_members:
                yield Broken(inner, NULL, "required", "not be null")
            yield from broken(member, value.get(name), inner)
    elif kind == "list" and isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from broken(shape.member, one, f"{path}.{number}.member")
    elif kind == "map" and isinstance(value, dict):
        for key, one in value.items():
            yield from broken(shape.key, key, f"{path}.{key}.key")
            yield from broken(shape.value, one, f"{path}.{key}.value")


def _of_itself(shape: Shape, value: Any, path: str) -> Iterator[Broken]:
    limits, kind = shape.metadata, shape.type_name
    shown = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
    if kind == "string" and isinstance(value, str):
        if shape.enum and value not in shape.enum:
            yield Broken(path, shown, "enum", f"satisfy enum value set: [{', '.join(shape.enum)}]")
        yield from _within(path, shown, "length", len(value), limits)
        pattern = limits.get("pattern")
        if pattern and (found := expression(pattern)) and not found.fullmatch(value):
            yield Broken(path, shown, "pattern", f"satisfy regular expression pattern: {pattern}")
    elif kind in ("list", "map") and isinstance(value, list | dict):
        yield from _within(path, shown, "length", len(value), limits)
    elif kind in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        yield from _within(path, shown, "range", value, limits)


def _within(
    path: str, shown: str, kind: str, size: float, limits: dict[str, Any]
) -> Iterator[Broken]:
    what = "length" if kind == "length" else "value"
    if "min" in limits and size < limits["min"]:
        must = f"have {what} greater than or equal to {limits['min']}"
        yield Broken(path, shown, kind, must)
    if "max" in limits and size > limits["max"]:
        yield Broken(path, shown, kind, f"have {what} less than or equal to {limits['max']}")


@functools.cache
def expression(pattern: str) -> re.Pattern[str] | None:
    """Return a model's pattern; None for one that Python does not know (`\\p{L}`)."""
    if "\\p{" in pattern:
        return None
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
