"""The rooms: who may import whom, read from the syntax trees (docs/architecture.md)."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("alarm_evaluator", "canary", "emulator", "hokusai_canary", "infra", "sandbox")
THIRD_PARTY_IN_CANARY = {"boto3", "botocore", "requests", "urllib3", "aws_lambda_powertools"}
CLI_ONLY = {"click", "rich"}
FLAT = {"__init__", "__main__", "conclude", "handler", "pipeline", "plan", "publish"}
MOST_MODULES = 20

# From the bottom to the top: a room imports from lower floors and from itself, never from a
# neighbour on its own floor. docs/architecture.md shows the same table.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"canary", "canary.model", "canary.plugins", "alarm_evaluator"}),
    frozenset({"canary.redaction", "canary.control_plane"}),
    frozenset({"canary.observe", "canary.probes", "canary.diagnose", "canary.mutes"}),
    frozenset({"canary.config", "canary.comparison", "canary.following", "canary.survey"}),
    frozenset({"canary.plan", "canary.report"}),
    frozenset({"canary.runner", "canary.messages", "canary.metrics"}),
    frozenset({"canary.alarms", "canary.conclude", "canary.adapters"}),
    frozenset({"canary.pipeline", "canary.rehearsal"}),
    frozenset({"canary.wiring"}),
    frozenset({"canary.publish", "canary.sharding"}),
    frozenset({"canary.handler", "canary.deployment"}),
    frozenset({"canary.serve", "infra"}),
    frozenset({"canary.cli"}),
    frozenset({"canary.__main__"}),
)
# What stands apart: a package and all that it may import of ours.
APART = {
    "emulator": {"alarm_evaluator"},
    "sandbox": {"emulator"},
    "hokusai_canary": {"canary", "infra"},
}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


ALL = {name_of(path): path for package in PACKAGES for path in modules(package)}


@functools.cache
def imported(path: Path) -> frozenset[str]:
    """Return every module that a file imports, with the names taken from packages of ours."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module or "")
            if node.level:  # of its own folder: `infra` has another name in the wheel
                assert path.parent == ROOT / "infra" and node.level == 1, f"{path}: relative import"
                module = f"infra.{module}".rstrip(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                found.add(inner if inner in ALL else module)
    return frozenset(found)


def ours(name: str) -> list[str]:
    return sorted(i for i in imported(ALL[name]) if i.split(".")[0] in {*PACKAGES, "tests"})


def within(name: str, rooms: set[str]) -> bool:
    return any(name == room or name.startswith(room + ".") for room in rooms)


def room_of(name: str) -> str:
    """Return the room of a module: two words in `canary`, one elsewhere."""
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "canary" else parts[0]


def floor_of(name: str) -> int:
    (found,) = [n for n, rooms in enumerate(FLOORS) if room_of(name) in rooms]
    return found


def below(imported_name: str, name: str) -> bool:
    """Return whether a module may import another one, by the table of floors."""
    if room_of(imported_name) == room_of(name):
        return True
    outside = imported_name.split(".")[0] in {*APART, "tests"}
    return not outside and floor_of(imported_name) < floor_of(name)


@pytest.mark.parametrize("room", sorted({room_of(n) for n in ALL if n.split(".")[0] not in APART}))
def test_a_module_imports_only_from_its_own_room_and_from_lower_floors(room: str) -> None:
    names = [n for n in ALL if room_of(n) == room]
    assert [f"{n} imports {i}" for n in names for i in ours(n) if not below(i, n)] == []


@pytest.mark.parametrize("package", APART)
def test_what_stands_apart_imports_little_of_ours(package: str) -> None:
    names, may = [n for n in ALL if n.split(".")[0] == package], {package} | APART[package]
    assert [f"{n} imports {i}" for n in names for i in ours(n) if not within(i, may)] == []


def forbidden(name: str) -> set[str]:
    """Return the packages that a module of the canary may not import."""
    packages = {"sandbox", "emulator", "tests", "aws_cdk", "moto", "mlflow"}
    if not within(name, {"canary.adapters"}):
        packages |= THIRD_PARTY_IN_CANARY
    if not within(name, {"canary.cli", "canary.report.terminal"}):
        packages |= CLI_ONLY  # the bundle has no command line
    return packages


def test_third_party_packages_enter_by_the_adapters() -> None:
    names = [n for n in ALL if n.split(".")[0] == "canary"]
    wrong = {n: {i.split(".")[0] for i in imported(ALL[n])} & forbidden(n) for n in names}
    assert {n: packages for n, packages in wrong.items() if packages} == {}


def circles() -> list[set[str]]:
    """Return the groups of modules that import each other, directly or around corners."""
    arrows = {
        name: {i for i in imported(path) if i in ALL and i != name} for name, path in ALL.items()
    }
    reached: dict[str, set[str]] = {}
    for start in arrows:
        seen: set[str] = set()
        left = list(arrows[start])
        while left:
            if (here := left.pop()) not in seen:
                seen.add(here)
                left.extend(arrows[here])
        reached[start] = seen
    round_trips = {name for name, seen in reached.items() if name in seen}
    return [{n for n in round_trips if n in reached[m] and m in reached[n]} for m in round_trips]


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles() == []


@pytest.mark.parametrize("folder", sorted({p.parent for p in ALL.values()}), ids=str)
def test_no_folder_holds_more_modules_than_a_reader_looks_through(folder: Path) -> None:
    held = [p.name for p in folder.glob("*.py") if p.name != "__init__.py"]
    assert len(held) <= MOST_MODULES


def test_only_the_main_path_lies_flat_in_the_canary() -> None:
    assert {p.stem for p in (ROOT / "canary").glob("*.py")} == FLAT


def test_the_page_shows_the_same_floors() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+|-) \| `([\w.]+)` \| (.+) \|$", page, re.M)
    floors = [frozenset(room for n, room, _ in rows if n == str(k + 1)) for k in range(len(FLOORS))]
    assert floors == list(FLOORS)
    apart = {room: set(re.findall(r"`(\w+)`", text)) for n, room, text in rows if n == "-"}
    assert apart == APART


def test_every_room_of_the_table_exists() -> None:
    assert [room for rooms in FLOORS for room in rooms if room not in ALL] == []
