"""Read a TOML file, or say in one sentence why it cannot be read.

`tomllib` takes some documents that no configuration may hold: numbers beyond 64 bits, nan, control
characters. They are refused here, with their key.
"""

from __future__ import annotations

import codecs
import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_BYTES = 16_777_216
MOST_LEVELS = 64
LARGEST = 2**63 - 1
OTHER_ENCODINGS = {
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
LONG_NUMBER = re.compile(r"[0-9][0-9_]{4300,}")
FREE_TEXT = frozenset(
    (
        *("absent", "body", "contains", "contains_any", "json", "reason", "request_headers"),
        *("send", "title"),
    )
)
"""Keys whose text may hold control characters, or has a rule of its own for them."""


def is_file(path: Path) -> bool:
    """Return whether a path is a file; one that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, not ours to look at; a zero in it
        return False


def read_toml(path: Path, problems: list[str]) -> dict[str, Any] | None:
    """Return a file's tables, or None and the problem; a UTF-8 byte order mark is no problem."""
    text = ""
    try:
        text = _text(path.read_bytes())
        found = tomllib.loads(text)
        deep = next(_too_deep(found), "")
    except OSError as error:
        problems.append(f"{path.name}: cannot be read: {error.strerror or error}")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path.name}: not valid TOML: {error}")
    except RecursionError:
        problems.append(f"{path.name}: more than {MOST_LEVELS} levels of lists and tables")
    except ValueError as error:
        problems.append(f"{path.name}: {_unreadable(error, text)}")
    else:
        if not deep:
            return found
        problems.append(f"{path.name}: {deep}: more than {MOST_LEVELS} levels of lists and tables")
    return None


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise ValueError(f"cannot be read: more than {MOST_BYTES // 1_048_576} MiB")
    for mark, name in OTHER_ENCODINGS.items():
        if data.startswith(mark):
            raise ValueError(f"cannot be read: it is {name} by its byte order mark, not UTF-8")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{data[error.start]:02x} in line {line}"
        raise ValueError(f"cannot be read: {byte} is not UTF-8") from error


def _unreadable(error: ValueError, text: str) -> str:
    """Return why a document has no value; Python refuses a long number without its place."""
    number = LONG_NUMBER.search(text)
    if not str(error).startswith("Exceeds the limit") or number is None:
        return str(error)
    line = text.count("\n", 0, number.start()) + 1
    key = text[text.rfind("\n", 0, number.start()) + 1 : number.start()].partition("=")[0].strip()
    return f"{key[:80]}: a number of more than 4,300 digits in line {line} (at most {LARGEST})"


def _too_deep(found: dict[str, Any]) -> Iterator[str]:
    """Yield the first key of each branch that has too many levels."""
    for key, value in found.items():
        level = [value]
        for _ in range(MOST_LEVELS):
            level = [inner for outer in level for inner in _inner(outer)]
            if not level:
                break
        if level:
            yield key


def _inner(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def unusable(value: Any, path: str = "", free: bool = False) -> Iterator[tuple[str, str]]:
    """Yield key and problem of each value that TOML has and no configuration may hold."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not free and _has_control(key):
                yield path or "a table", f"the key {key!r} holds a control character"
            at = f"{path}.{key}" if path else key
            yield from unusable(inner, at, free or key in FREE_TEXT)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from unusable(inner, f"{path}[{number}]", free)
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, f"{value} is no finite number"
    elif isinstance(value, int) and abs(value) > LARGEST:
        yield path, f"a number of {_digits(value)} digits (at most {LARGEST})"
    elif isinstance(value, str) and not free and _has_control(value):
        yield path, f"{value[:80]!r} holds a control character"


def _digits(value: int) -> int:
    return math.floor(math.log10(abs(value))) + 1


def _has_control(text: str) -> bool:
    return not text.isprintable() and any(c < " " or c == "\x7f" for c in text)
