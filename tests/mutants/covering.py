"""Which test executes which line, measured once with coverage.py and its contexts."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.mutants.sample import ROOT, Mutant

Lines = dict[str, dict[int, frozenset[str]]]


@dataclass(frozen=True)
class Covering:
    """The tests that passed: how long each took, and which executes which line of a module.

    `seconds` are those of the processor: a busy machine does not change which tests are chosen.
    """

    seconds: dict[str, float]
    lines: Lines
    failed: tuple[str, ...] = ()
    waited: dict[str, float] = field(default_factory=dict)  # by the clock
    texts: dict[str, str] = field(default_factory=dict)  # of modules and test files, as digests

    def of(
        self, mutant: Mutant, users: tuple[str, ...], further: tuple[str, ...] = ()
    ) -> list[str]:
        """Return the tests to run for a mutant, the quick ones first.

        A line that is executed by the import alone is covered by the tests of its module and of
        those that import it, test files among them, and by the further files that import these.
        """
        found = self._executing(mutant)
        if not found:
            own = (self.lines.get(path, {}) for path in (mutant.module, *users))
            found = {test for one in own for tests in one.values() for test in tests}
            files = {*users, *further}
            found |= {t for t in self.seconds if t.partition("::")[0] in files} - {*self.failed}
        return sorted(found, key=lambda test: (self.seconds.get(test, 0.0), test))

    def by_import(self, mutant: Mutant) -> bool:
        """Return whether no test executes a statement, but perhaps the import of its module.

        So are tables, and functions that do nothing but make a row of one.
        """
        return not self._executing(mutant)

    def _executing(self, mutant: Mutant) -> set[str]:
        lines = self.lines.get(mutant.module, {})
        wanted = range(mutant.first, mutant.last + 1) if mutant.function else ()
        return {test for n in wanted for test in lines.get(n, ())}

    def depth(self, module: str) -> dict[str, float]:
        """Return how far each test gets into a module: a line that few execute counts more."""
        found: defaultdict[str, float] = defaultdict(float)
        for tests in self.lines.get(module, {}).values():
            for test in tests:
                found[test] += 1 / len(tests)
        return found

    def to_measure(self, tests: Iterable[str], modules: Iterable[str]) -> list[str]:
        """Return the tests that are new or changed, or execute a module that changed."""
        tests, modules = list(tests), list(modules)
        if any(module not in self.lines for module in modules):
            return tests
        changed = {m for m in modules if digest(m) != self.texts.get(m)}
        again = {t for m in changed for found in self.lines[m].values() for t in found}
        files = {t.partition("::")[0] for t in tests}
        changed |= {f for f in files if digest(f) != self.texts.get(f)}
        return [
            t
            for t in tests
            if t not in self.seconds or t in again or t.partition("::")[0] in changed
        ]

    def with_new(self, new: Covering) -> Covering:
        """Return what is known after some tests were measured anew."""
        lines: Lines = {}
        for module in {**self.lines, **new.lines}:
            old = self.lines.get(module, {})
            if new.texts.get(module) not in (None, self.texts.get(module)):
                old = {}
            added = new.lines.get(module, {})
            lines[module] = {
                n: old.get(n, frozenset()) - new.seconds.keys() | added.get(n, frozenset())
                for n in {**old, **added}
            }
        return Covering(
            {**self.seconds, **new.seconds},
            lines,
            tuple(dict.fromkeys([*(t for t in self.failed if t not in new.seconds), *new.failed])),
            {**self.waited, **new.waited},
            {**self.texts, **new.texts},
        )


def digest(path: str) -> str:
    """Return what tells whether a file changed."""
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


@dataclass(eq=False)
class Measuring:
    """A plug-in of pytest that notes contexts and times while the tests run."""

    modules: list[str]
    seconds: dict[str, float] = field(default_factory=dict)
    waited: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Begin to measure."""
        import coverage  # the tests of this package do without it

        paths = [str(ROOT / m) for m in self.modules]
        self.coverage = coverage.Coverage(data_file=None, include=paths)
        self.coverage.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        """Give the lines that a test executes its name."""
        self.coverage.switch_context(item.nodeid)
        began, worked = time.perf_counter(), time.process_time()
        try:
            return (yield)  # type: ignore[misc]  # pytest's wrappers are generators
        finally:
            self.waited[item.nodeid] = time.perf_counter() - began
            self.seconds[item.nodeid] = time.process_time() - worked

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that fails, and one that is skipped: neither says anything of a mutant."""
        if report.outcome != "passed":
            self.failed.append(report.nodeid)

    def result(self) -> Covering:
        """Return what was noted."""
        data = self.coverage.get_data()
        lines: Lines = {}
        for module in self.modules:
            found = data.contexts_by_lineno(str(Path(ROOT / module)))
            lines[module] = {
                number: frozenset(c for c in contexts if c and c not in self.failed)
                for number, contexts in found.items()
            }
        files = {test.partition("::")[0] for test in self.seconds}
        texts = {path: digest(path) for path in (*self.modules, *files)}
        return Covering(self.seconds, lines, tuple(self.failed), self.waited, texts)
