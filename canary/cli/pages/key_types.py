"""A key's type and default in words, as people write them in TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

import msgspec
from msgspec import inspect

PLAIN = {
    inspect.StrType: "text",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.DateType: "date",
    inspect.NoneType: "nothing",
    inspect.AnyType: "table",
}
CHOICES = re.compile(r"\^\(([\w|-]+)\)\$")
"""A pattern that is a list of words."""


def type_of(hint: Any) -> str:
    """Return a type in words: "list of text", "whole number, 1 to 60"."""
    return _words(inspect.type_info(hint))


def _words(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata():
            return _words(info.type)
        case inspect.VarTupleType() | inspect.ListType():
            return f"list of {_words(info.item_type)}"
        case inspect.DictType():
            return f"table of {_words(info.value_type)}"
        case inspect.StructType():
            return "table"
        case inspect.EnumType():
            return _choices(member.value for member in info.cls)
        case inspect.LiteralType():
            return _choices(info.values)
        case inspect.UnionType():
            parts = [_words(t) for t in info.types if not isinstance(t, inspect.NoneType)]
            return " or ".join(dict.fromkeys(parts))
    if words := CHOICES.fullmatch(getattr(info, "pattern", None) or ""):
        return _choices(word for word in words[1].split("|") if word)
    return f"{PLAIN.get(type(info), 'text')}{_limits(info)}"


def _choices(values: Iterable[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _limits(info: inspect.Type) -> str:
    """Return the range of a number, or the pattern of a text."""
    above, least = getattr(info, "gt", None), getattr(info, "ge", None)
    below, most = getattr(info, "lt", None), getattr(info, "le", None)
    pattern = getattr(info, "pattern", None)
    low = f"more than {above}" if above is not None else f"{least}" if least is not None else ""
    high = f"less than {below}" if below is not None else f"{most}" if most is not None else ""
    if low and high:
        return f", {low} to {high}"
    if low or high:
        return f", {low or '…'} or more" if low and above is None else f", {low or high}"
    return f" that matches `{pattern}`" if pattern else ""


def default_of(field: msgspec.structs.FieldInfo) -> str:
    """Return a default as TOML, "" for what is required, or for what is off without the key."""
    if field.required:
        return "required"
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    if value is None or value is msgspec.UNSET:
        return ""
    return f"`{_toml(value)}`" if not isinstance(value, msgspec.Struct) else ""


def _toml(value: object) -> str:
    plain = value.value if isinstance(value, Enum) else value
    if isinstance(plain, dict):
        inner = ", ".join(f"{key} = {_toml(each)}" for key, each in plain.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(plain, tuple | list):
        return f"[{', '.join(map(_toml, plain))}]"
    return json.dumps(plain, ensure_ascii=False)
