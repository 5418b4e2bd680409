"""Run a sample of mutants of each module of some folders: python -m tests.mutants FOLDER..."""

from __future__ import annotations

import argparse
import ast
import json
import pickle
import subprocess
import sys
from collections import defaultdict
from dataclasses import asdict

import pytest

from tests.mutants.apply import module_name
from tests.mutants.equivalents import equivalents
from tests.mutants.sample import ROOT, mutants, sample
from tests.mutants.session import Mutating, Outcome
from tests.mutants.table import rows, table

OUT = ROOT / "out" / "mutants"
FAST = "not slow and not sweep"
MUST_KILL = 0.9
# What a page shows of a room is stated by the test of the page; plug-ins have a room of tests.
ALSO = (
    ("canary/messages", "tests/canary/plugins"),
    ("canary/diagnose", "tests/house/test_documents.py"),
    ("canary/control_plane", "tests/house/test_documents.py"),
)


def arguments(typed: list[str] | None = None) -> argparse.Namespace:
    """Return what was typed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("of", nargs="+", help="folders or files whose code is changed")
    parser.add_argument(
        "--tests", nargs="+", help="test files or folders; else those of the folders"
    )
    parser.add_argument("--seed", help="what chooses the sample; else the commit")
    parser.add_argument("--most", type=int, default=20, help="mutants of a module")
    parser.add_argument("--budget", type=float, default=20.0, help="seconds of tests for a mutant")
    parser.add_argument(
        "--keep", action="store_true", help="measure what changed since the last run"
    )
    return parser.parse_args(typed)


def files(of: list[str]) -> list[str]:
    """Return the modules of folders, without those that hold nothing but a docstring."""
    found: dict[str, None] = {}
    for name in of:
        path = ROOT / name
        for one in [path] if path.is_file() else sorted(path.rglob("*.py")):
            found[str(one.relative_to(ROOT))] = None
    return list(found)


def folders_of_tests(of: list[str]) -> list[str]:
    """Return the tests that belong to folders of code: those of the room, by its name."""
    found: dict[str, None] = {}
    for name in of:
        path = ROOT / "tests" / "/".join(name.split("/")[:2])
        while not path.is_dir():
            path = path.parent
        found[str(path.relative_to(ROOT))] = None
    also = (test for room, test in ALSO if f"tests/{room}" in found)
    return list(dict.fromkeys([*found, *also]))


def users(modules: list[str]) -> dict[str, tuple[str, ...]]:
    """Return, for each module, those of the same package that import it, and the test files."""
    names = {module_name(m): m for m in modules}
    found: defaultdict[str, list[str]] = defaultdict(list)
    packages = sorted({"tests", *(m.partition("/")[0] for m in modules)})
    for path in (p for package in packages for p in sorted((ROOT / package).rglob("*.py"))):
        user = str(path.relative_to(ROOT))
        text = path.read_text(encoding="utf-8")
        if not any(name.rpartition(".")[2] in text for name in names):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                inner = {f"{node.module}.{a.name}" for a in node.names}
                for name in ({node.module} | inner) & names.keys():
                    found[names[str(name)]].append(user)
    return {module: tuple(dict.fromkeys(using)) for module, using in found.items()}


def further(of: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return, for each module, the test files that import a user of it.

    A table is often tested by the name under which another module offers it.
    """
    inner = {u for using in of.values() for u in using if not is_test_file(u)}
    theirs = users(sorted(inner))
    return {
        module: tuple(dict.fromkeys(t for u in using for t in theirs.get(u, ()) if is_test_file(t)))
        for module, using in of.items()
    }


def is_test_file(path: str) -> bool:
    """Return whether a file holds tests."""
    return path.rpartition("/")[2].startswith("test_")


def commit() -> str:
    """Return the commit that is checked out."""
    git = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main(typed: list[str] | None = None) -> int:
    """Return 0 where nine of ten mutants of every module are killed."""
    options = arguments(typed)
    seed, modules = options.seed or commit(), files(options.of)
    chosen = {
        m: sample(mutants(m, (ROOT / m).read_text(encoding="utf-8")), seed, options.most)
        for m in modules
    }
    chosen = {module: found for module, found in chosen.items() if found}
    OUT.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    log = (OUT / "mutants.jsonl").open("w", encoding="utf-8")  # to be read while it grows

    def note(outcome: Outcome) -> None:
        outcomes.append(outcome)
        log.write(
            json.dumps(
                {**asdict(outcome.mutant), "killed_by": outcome.killed_by, "tests": outcome.tests}
            )
            + "\n"
        )
        log.flush()

    using = users(list(chosen))
    mutating = Mutating(chosen, using, options.budget, note, further=further(using))
    kept = OUT / "covering.pickle"
    mutating.on_covering = lambda covering: kept.write_bytes(pickle.dumps(covering))
    if options.keep and kept.exists():
        mutating.covering = pickle.loads(kept.read_bytes())
    where = options.tests or folders_of_tests(options.of)
    code = pytest.main(
        [
            *where,
            "-qq",
            "-s",
            "--tb=native",
            "-m",
            FAST,
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ],
        plugins=[mutating],
    )
    found = rows(outcomes, equivalents())
    print(table(found, outcomes, equivalents(), seed))
    for failed in mutating.failed_nulls:
        print(f"WITHOUT A CHANGE this test fails too: {failed}")
    good = all(row.rate >= MUST_KILL for row in found) and not mutating.failed_nulls
    return 0 if good and code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else 1


if __name__ == "__main__":
    sys.exit(main())
