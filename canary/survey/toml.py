"""Write values as TOML: what AWS or a third party wrote stays data, whatever it holds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
LONGEST_COMMENT = 300


def text(value: str) -> str:
    """Return a basic string of TOML 1.0: quotes, backslashes and control characters escaped.

    A lone surrogate, which no TOML file can hold, becomes U+FFFD.
    """
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(character: str) -> str:
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if character.isprintable():
        return character
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def value(found: object) -> str:
    """Return a value: a text, a number, a truth, a list, or a table in one line."""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, str):
        return text(str(found))
    if isinstance(found, int):
        return str(int(found))
    if isinstance(found, float):
        if not math.isfinite(found):
            raise ValueError(f"{found} is no number of a configuration")
        return repr(found)
    if isinstance(found, Mapping):
        return "{ " + ", ".join(pair(str(k), v) for k, v in found.items()) + " }"
    if isinstance(found, Iterable):
        return "[" + ", ".join(map(value, found)) + "]"
    raise TypeError(f"{type(found).__name__} has no form in TOML")


def key(name: str) -> str:
    """Return a key, in quotes where it needs them."""
    return name if BARE.fullmatch(name) else text(name)


def pair(name: str, found: object) -> str:
    """Return a key with its value."""
    return f"{key(name)} = {value(found)}"


def comment(words: str) -> str:
    """Return a comment of one line, without a character that ends it or is not seen."""
    seen = "".join(c if c.isprintable() else " " for c in words)
    return f"# {' '.join(seen.split())[:LONGEST_COMMENT]}"
