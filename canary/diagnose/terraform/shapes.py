"""Turn AWS's own JSON into arguments and blocks, by a table; what no row names is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from canary.diagnose.remedies.edit import Parameters
from canary.diagnose.terraform.hcl import Argument, Block, Expression, NotWholeError

Body = list[Argument | Block]


@dataclass(frozen=True)
class Shape:
    """How one structure of AWS is written: each of its fields as an argument or as a block."""

    kind: str  # the block's name
    arguments: Mapping[str, str] = field(default_factory=dict)  # AWS's name -> Terraform's
    blocks: tuple[tuple[str, Shape], ...] = ()  # AWS's name, and the block in it
    maps: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # what Terraform requires of it, by AWS's names
    silent: frozenset[str] = frozenset()  # what AWS describes and nobody sets


def empty(value: Any) -> bool:
    """Return whether a field says nothing."""
    return value is None or value == "" or value == [] or value == {}


def body(shape: Shape, raw: Mapping[str, Any]) -> Body:
    """Return what stands in a block for one structure."""
    known = {*shape.arguments, *shape.maps, *shape.silent, *(name for name, _ in shape.blocks)}
    unknown = sorted(k for k, v in raw.items() if k not in known and not empty(v))
    if unknown:
        raise NotWholeError(f"no argument is known for {', '.join(unknown)}")
    if any(raw.get(key) in (None, [], {}) for key in shape.needs):
        raise NotWholeError(f"{shape.kind} needs {' and '.join(shape.needs)}")
    found: Body = [
        argument(name, raw[key])
        for key, name in shape.arguments.items()
        if raw.get(key) not in (None, [])  # an empty text says something: no query, no body
    ]
    found += [
        Argument(name, {str(k): str(v) for k, v in raw[key].items()})
        for key, name in shape.maps.items()
        if not empty(raw.get(key))
    ]
    for key, inner in shape.blocks:
        found += blocks(inner, raw.get(key))
    return found


def blocks(shape: Shape, raw: Any) -> Body:
    """Return a block for a structure, or one for each of a list of structures."""
    if empty(raw):
        return []
    return [
        Block(shape.kind, body=body(shape, one))
        for one in (raw if isinstance(raw, list) else [raw])
    ]


def flag(value: str) -> bool:
    """Return an attribute of AWS that is "true" or "false"."""
    if value not in ("true", "false"):
        raise NotWholeError(f"{value!r} is neither true nor false")
    return value == "true"


def argument(name: str, value: Any) -> Argument:
    """Return an argument with a value of AWS's API."""
    if isinstance(value, list | tuple):
        return Argument(name, [_scalar(v) for v in value])
    return Argument(name, _scalar(value))


def _scalar(value: Any) -> str | int | bool | Expression:
    if not isinstance(value, str | int | Expression):
        raise NotWholeError(f"{type(value).__name__} is no value of an argument")
    return value


def tags(parameters: Parameters) -> Body:
    """Return the tags of AWS's API as an argument, nothing where there are none."""
    found = {str(t["Key"]): str(t["Value"]) for t in parameters.get("Tags") or ()}
    return [Argument("tags", found)] if found else []
