"""A plug-in of pytest that collects the tests once and forks a process for each mutant."""

from __future__ import annotations

import gc
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.apply import exchange, forget_and_import
from tests.mutants.covering import Covering, Measuring
from tests.mutants.fork import TimeUpError, forked
from tests.mutants.sample import ROOT, Mutant

MEASURING_LIMIT_S = 14_400.0  # by the clock: some minutes of the processor on a quiet machine
START_S = 30.0  # what a new import and collection may take
SLOWER = 8.0  # how much longer than measured a test may take
FIRST_KILLERS = 8
FIRST_FILES = 3
QUICK_S = 0.1  # a test that takes longer comes after all that do not
LOOP_S = 3.0  # of the processor: what a test may take beyond that, before it is taken for a loop


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
    seconds: Mapping[str, float] = field(default_factory=dict)
    by_import: bool = False  # no test executes the place: a new import does

    def __call__(self) -> str:
        """Return the test that fails, or nothing."""
        if self.mutant is None or (not self.by_import and exchange(self.mutant)):
            return self._here()
        return self._afresh()

    def _here(self) -> str:
        for item, following in zip(self.items, [*self.items[1:], None], strict=True):
            usual = self.seconds.get(item.nodeid, 0.0)
            signal.setitimer(signal.ITIMER_PROF, LOOP_S + SLOWER * usual)  # it ends the process
            reports = runtestprotocol(item, nextitem=following, log=False)
            if any(report.failed for report in reports):
                self.session._setupstate.teardown_exact(None)
                return item.nodeid
        return ""

    def _afresh(self) -> str:
        """Import the mutant with the test files: those of the first tests, then all others.

        To import a test file costs more than most of its tests.
        """
        files = list(dict.fromkeys(item.nodeid.partition("::")[0] for item in self.items))
        for some in (files[:FIRST_FILES], files[FIRST_FILES:]):
            forget_and_import(self.mutant)
            chosen = _Chosen([i.nodeid for i in self.items if i.nodeid.partition("::")[0] in some])
            typed = [*some, "-x", "-qq", "--tb=native", "-p", "no:cacheprovider"]
            code = pytest.main(typed, plugins=[chosen]) if some else pytest.ExitCode.OK
            if chosen.failed or code != pytest.ExitCode.OK:
                return chosen.failed or f"import: {code!r}"
        return ""


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
    on_covering: Callable[[Covering], object] = lambda _: None
    failed_nulls: list[str] = field(default_factory=list)
    further: dict[str, tuple[str, ...]] = field(default_factory=dict)  # test files of the users
    _depths: dict[str, dict[str, float]] = field(default_factory=dict)

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
        """Measure the tests, then run every mutant; what killed must pass without a change."""
        items = {item.nodeid: item for item in session.items}
        self._measure(session, items)
        gc.collect()
        gc.freeze()  # a fork shares what it does not touch
        for module, mutants in self.chosen.items():
            killers: list[str] = []
            for mutant in mutants:
                tests = self.tests_for(mutant, killers, items)
                killed_by = self._run(session, [items[t] for t in tests], mutant)
                if killed_by in items:
                    killers = [killed_by, *(k for k in killers if k != killed_by)]
                self.on_outcome(Outcome(mutant, killed_by, len(tests)))
            if failed := self._run(session, [items[t] for t in killers], None):
                self.failed_nulls.append(f"{module}: {failed}")
        return True

    def _measure(self, session: pytest.Session, items: dict[str, pytest.Item]) -> None:
        """Measure the tests of which nothing is known yet."""
        inner = {u for using in self.users.values() for u in using if not u.startswith("tests/")}
        known = self.covering = self.covering or Covering({}, {})
        there = {m for m in known.lines if (ROOT / m).exists()}
        # what is new is measured for every module: else the next room would not know it
        modules = sorted({*self.chosen, *inner, *there})
        if wanted := known.to_measure(items, modules):
            new = measured(session, [items[test] for test in wanted], modules)
            self.covering = known.with_new(new)
            self.on_covering(self.covering)

    def tests_for(self, mutant: Mutant, killers: list[str], items: Iterable[str]) -> list[str]:
        """Return the tests for a mutant: recent killers, those of the module itself, all others.

        Quick ones first: one of each function, and by turns the one that gets furthest into the
        module. What is beyond the budget is left out.
        """
        assert self.covering is not None
        using = self.users.get(mutant.module, ())
        files = self.further.get(mutant.module, ())
        found = [t for t in self.covering.of(mutant, using, files) if t in items]
        first = [k for k in killers if k in found][:FIRST_KILLERS]
        seconds, module = self.covering.seconds, mutant.module
        if module not in self._depths:
            self._depths[module] = self.covering.depth(module)
        depth = self._depths[module]
        turns = sorted(
            by_turns(in_turn(found), sorted(found, key=lambda t: -depth.get(t, 0.0))),
            key=lambda t: (t.partition("::")[0] not in using, seconds.get(t, 0.0) > QUICK_S),
        )
        return within(
            [*first, *(t for t in turns if t not in first)],
            seconds,
            self.budget_s,
        )

    def _run(self, session: pytest.Session, items: list[pytest.Item], mutant: Mutant | None) -> str:
        assert self.covering is not None
        if not items:
            return ""
        usual = sum(self.covering.waited.get(item.nodeid, 0.0) for item in items)
        by_import = mutant is not None and self.covering.by_import(mutant)
        kill = Kill(session, items, mutant, self.covering.seconds, by_import)
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


def by_turns(some: list[str], others: list[str]) -> list[str]:
    """Return the tests of two orders, one of each by turns, each test once."""
    return list(dict.fromkeys(test for two in zip(some, others, strict=True) for test in two))


def within(tests: list[str], seconds: dict[str, float], budget_s: float) -> list[str]:
    """Return the tests that fit into a time, at least one."""
    found, total = [], 0.0
    for test in tests:
        total += seconds.get(test, 0.0)
        if total <= budget_s or not found:
            found.append(test)
    return found


def measured(session: pytest.Session, items: list[pytest.Item], modules: list[str]) -> Covering:
    """Return which tests cover which lines, measured in a process of its own."""

    def measure() -> Covering:
        measuring = Measuring(modules)
        session.config.pluginmanager.register(measuring)
        measuring.start()
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        measuring.coverage.stop()
        return measuring.result()

    print(f"measuring {len(items)} tests", file=sys.stderr)
    found: Covering = forked(measure, MEASURING_LIMIT_S)
    for test in found.failed:
        print(f"left out, did not pass: {test}", file=sys.stderr)
    return found
