"""A plug-in of pytest that collects the tests once and forks a process for each mutant."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.apply import exchange, forget_and_import
from tests.mutants.covering import Covering, Measuring
from tests.mutants.fork import TimeUpError, forked
from tests.mutants.sample import Mutant

MEASURING_LIMIT_S = 3600.0
START_S = 30.0  # what a new import and collection may take
SLOWER = 8.0  # how much longer than measured a test may take
FIRST_KILLERS = 8
QUICK_S = 0.1  # a test that takes longer comes after all that do not


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant; `killed_by` is a test, "time", or empty where it survived."""

    mutant: Mutant
    killed_by: str
    tests: int


@dataclass(frozen=True)
class Kill:
    """Run the tests that cover a mutant until one fails."""

    session: pytest.Session
    items: list[pytest.Item]
    mutant: Mutant | None

    def __call__(self) -> str:
        """Return the test that fails, or nothing."""
        if self.mutant is None or exchange(self.mutant):
            return self._here()
        return self._afresh()

    def _here(self) -> str:
        for item, following in zip(self.items, [*self.items[1:], None], strict=True):
            reports = runtestprotocol(item, nextitem=following, log=False)
            if any(report.failed for report in reports):
                self.session._setupstate.teardown_exact(None)
                return item.nodeid
        return ""

    def _afresh(self) -> str:
        forget_and_import(self.mutant)
        chosen = _Chosen([item.nodeid for item in self.items])
        files = dict.fromkeys(item.nodeid.partition("::")[0] for item in self.items)
        code = pytest.main([*files, "-x", "-qq", "-p", "no:cacheprovider"], plugins=[chosen])
        return chosen.failed or ("" if code == pytest.ExitCode.OK else f"import: {code!r}")


@dataclass(eq=False)
class _Chosen:
    """A plug-in of pytest that runs some of the tests of its files, in a given order."""

    names: list[str]
    failed: str = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the chosen tests."""
        there = {item.nodeid: item for item in items}
        items[:] = [there[name] for name in self.names if name in there]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the test that fails."""
        if report.failed:
            self.failed = self.failed or report.nodeid


@dataclass(eq=False)
class Mutating:
    """A plug-in of pytest that runs mutants instead of the tests themselves."""

    chosen: dict[str, list[Mutant]]
    users: dict[str, tuple[str, ...]]  # the modules that import a module
    budget_s: float
    on_outcome: Callable[[Outcome], None]
    covering: Covering | None = None
    failed_nulls: list[str] = field(default_factory=list)

    def pytest_configure(self) -> None:
        """Let Hypothesis try the same examples each time, and not look for shorter ones."""
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile(
            "mutants", phases=phases, derandomize=True, database=None, deadline=None
        )
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what shares a twin or a deployment: there the code runs in other processes."""
        items[:] = [item for item in items if _group(item).endswith(".py")]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Measure the tests, then run every mutant."""
        if self.covering is None:
            self.covering = measured(
                session,
                sorted({*self.chosen, *(u for using in self.users.values() for u in using)}),
            )
        items = {item.nodeid: item for item in session.items}
        for module, mutants in self.chosen.items():
            killers: list[str] = []
            for mutant in (None, *mutants):
                tests = self.tests_for(mutant or mutants[0], killers, items)
                killed_by = self._run(Kill(session, [items[t] for t in tests], mutant))
                if mutant is None:
                    self.failed_nulls += [f"{module}: {killed_by}"] if killed_by else []
                    continue
                if killed_by in items:
                    killers = [killed_by, *(k for k in killers if k != killed_by)]
                self.on_outcome(Outcome(mutant, killed_by, len(tests)))
        return True

    def tests_for(self, mutant: Mutant, killers: list[str], items: Iterable[str]) -> list[str]:
        """Return the tests for a mutant: recent killers, those of the module itself, all others.

        Quick ones first, of each function in turn; what is beyond the budget is left out.
        """
        assert self.covering is not None
        using = self.users.get(mutant.module, ())
        found = [t for t in self.covering.of(mutant, using) if t in items]
        first = [k for k in killers if k in found][:FIRST_KILLERS]
        seconds = self.covering.seconds
        turns = sorted(
            in_turn(found),
            key=lambda t: (t.partition("::")[0] not in using, seconds.get(t, 0.0) > QUICK_S),
        )
        return within(
            [*first, *(t for t in turns if t not in first)],
            seconds,
            self.budget_s,
        )

    def _run(self, kill: Kill) -> str:
        assert self.covering is not None
        if not kill.items:
            return ""
        usual = sum(self.covering.waited.get(item.nodeid, 0.0) for item in kill.items)
        try:
            return str(forked(kill, START_S + SLOWER * usual))
        except TimeUpError:
            return "time"


def _group(item: pytest.Item) -> str:
    """Return what tests/conftest.py groups a test by: its file, if it shares nothing."""
    marker = item.get_closest_marker("xdist_group")
    return str(marker.args[0]) if marker else item.nodeid.partition("::")[0]


def in_turn(tests: list[str]) -> list[str]:
    """Return tests so that the first of each function come first, then the second of each."""
    seen: Counter[str] = Counter()
    turns = {}
    for test in tests:
        function = test.partition("[")[0]
        turns[test] = seen[function]
        seen[function] += 1
    return sorted(tests, key=lambda test: turns[test])


def within(tests: list[str], seconds: dict[str, float], budget_s: float) -> list[str]:
    """Return the tests that fit into a time, at least one."""
    found, total = [], 0.0
    for test in tests:
        total += seconds.get(test, 0.0)
        if total <= budget_s or not found:
            found.append(test)
    return found


def measured(session: pytest.Session, modules: list[str]) -> Covering:
    """Return which tests cover which lines, measured in a process of its own."""

    def measure() -> Covering:
        measuring = Measuring(modules)
        session.config.pluginmanager.register(measuring)
        measuring.start()
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        measuring.coverage.stop()
        return measuring.result()

    print(f"measuring {len(session.items)} tests", file=sys.stderr)
    found: Covering = forked(measure, MEASURING_LIMIT_S)
    for test in found.failed:
        print(f"left out, did not pass: {test}", file=sys.stderr)
    return found
