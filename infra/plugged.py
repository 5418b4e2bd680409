"""Put the plug-ins that are installed here into the zip, with what they need besides.

They are copied as they are installed: pure Python runs in every version and on every processor.
What is compiled is of this machine, and is refused.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, entry_points
from importlib.util import find_spec
from pathlib import Path

from canary.plugins import GROUPS

COMPILED = {".so", ".pyd", ".dylib"}
LEFT_OUT = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
OURS = "hokusai-canary"
INTERFACE = ("__init__.py", "kinds.py", "rules.py", "channels.py")


class CompiledError(Exception):
    """A package that a plug-in needs holds compiled code; the text names it."""


def plugins() -> list[Distribution]:
    """Return the packages that are installed here and have a plug-in, in order of their names."""
    points = (point for group in GROUPS.values() for point in entry_points(group=group))
    found = {normal(p.dist.name): p.dist for p in points if p.dist is not None}
    return [found[name] for name in sorted(found)]


def normal(name: str) -> str:
    """Return a package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(found: list[Distribution], there: set[str]) -> list[Distribution]:
    """Return these packages and all that they need, without those that are there already."""
    chosen: dict[str, Distribution] = {}
    left = list(found)
    while left:
        each = left.pop(0)
        name = normal(each.name)
        if name in chosen or name in {*there, OURS}:
            continue
        chosen[name] = each
        left += _requirements(each)
    return [chosen[name] for name in sorted(chosen)]


def _requirements(found: Distribution) -> Iterator[Distribution]:
    for text in found.requires or ():
        if "extra ==" in text:
            continue
        name = re.split(r"[\s\[<>=!~;(]", text, maxsplit=1)[0]
        try:
            yield distribution(name)
        except PackageNotFoundError:  # for another system or version of Python
            continue


def files(found: Distribution) -> Iterator[tuple[Path, str]]:
    """Yield each file of a package, and its place in the zip; raises CompiledError."""
    for file in found.files or ():
        path = Path(str(found.locate_file(file)))
        if ".." in file.parts or "__pycache__" in file.parts or file.name in LEFT_OUT:
            continue
        if path.suffix in COMPILED:
            raise CompiledError(f"{found.name}: {file.name} is compiled for this machine alone")
        if path.is_file():
            yield path, file.as_posix()


def _copy_interface(folder: Path) -> None:
    """Copy what plug-ins import: the modules of `hokusai_canary` itself, none of its rooms."""
    found = find_spec("hokusai_canary")
    for place in (found.submodule_search_locations or ()) if found else ():
        target = folder / "hokusai_canary"
        target.mkdir(parents=True, exist_ok=True)
        for name in INTERFACE:
            shutil.copyfile(Path(place) / name, target / name)


def copy(folder: Path, there: set[str]) -> None:
    """Copy the plug-ins, what they need, and the package that they import, into a bundle."""
    chosen = needed(plugins(), there)
    if not chosen:
        return
    _copy_interface(folder)
    for found in chosen:
        for path, place in files(found):
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
