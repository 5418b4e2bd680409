"""The house numbers: size of files and functions, reasons for exceptions, no machine of ours."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 250
LONGEST_FUNCTION = 40
FOLDERS = ("alarm_evaluator", "canary", "emulator", "hokusai_canary", "infra", "sandbox")
SOURCES = sorted(p for f in FOLDERS for p in (ROOT / f).rglob("*.py"))
ALL = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
OWN_PATHS = re.compile(r"[\"'](/work|/root)/")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# Longer than the house allows; the list may only become shorter. A table of types or one family of
# rules reads better in one place than torn apart, the others wait to be split.
LONG_FILES = {
    "canary/control_plane/state.py",
}


@functools.cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


def test_no_file_is_longer_than_a_reader_holds() -> None:
    long = {name(path) for path in SOURCES if text_of(path).count("\n") > LONGEST_FILE}
    assert long - LONG_FILES == set()


def test_no_exception_outlives_its_long_file() -> None:
    short = {n for n in LONG_FILES if text_of(ROOT / n).count("\n") <= LONGEST_FILE}
    assert short == set()


def test_no_function_is_longer_than_a_screen() -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, functions) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def bare(line: str) -> bool:
    """Return whether a line switches a tool off without saying why."""
    if "# noqa" not in line and "# type: ignore" not in line:
        return False
    marker = line[line.index("# noqa") if "# noqa" in line else line.index("# type:") :]
    return " - " not in marker and marker.count("#") < 2


def test_every_lint_exception_has_its_reason_on_its_line() -> None:
    found = [
        f"{name(path)}:{number}"
        for path in SOURCES
        if "canary" in path.relative_to(ROOT).parts
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if bare(line)
    ]
    assert found == []


def test_no_file_names_a_place_of_the_machine_it_was_written_on() -> None:
    texts = {name(path): text_of(path).replace(OWN_PATHS.pattern, "") for path in ALL}
    assert [n for n, text in texts.items() if OWN_PATHS.search(text)] == []


def test_nothing_of_ours_is_patched() -> None:
    found = {
        (name(path), node.module if isinstance(node, ast.ImportFrom) else alias.name)
        for path in ALL
        if "tests" in path.relative_to(ROOT).parts
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert [n for n, module in found if module and module.startswith("unittest.mock")] == []
