"""Where environments are found by name: a folder of their owner, or that of this package.

A home is a folder that holds `canary.toml`, or a folder `environments`, or environment files only.
It is the one that is named, else the nearest folder upwards with a `canary.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from canary.config.toml_file import is_file, read_toml

MARK = "canary.toml"
FOLDER = "environments"
SHIPPED = Path(__file__).resolve().parents[1] / FOLDER
"""Only a clone and the function's zip have it: nobody else has Hokusai's platform."""
LONGEST_SHOWN = 100
"""Characters of a name that a message repeats."""
HOW = "write canary.toml here, or name its folder with --config or CANARY_HOME"

_HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
_NAMED = re.compile(r"""<[^<>]{1,200}\b(?:id|name)=["']([^"'<>]{1,200})["']""")


class ConfigError(Exception):
    """The configuration is wrong; each problem is a line `file: check id: key: what is wrong`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Home:
    """A folder of environments, and their files in the order of their names."""

    folder: Path
    files: tuple[Path, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return what each environment is called on the command line."""
        return tuple(sorted(_name(file) for file in self.files))


def shipped() -> Home:
    """Return the environments that lie in this package, which may be none."""
    return Home(folder=SHIPPED, files=tuple(sorted(SHIPPED.glob("*.toml"))))


def find(named: str, by: str, start: Path) -> Home:
    """Return the home in a named folder; where none is named, the nearest one, or the shipped one.

    `by` says what named it, for messages. Raises ConfigError for a folder without environments.
    """
    if named:
        home = _home(Path(named))
        if not home.files:
            what = "holds no environment" if Path(named).is_dir() else "no such folder"
            raise ConfigError([f"{by}: {named[:LONGEST_SHOWN]}: {what}"])
        return home
    for folder in (start, *start.parents):
        if is_file(folder / MARK):
            return _home(folder)
    return shipped()


def found_in(folder: Path) -> bool:
    """Return whether environment files of a folder are found from there, without a new mark."""
    here = folder.resolve()
    home = find("", "", here).folder.resolve()
    return here in (home, home / FOLDER)


def _home(folder: Path) -> Home:
    found = tuple(sorted((folder / FOLDER).glob("*.toml")))
    mark = folder / MARK
    if is_file(mark) and read_toml(mark, []) != {}:  # an empty one only marks the folder
        return Home(folder=folder, files=(mark, *found))
    alone = (path for path in sorted(folder.glob("*.toml")) if is_environment(path))
    return Home(folder=folder, files=found or tuple(alone))


def is_environment(path: Path) -> bool:
    """Return whether a file holds an environment: what is named `services` stands in no other."""
    raw = read_toml(path, [])
    return raw is not None and "services" in raw


def environment_file(environment: str, home: Home | None = None) -> Path:
    """Return the file of an environment given by name or by path.

    The shipped environments are found by their names in every home that has no such name.
    """
    homes = (home, shipped()) if home is not None else (shipped(),)
    for file in _files(homes):
        if file.stem == environment and file.name != MARK:
            return file
    path = Path(environment)
    if is_file(path):
        return path
    for file in _files(homes):  # a file may be called otherwise
        if (read_toml(file, []) or {}).get("name") == environment:
            return file
    known = ", ".join(homes[0].names) or "none"
    given = environment or repr("")
    given = given if len(given) <= LONGEST_SHOWN else f"{given[:LONGEST_SHOWN]}…"
    raise ConfigError([f"{given}: no such environment or file (there are: {known})"])


def only_environment(home: Home, default: str = "") -> Path:
    """Return the file of the only environment there is; of several, that of the default's name."""
    if len(home.files) == 1:
        return home.files[0]
    for file in home.files:
        if default and file.stem == default:
            return file
    if not home.files:
        raise ConfigError([f"no environment: {HOW}"])
    known = ", ".join(home.names)
    raise ConfigError([f"{home.folder}: several environments, choose by --environment: {known}"])


def _files(homes: tuple[Home, ...]) -> Iterator[Path]:
    for home in homes:
        yield from home.files


def _name(file: Path) -> str:
    if file.name != MARK:
        return file.stem
    return str((read_toml(file, []) or {}).get("name", file.name))


def runbook_problems(at: str, runbook: str, roots: tuple[Path, ...]) -> Iterator[str]:
    """Yield what is wrong with a check's runbook; a link is not looked up."""
    file, _, section = runbook.partition("#")
    if not file or file.startswith("https://"):
        return
    # an installed package has ours beside its checks: it has no docs/
    installed = (root / "canary" / file.removeprefix("docs/") for root in roots)
    found = next(filter(is_file, (*(root / file for root in roots), *installed)), None)
    if found is None:
        yield f"{at}: runbook: {file} does not exist"
    elif section and section.lower() not in _sections(found):
        yield f"{at}: runbook: {file} has no section #{section}"


@cache
def _sections(page: Path) -> frozenset[str]:
    """Return the anchors of a Markdown page's headings, as GitHub makes them, and its own ones."""
    text = page.read_text(encoding="utf-8", errors="replace")
    words = (re.sub(r"[^\w\- ]", "", found).strip() for found in _HEADING.findall(text))
    return frozenset(
        found.lower() for found in (*(w.replace(" ", "-") for w in words), *_NAMED.findall(text))
    )
