"""The checks of an environment: sets that it names, and blocks in its own file.

A set is shipped (`hokusai`, `mlflow`), or a folder or file of the owner: `./checks`, relative to
the environment's file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from canary.config.decode import Problem, decode
from canary.config.home import LONGEST_SHOWN
from canary.config.references import Source
from canary.config.toml_file import is_file, read_toml, unusable
from canary.model import Check
from canary.model.definitions import BLOCKING_EVERY
from canary.probes.base.api import Kind

HERE = Path(__file__).resolve().parents[1]
CHECKS = HERE / "checks"
HOKUSAI = "hokusai"
"""The name of the set that lies in the folder of the shipped sets itself."""
ABOVE = "_above"
"""Stands for `..` in the function's zip, where a set cannot lie above its environment."""


@dataclass(frozen=True, kw_only=True)
class Own:
    """What an environment's file says of its checks."""

    sets: tuple[str, ...] = ()
    blocks: Any = field(default_factory=list)  # a list of tables, if it is written well
    given: bool = False
    """Whether the file says anything: without a word the set `hokusai` holds."""


def taken(raw: dict[str, Any]) -> Own:
    """Take the checks out of an environment's tables: `checks`, and `[[check]]` blocks.

    `[[checks]]` is the same as `[[check]]`, for a file that names no set. What has no such form is
    left where it is: the type of an environment refuses it.
    """
    blocks = raw.pop("check", [])
    sets = raw.get("checks", ())
    mixed = isinstance(sets, list) and any(isinstance(each, dict) for each in sets)
    if mixed and isinstance(blocks, list):
        blocks = [*blocks, *(each for each in sets if isinstance(each, dict))]
        sets = raw["checks"] = [each for each in sets if not isinstance(each, dict)]
    named = (sets,) if isinstance(sets, str) and sets else sets
    names = tuple(n for n in named if isinstance(n, str))
    return Own(sets=names, blocks=blocks, given=bool(names or blocks or named))


def sources(
    own: Own, file: Path, shipped: Path, kinds: Mapping[str, Kind], problems: list[str]
) -> list[Source]:
    """Return every check of an environment's file; problems are added to `problems`."""
    names = own.sets if own.given else (HOKUSAI,)
    found: list[Source] = []
    for name in dict.fromkeys(names):
        for path, label in _files(name, file, shipped, problems):
            read = check_file(path, kinds, problems, label)
            found += read if path.is_relative_to(shipped) else _beside(read, file, path)
    return [*found, *check_tables(file.name, own.blocks, kinds, problems)]


def _files(name: str, file: Path, shipped: Path, problems: list[str]) -> Iterator[tuple[Path, str]]:
    """Yield the files of a set, each with its name for messages."""
    if is_path(name):
        yield from ((p, _relative(p, file.parent)) for p in own_files(name, file, problems))
        return
    folder = shipped if name == HOKUSAI else shipped / name
    if not folder.is_dir():
        known = sorted({HOKUSAI, *(p.parent.name for p in shipped.glob("*/*.toml"))})
        listed = ", ".join(known)
        problems.append(
            f"{file.name}: checks: no set {name[:LONGEST_SHOWN]} (there are: {listed};"
            " a folder or file of yours begins with ./)"
        )
    yield from ((path, path.name) for path in sorted(folder.glob("*.toml")))


def is_path(name: str) -> bool:
    """Return whether a set is a folder or file of the owner."""
    return name.startswith(".") or "/" in name


def own_files(name: str, file: Path, problems: list[str]) -> list[Path]:
    """Return the files of a set of the owner, relative to the environment's file."""
    at = f"{file.name}: checks: {name[:LONGEST_SHOWN]}"
    if PurePosixPath(name).is_absolute():
        problems.append(f"{at}: must be relative to this file")
        return []
    places = (file.parent / name, file.parent / bundled(name))
    for place in places:
        if is_file(place):
            return [place]
        if place.is_dir():
            found = sorted(place.glob("*.toml"))
            if not found:
                problems.append(f"{at}: no check file (*.toml) in this folder")
            return found
    problems.append(f"{at}: no such folder or file")
    return []


