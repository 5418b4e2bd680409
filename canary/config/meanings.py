"""What each key of a TOML file means, and an example: for the schema and the reference.

Keys of ours are explained in `keys/*.toml`, which the function does not load. A kind of somebody
else explains its keys where it declares them: `Annotated[int, msgspec.Meta(description="…")]`.
"""

from __future__ import annotations

import functools
import json
import tomllib
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

KEYS = Path(__file__).with_name("keys")


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """A sentence without its full stop, and an example as it is written in TOML; "" is none."""

    says: str = ""
    example: str = ""


@functools.cache
def _tables() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(KEYS.glob("*.toml")):
        found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return found


def meaning(struct: type, key: str, hint: Any) -> Meaning:
    """Return what a key of a type means; `hint` is its annotated type."""
    said = _annotated(hint)
    if said.says:
        return said
    for each in struct.__mro__:
        if key in _tables().get(each.__name__, {}):
            says, example = _tables()[each.__name__][key]
            return Meaning(says=says, example=example)
    return said


def _annotated(hint: Any) -> Meaning:
    """Return what the type itself says, in any of its `Meta`."""
    metas = [m for m in getattr(hint, "__metadata__", ()) if isinstance(m, msgspec.Meta)]
    says = next((m.description for m in metas if m.description), "")
    examples = next((m.examples for m in metas if m.examples), ())
    return Meaning(says=says.rstrip("."), example=json.dumps(examples[0]) if examples else "")


def fields_of(struct: type) -> list[tuple[msgspec.structs.FieldInfo, Any]]:
    """Return the fields of a type with their annotated types, in the order of its file."""
    hints = typing.get_type_hints(struct, include_extras=True)
    return [(field, hints[field.name]) for field in msgspec.structs.fields(struct)]


def structs_in(hint: Any) -> list[type]:
    """Return every type with keys that a type contains, itself first, each once."""
    found: list[type] = []
    left = [hint]
    while left:
        each = left.pop(0)
        keys = isinstance(each, type) and issubclass(each, msgspec.Struct)
        if keys and each not in found:
            found.append(each)
            left += [inner for _, inner in fields_of(each)]
        left += [a for a in typing.get_args(each) if not isinstance(a, str | int)]
    return found
