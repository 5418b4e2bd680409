"""Write plain values as TOML, for the environment file of a twin."""

from __future__ import annotations

import json
from typing import Any

Table = dict[str, Any]


def dumps(table: Table) -> str:
    """Write a document: plain values first, then tables, then arrays of tables."""
    return "\n".join(_lines(table, ())).strip() + "\n"


def _lines(table: Table, path: tuple[str, ...]) -> list[str]:
    plain = {k: v for k, v in table.items() if not _is_table(v) and not _is_array(v)}
    found = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        name = ".".join(_key(part) for part in (*path, key))
        if _is_table(value):
            found += ["", f"[{name}]", *_lines(value, (*path, key))]
        elif _is_array(value):
            for item in value:
                found += ["", f"[[{name}]]", *_lines(item, (*path, key))]
    return found


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _is_array(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _key(key: str) -> str:
    bare = key.replace("-", "").replace("_", "").isalnum() and key.isascii()
    return key if bare else json.dumps(key)


def _value(value: object) -> str:
    """Write one value; JSON's strings, numbers and booleans are TOML's too."""
    if isinstance(value, (str, bool, int, float)):
        return json.dumps(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return str(value)  # dates write themselves as TOML does