def bundled(name: str) -> PurePosixPath:
    """Return where a set of the owner lies in the function's zip, relative to the environment."""
    parts = PurePosixPath(name).parts
    return PurePosixPath(*(ABOVE if part == ".." else part for part in parts))


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _beside(read: list[Source], file: Path, path: Path) -> list[Source]:
    """Return checks whose runbooks beside their file are named from the environment's folder."""
    return [msgspec.structs.replace(s, check=_placed(s.check, file, path)) for s in read]


def _placed(check: Check, file: Path, path: Path) -> Check:
    page, mark, heading = check.runbook.partition("#")
    if not page or not is_file(path.parent / page):
        return check
    place = _relative(path.parent / page, file.parent)
    return msgspec.structs.replace(check, runbook=f"{place}{mark}{heading}")


def check_file(
    path: Path, kinds: Mapping[str, Kind], problems: list[str], label: str = ""
) -> list[Source]:
    """Return the checks of one file; problems are added to `problems`, with its label."""
    name = label or path.name
    read: list[str] = []
    raw = read_toml(path, read) or {}
    problems += [name + problem.removeprefix(path.name) for problem in read]
    problems += [
        f"{name}: {k}: unknown key, a check file holds [[check]]" for k in raw if k != "check"
    ]
    return check_tables(name, raw.get("check", []), kinds, problems)


def check_tables(
    name: str, tables: Any, kinds: Mapping[str, Kind], problems: list[str]
) -> list[Source]:
    """Return the checks of a file's `[[check]]` blocks."""
    if not isinstance(tables, list):
        problems.append(f"{name}: check: must be written [[check]], not [check]")
        return []
    found = []
    for number, table in enumerate(tables, start=1):
        if not isinstance(table, dict):
            problems.append(f"{name}: check: must be written [[check]], not as a list")
            continue
        check = _check(name, number, table, kinds, problems)
        if check is not None:
            found.append(Source(file=name, check=check))
    return found


def _check(
    file: str, number: int, table: dict[str, Any], kinds: Mapping[str, Kind], problems: list[str]
) -> Check | None:
    given = table.get("id")
    named = isinstance(given, str) and given.isprintable()
    name = str(given)[:LONGEST_SHOWN] if named and given else f"check number {number}"
    spec = table.get("spec", {})
    value, wrong = decoded({k: v for k, v in table.items() if k != "spec"}, Check)
    kind = kinds.get(table["kind"]) if isinstance(table.get("kind"), str) else None
    if kind is None and isinstance(table.get("kind"), str):
        wrong.append(("kind", f"unknown kind {table['kind']} (there are: {', '.join(kinds)})"))
    if kind is not None:
        spec, inner = _spec(spec, kind)
        wrong += inner
    problems += [f"{file}: {name}: {key}: {what}" for key, what in wrong]
    if wrong or not isinstance(value, Check):
        return None
    every = BLOCKING_EVERY if value.blocking and "every" not in table else value.every
    return msgspec.structs.replace(value, spec=spec, every=every)


def _spec(raw: Any, kind: Kind) -> tuple[Any, list[Problem]]:
    try:
        return decoded(raw, kind.spec, "spec")
    except Exception as error:  # noqa: BLE001 - the boundary: a plug-in's type is somebody's code
        return None, [("spec", f"{kind.name} cannot read it: {type(error).__name__}: {error}")]


def decoded(raw: Any, wanted: Any, path: str = "") -> tuple[Any, list[Problem]]:
    """Return the value and no problem, or None and every problem, one for each key."""
    wrong = dict(unusable(raw, path))
    value, more = decode(raw, wanted, path)
    if not wrong:
        return value, more
    return None, [*wrong.items(), *(found for found in more if found[0] not in wrong)]


def files_of(file: Path) -> list[tuple[Path, PurePosixPath]]:
    """Return the owner's own check files of an environment, and where each lies in the zip."""
    own = taken(read_toml(file, []) or {})
    found = []
    for name in filter(is_path, own.sets):
        for path in own_files(name, file, []):
            place = bundled(name)
            found.append((path, place if place.suffix == ".toml" else place / path.name))
    return found
