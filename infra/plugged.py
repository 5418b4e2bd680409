"""Put the plug-ins that are installed here into the zip, with what they need besides.

They are copied as they are installed: pure Python runs in every version and on every processor.
What is compiled is of this machine: it is fetched in the same version for that of the function.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, entry_points
from importlib.util import find_spec
from pathlib import Path

from canary.plugins import GROUPS

COMPILED = {".so", ".pyd", ".dylib"}
LEFT_OUT = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
OURS = "hokusai-canary"
REQUIRED = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?")
EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)""")
INTERFACE = ("__init__.py", "kinds.py", "rules.py", "channels.py")


class PluggedError(Exception):
    """A plug-in, or what it needs, cannot be put into the zip; the text names it and says why."""


def plugins() -> list[Distribution]:
    """Return the packages that are installed here and have a plug-in, in order of their names."""
    points = (point for group in GROUPS.values() for point in entry_points(group=group))
    found = {normal(p.dist.name): p.dist for p in points if p.dist is not None}
    return [found[name] for name in sorted(found)]


def normal(name: str) -> str:
    """Return a package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(found: list[Distribution], there: set[str]) -> list[Distribution]:
    """Return these packages and all that they need, without those that are there already.

    Raises PluggedError for one that is needed and not installed.
    """
    chosen: dict[str, Distribution] = {}
    left: list[tuple[Distribution, frozenset[str]]] = [(each, frozenset()) for each in found]
    done: set[tuple[str, frozenset[str]]] = set()
    while left:
        each, extras = left.pop(0)
        name = normal(each.name)
        if (name, extras) in done or name in {*there, OURS}:
            continue
        done.add((name, extras))
        chosen[name] = each
        left += _requirements(each, extras, {*there, OURS})
    return [chosen[name] for name in sorted(chosen)]


def _requirements(
    found: Distribution, extras: frozenset[str], there: set[str]
) -> Iterator[tuple[Distribution, frozenset[str]]]:
    """Yield what a package needs with these extras, and the extras of each."""
    for text in found.requires or ():
        wanted, _, marker = text.partition(";")
        of_extra = EXTRA.search(marker)
        if of_extra and normal(of_extra[1]) not in extras:
            continue
        match = REQUIRED.match(wanted)
        if match is None or normal(match[1]) in there:
            continue
        try:
            more = frozenset(normal(x.strip()) for x in (match[2] or "").split(",") if x.strip())
            yield distribution(match[1]), more
        except PackageNotFoundError as error:
            if marker.strip():  # for another system or version of Python
                continue
            raise PluggedError(f"{found.name} needs {match[1]}, which is not installed") from error


def files(found: Distribution) -> Iterator[tuple[Path, str]]:
    """Yield each file of a package, and its place in the zip.

    Raises PluggedError for one that leads to its sources: the zip would have none of its code.
    """
    if found.files is None or '"editable": true' in (found.read_text("direct_url.json") or ""):
        raise PluggedError(f"{found.name} is installed as a link to its sources: install it whole")
    for file in found.files:
        path = Path(str(found.locate_file(file)))
        if ".." in file.parts or "__pycache__" in file.parts or file.name in LEFT_OUT:
            continue
        if path.is_file():
            yield path, file.as_posix()


def is_compiled(found: Distribution) -> bool:
    """Return whether a package holds code for this machine alone."""
    return any(path.suffix in COMPILED for path, _ in files(found))


def inputs() -> tuple[list[Path], list[str]]:
    """Return all that the plug-ins bring: the files that are copied, and what is fetched."""
    every = needed(plugins(), set())
    copied = [path for d in every if not is_compiled(d) for path, _ in files(d)]
    return copied, [_pin(d) for d in every if is_compiled(d)]


def _pin(found: Distribution) -> str:
    return f"{found.name}=={found.version}"


def _copy_interface(folder: Path) -> None:
    """Copy what plug-ins import: the modules of `hokusai_canary` itself, none of its rooms."""
    found = find_spec("hokusai_canary")
    for place in (found.submodule_search_locations or ()) if found else ():
        target = folder / "hokusai_canary"
        target.mkdir(parents=True, exist_ok=True)
        for name in INTERFACE:
            shutil.copyfile(Path(place) / name, target / name)


def copy(folder: Path, there: set[str], fetch: Callable[[list[str]], None]) -> set[Path]:
    """Copy the plug-ins, what they need, and the package that they import, into a bundle.

    `fetch` installs compiled packages there, given as "name==version". Returns what was added, by
    its top; raises PluggedError.
    """
    chosen = needed(plugins(), there)
    if not chosen:
        return set()
    before = set(folder.iterdir()) if folder.exists() else set()
    _copy_interface(folder)
    for found in (d for d in chosen if not is_compiled(d)):
        for path, place in files(found):
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    if pins := [_pin(d) for d in chosen if is_compiled(d)]:
        fetch(pins)
    return set(folder.iterdir()) - before
