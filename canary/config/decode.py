"""Convert plain data into a frozen type and report every problem, not only the first."""

from __future__ import annotations

import re
import types
import typing
from typing import Any

import msgspec

AT = re.compile(r" - at `(?:key in )?\$(?P<path>.*)`$")

REGEX = re.compile(r"^Expected `str` matching regex '(?P<regex>.*)'$")

type_hints = typing.get_type_hints

Problem = tuple[str, str]
"""A dotted key, and what is wrong there."""


def decode(raw: Any, wanted: Any, path: str = "") -> tuple[Any, list[Problem]]:
    """Return the value and no problem, or None and every problem."""
    try:
        return msgspec.convert(raw, wanted, strict=True), []
    except msgspec.ValidationError as error:
        found = _inside(raw, wanted, path)
        return None, found or [_problem(str(error), path)]


def _inside(raw: Any, wanted: Any, path: str) -> list[Problem]:
    plain = _plain(wanted)
    if isinstance(raw, dict):  # of a union, a table can only be the type that has keys
        tables = [a for a in typing.get_args(plain) if _has_keys(a)]
        plain = tables[0] if _is_union(plain) and len(tables) == 1 else plain
    if _has_keys(plain):
        return _fields(raw, plain, path) if isinstance(raw, dict) else []
    arguments = typing.get_args(plain)
    if typing.get_origin(plain) is dict and isinstance(raw, dict):
        return [p for k, v in raw.items() for p in _entry(k, v, arguments, _join(path, str(k)))]
    if typing.get_origin(plain) is tuple and isinstance(raw, list):
        each = enumerate(raw)
        return [p for i, v in each for p in decode(v, arguments[0], f"{path}[{i}]")[1]]
    return []


def _entry(key: Any, value: Any, arguments: tuple[Any, ...], path: str) -> list[Problem]:
    return decode(key, arguments[0], path)[1] or decode(value, arguments[1], path)[1]


def _fields(raw: dict[str, Any], wanted: type[msgspec.Struct], path: str) -> list[Problem]:
    hints = type_hints(wanted, include_extras=True)
    fields = {f.encode_name: f for f in msgspec.structs.fields(wanted)}
    found = [(_join(path, k), f"unknown key{_nearest(k, fields)}") for k in raw if k not in fields]
    for name, field in fields.items():
        if name in raw:
            found += decode(raw[name], hints[field.name], _join(path, name))[1]
        elif field.required:
            found.append((_join(path, name), "is required"))
    return found


def _nearest(key: str, known: typing.Iterable[str]) -> str:
    import difflib  # only needed for an error message

    close = difflib.get_close_matches(key, list(known), n=1)
    return f", did you mean {close[0]}?" if close else ""


def _has_keys(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, msgspec.Struct)


def _is_union(wanted: Any) -> bool:
    return typing.get_origin(wanted) in (typing.Union, types.UnionType)


def _plain(wanted: Any) -> Any:
    while typing.get_origin(wanted) is typing.Annotated:
        wanted = typing.get_args(wanted)[0]
    if _is_union(wanted):
        some = [a for a in typing.get_args(wanted) if a is not type(None)]
        return some[0] if len(some) == 1 else wanted
    return wanted


def _problem(text: str, path: str) -> Problem:
    at = AT.search(text)
    inner = at.group("path") if at else ""
    what = REGEX.sub(_must_match, AT.sub("", text)).replace("`", "")
    return (path + inner if path else inner.lstrip(".")), what[:1].lower() + what[1:]


def _must_match(found: re.Match[str]) -> str:
    """Return the pattern as written in the type; msgspec doubles its backslashes."""
    return "must match " + found.group("regex").replace("\\\\", "\\")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
