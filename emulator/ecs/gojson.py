"""Describe invalid JSON in the wording of Go's decoder, as Fargate's agent does."""

from __future__ import annotations

import json
from typing import Any

MAP = "Go value of type map[string]interface {}"
END = "unexpected end of JSON input"
LITERALS = ("true", "false", "null")
# the beginnings of Python's complaints -> where Go says that the character stands
PLACES = {
    "Expecting value": "looking for beginning of value",
    "Illegal trailing comma": "looking for beginning of value",
    "Expecting property name": "looking for beginning of object key string",
    "Expecting ':'": "after object key",
    "Extra data": "after top-level value",
    "Invalid control character": "in string literal",
    "Invalid \\": "in string escape code",
}
_TYPES = {str: "string", bool: "bool", int: "number", float: "number", list: "array"}


class NoObjectError(ValueError):
    """The text is not a JSON object; the message says why."""


def parse(text: str) -> dict[str, Any]:
    """Return a JSON object; null is an empty one, as in Go. Raises NoObjectError."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise NoObjectError(_why(text, error)) from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise NoObjectError(f"json: cannot unmarshal {_TYPES[type(found)]} into {MAP}")
    return found


def _why(text: str, error: json.JSONDecodeError) -> str:
    # Python points at an escape's backslash, Go at what follows it
    rest = text[error.pos + error.msg.startswith("Invalid \\escape") :]
    if not rest or error.msg.startswith("Unterminated string"):
        return END
    for literal in LITERALS:
        if rest[0] == literal[0] and error.msg.startswith("Expecting value"):
            return _in_literal(rest, literal)
    place = next((p for begin, p in PLACES.items() if error.msg.startswith(begin)), None)
    if place is None:  # a comma was expected: whether in an object or in an array
        in_object = text.rfind("{", 0, error.pos) > text.rfind("[", 0, error.pos)
        place = "after object key:value pair" if in_object else "after array element"
    return f"invalid character {_quoted(rest[0])} {place}"


def _in_literal(rest: str, literal: str) -> str:
    for given, wanted in zip(rest, literal, strict=False):
        if given != wanted:
            return f"invalid character {_quoted(given)} in literal {literal} (expecting '{wanted}')"
    return END


def _quoted(character: str) -> str:
    return {"'": r"'\''", '"': "'\"'"}.get(character) or repr(character)
