"""Read a world by its name or from a file, laid over the world that it extends."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from sandbox.world.world import World, convert

FOLDER = Path(__file__).parents[1] / "worlds"
CLASSIC = "classic"

Table = dict[str, Any]


class WorldError(Exception):
    """A world cannot be read; the text is one line that names the file."""


def known() -> tuple[str, ...]:
    """Return the names of the worlds in this folder; `classic` is the first."""
    found = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return (CLASSIC, *(name for name in found if name != CLASSIC))


@cache
def load(name: str = CLASSIC) -> World:
    """Return a world by its name, or of a file if the name ends in `.toml`.

    Raises WorldError.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        listed = ", ".join(known())
        raise WorldError(f"no world {name!r}: write one of {listed}, or the path of a file")
    own = str(path.absolute()) if name.endswith(".toml") else ""
    table = {"name": path.stem, **_whole(path), "file": own}
    try:
        return convert(table)
    except msgspec.ValidationError as error:
        raise WorldError(f"{path}: {error}") from None


def _whole(path: Path) -> Table:
    """Return a file's table over that of the world which it extends (`extends`, classic)."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorldError(f"{path}: {error}") from None
    base = str(table.pop("extends", CLASSIC))
    if path == FOLDER / f"{CLASSIC}.toml":
        return table
    below = FOLDER / f"{base}.toml"
    if not below.is_file() or below == path:
        raise WorldError(f"{path}: extends: no world {base!r}")
    return merged(_whole(below), table)


def merged(below: Table, over: Table) -> Table:
    """Lay a table over another: `false` takes a table or a text away, all else is replaced."""
    found = dict(below)
    for key, value in over.items():
        old = found.get(key)
        if value is False and isinstance(old, dict | str):
            del found[key]
        elif isinstance(value, dict) and isinstance(old, dict):
            found[key] = merged(old, value)
        else:
            found[key] = value
    return found
