"""Write Terraform's language; a text from outside can be nothing but a text in it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
_NO_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 60
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class NotWholeError(Exception):
    """An object of which a part is not known, or cannot be written: it gets no block."""


@dataclass(frozen=True)
class Expression:
    """A reference, or a reserved word; it is made of derived names only, never of a text."""

    text: str

    def __post_init__(self) -> None:
        """Refuse what is more than names with dots between."""
        if not all(_NAME.fullmatch(part) for part in self.text.split(".")):
            raise ValueError(f"{self.text!r} is no reference")


@dataclass(frozen=True)
class Block:
    """A block with its arguments and the blocks in it, in their order."""

    kind: str
    labels: tuple[str, ...] = ()
    body: list[Argument | Block] = field(default_factory=list)
    notes: tuple[str, ...] = ()  # sentences above the block: fixed words and derived names


Scalar = str | int | bool | Expression
Value = Scalar | list[Scalar] | dict[str, str]


@dataclass(frozen=True)
class Argument:
    """An argument of a block."""

    name: str
    value: Value


def identifier(*parts: object) -> str:
    """Return a name for a block, derived from texts: small ASCII letters, digits, underscores."""
    found = "_".join(_NO_NAME.sub("_", str(part).lower()).strip("_") for part in parts)
    found = re.sub("_+", "_", found).strip("_")[:_LONGEST_NAME].rstrip("_") or "it"
    return found if found[0].isalpha() else f"n_{found}"


def quoted(text: str) -> str:
    """Return a text as a quoted literal, in which Terraform finds no template.

    A `$` or `%` before a brace is written by its number: doubled, it could pair with one before it.
    Terraform normalizes texts (NFC), so one of another form cannot be written.
    """
    if not unicodedata.is_normalized("NFC", text):
        raise NotWholeError("a text that Terraform would change")
    return f'"{"".join(_character(c, text[n + 1 : n + 2]) for n, c in enumerate(text))}"'


def _character(one: str, following: str) -> str:
    if one in _ESCAPES:
        return _ESCAPES[one]
    number = ord(one)
    if 0xD800 <= number < 0xE000:
        raise NotWholeError("half a character")
    if one.isprintable() and not (one in "$%" and following == "{"):
        return one
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _scalar(value: Scalar) -> str:
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else quoted(value)


def _value(value: Value, indent: str) -> str:
    if isinstance(value, dict):
        width = max((len(quoted(k)) for k in value), default=0)
        rows = [f"{indent}  {quoted(k):<{width}} = {quoted(v)}\n" for k, v in value.items()]
        return f"{{\n{''.join(rows)}{indent}}}" if rows else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_scalar(v) for v in value)}]"
    return _scalar(value)


def written(block: Block, indent: str = "") -> str:
    """Return a block as Terraform's own formatter writes it."""
    for name in (block.kind, *(item.name for item in block.body if isinstance(item, Argument))):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name")
    notes = "".join(f"{indent}# {note}\n" for note in block.notes)
    head = " ".join([block.kind, *(quoted(label) for label in block.labels)])
    return f"{notes}{indent}{head} {{\n{_body(block.body, indent + '  ')}{indent}}}\n"


def _body(items: list[Argument | Block], indent: str) -> str:
    found, group = "", list[Argument]()
    for item in items:
        if isinstance(item, Argument) and not isinstance(item.value, dict):
            group.append(item)
            continue
        found += _aligned(group, indent)
        group = []
        gap = "\n" if found else ""
        if isinstance(item, Argument):
            found += f"{gap}{indent}{item.name} = {_value(item.value, indent)}\n"
        else:
            found += gap + written(item, indent)
    last = _aligned(group, indent)
    return found + ("\n" if found and last else "") + last


def _aligned(group: list[Argument], indent: str) -> str:
    width = max((len(a.name) for a in group), default=0)
    return "".join(f"{indent}{a.name:<{width}} = {_value(a.value, indent)}\n" for a in group)
