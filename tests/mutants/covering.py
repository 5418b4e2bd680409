"""Which test executes which line, measured once with coverage.py and its contexts."""

from __future__ import annotations

import time
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

    def of(self, mutant: Mutant, users: tuple[str, ...]) -> list[str]:
        """Return the tests to run for a mutant, the quick ones first.

        A line that is executed by the import alone is covered by the tests of its module and of
        those that import it, test files among them.
        """
        lines = self.lines.get(mutant.module, {})
        if mutant.function:
            wanted = range(mutant.first, mutant.last + 1)
            found = {test for n in wanted for test in lines.get(n, ())}
        else:
            using = [lines, *(self.lines.get(user, {}) for user in users)]
            found = {test for one in using for tests in one.values() for test in tests}
            found |= {t for t in self.seconds if t.partition("::")[0] in users} - {*self.failed}
        return sorted(found, key=lambda test: (self.seconds.get(test, 0.0), test))


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
        return Covering(self.seconds, lines, tuple(self.failed), self.waited)
