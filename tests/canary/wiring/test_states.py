"""States and changes in the store: what a run writes, what it refers to, what it reads."""

from __future__ import annotations

import datetime as dt
import functools
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.adapters.clock import SystemClock
from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import changes_name, latest_name, state_name
from canary.comparison.changes import KEPT, decode
from canary.comparison.previous import Previous
from canary.control_plane.baselines import Baselines
from canary.control_plane.stable import reference
from canary.control_plane.state import PlatformState
from canary.model import CheckHistory, Config, Drift, Explanation, Report
from canary.pipeline import run_once
from canary.publish import Published, publish_report
from canary.report import json as canonical
from canary.runner import RunRequest
from canary.wiring.run import Runtime, make_ports, make_runtime
from canary.wiring.states import keep_changes, keep_state
from tests.canary.support import made, worlds
from tests.canary.support import platforms as p
from tests.canary.support.servers.toolbox import FixedClock

WELL, ILL = p.healthy(), p.change(p.healthy(), "security_groups", "sg-auth", ingress=())


class Runs:
    """Runs of one environment with a folder as its store, as a process makes them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.before = folder, list[PlatformState | None]()
        self.known = list[Baselines]()
        self._at = dt.datetime.now(dt.UTC).replace(hour=12, minute=0) - dt.timedelta(days=1)

    def runtime(self, config: Config) -> Runtime:
        return make_runtime(config, str(self.folder))

    def diagnose(self, *given: Any) -> Explanation:
        self.before.append(given[3])
        self.known.append(given[5])
        return Explanation()

    def run(self, platform: PlatformState, **kinds: str) -> Report:
        """Carry one run out and publish it; `kinds` says of each check what it does."""
        checks = [worlds.check(f"api.{name}", kind) for name, kind in kinds.items()]
        config = worlds.config(*checks)
        runtime = self.runtime(config)
        real, done = make_ports(runtime), Published()
        self._at += dt.timedelta(minutes=1)
        ports = worlds.ports(
            config.environment,
            observe=lambda: platform,
            previous=real.previous,
            read_state=real.read_state,
            diagnose=self.diagnose,
            clock=FixedClock(self._at),
        )
        report = run_once(ports, config, RunRequest())
        publish_report(runtime, report, done, latest=True)
        assert done.latest and not done.problems, done.problems
        return report

    def stored(self) -> Report:
        """Return the latest report as it is stored."""
        return canonical.load((self.folder / latest_name("test")).read_bytes())

    def states(self) -> set[str]:
        return {f.stem for f in (self.folder / "state").glob("*.json")}


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def minute(platform: PlatformState, number: int) -> PlatformState:
    """Return a platform a minute later: other tasks, other times."""
    service = platform.ecs_services[0]
    tasks = (p.replace(service.tasks[0], arn=f"task-{number}"),)
    later = p.change(platform, "ecs_services", service.arn, tasks=tasks)
    return p.replace(later, read_at=f"2026-11-22T12:{number:02}:00+00:00")


def same(one: PlatformState | None, other: PlatformState) -> bool:
    return one is not None and reference(one) == reference(other)


def test_every_run_of_an_outage_is_diagnosed_by_the_platform_before_it(runs: Runs) -> None:
    for number in range(4):
        well = runs.run(minute(WELL, number), one="passes", two="passes")
    for number in range(4, 14):
        runs.run(minute(ILL, number), one="fails", two="fails")
    assert len(runs.before) == 10
    assert all(same(found, WELL) for found in runs.before)
    assert {found.read_at for found in runs.before if found} == {well.run.started_at}
    (tenth,) = {b.reference for b in runs.known[-1].of.values()}
    assert tenth == well.platform_state and set(runs.known[-1].of) == {"api.one", "api.two"}
    assert {b.at for b in runs.known[-1].of.values()} == {well.run.started_at}


def test_so_it_is_where_another_check_never_passes(runs: Runs) -> None:
    for number in range(4):
        runs.run(minute(WELL, number), one="passes", never="fails")
    assert len(runs.states()) == 1  # every run failed, and one state served them all
    runs.before.clear()
    for number in range(4, 14):
        runs.run(minute(ILL, number), one="fails", never="fails")
    assert len(runs.before) == 10 and all(same(found, WELL) for found in runs.before)
    assert set(runs.known[-1].of) == {"api.one"}


def test_before_three_passes_the_previous_run_is_all_that_is_known(runs: Runs) -> None:
    runs.run(minute(WELL, 0), one="passes")
    runs.run(minute(WELL, 1), one="passes")
    runs.run(minute(ILL, 2), one="fails")
    runs.run(minute(ILL, 3), one="fails")
    assert [same(found, WELL) for found in runs.before] == [True, False]
    assert runs.known == [Baselines(), Baselines()]


def old_form(report: Report) -> bytes:
    """Return a report as the version before this one stored it."""
    plain = json.loads(canonical.render(report))
    for name in ("platform_state", "state_kept_at", "changes"):
        del plain[name]
    for kept in plain["history"].values():
        del kept["baseline"], kept["baseline_at"]
    return json.dumps(plain).encode()


def test_a_report_of_an_earlier_version_is_compared_with_as_before(runs: Runs) -> None:
    for number in range(4):
        report = runs.run(minute(WELL, number), one="passes")
    (runs.folder / latest_name("test")).write_bytes(old_form(report))
    found = runs.run(minute(ILL, 5), one="fails")
    assert same(runs.before[-1], WELL)
    assert [d.attribute for d in found.comparison.drift] == ["in tcp 8000-8000 sg-lb-auth"]


def test_the_report_of_a_run_without_failures_refers_to_its_state(runs: Runs) -> None:
    reports = [runs.run(minute(WELL, number), one="passes") for number in range(3)]
    stored = runs.stored()
    assert stored.platform is None and reports[-1].platform is not None
    assert runs.states() == {stored.platform_state} == {r.platform_state for r in reports}
    assert stored.history["api.one"].baseline == stored.platform_state
    assert stored.comparison.drift == ()


def test_the_report_of_a_run_with_failures_keeps_what_its_diagnosis_used(runs: Runs) -> None:
    report = runs.run(ILL, one="fails")
    assert runs.stored().platform == canonical.load(canonical.render(report)).platform
    assert runs.states() == {report.platform_state}


def test_an_unchanged_state_is_written_once_a_day_and_not_read(runs: Runs) -> None:
    first = runs.run(minute(WELL, 0), one="passes")
    (runs.folder / state_name(first.platform_state)).unlink()
    runs.run(minute(WELL, 1), one="passes")  # would raise a note if it read the state
    assert runs.stored().run.notes == () and runs.states() == set()


def test_a_state_that_was_edited_is_refused_and_the_previous_run_serves(runs: Runs) -> None:
    for number in range(3):
        well = runs.run(minute(WELL, number), one="passes")
    runs.run(minute(ILL, 3), one="fails")
    file = runs.folder / state_name(well.platform_state)
    file.write_bytes(file.read_bytes().replace(b"sg-lb-auth", b"sg-attacker"))
    found = runs.run(minute(ILL, 4), one="fails")
    assert same(runs.before[-1], ILL) and runs.known[-1] == Baselines()
    why = f"the state {well.platform_state} could not be read: its content does not fit its name"
    assert why in found.run.notes


def test_a_store_that_hangs_costs_three_seconds_and_no_diagnosis() -> None:
    clock = SystemClock()
    config = worlds.config(*(worlds.check(f"api.{n}", "fails") for n in "abc"))
    asked = list[float]()

    def hangs(_name: str, seconds: float) -> PlatformState:
        asked.append(seconds)
        raise TimeoutError("not done within 3.0 s")

    kept = {f"api.{n}": CheckHistory(baseline=n, baseline_at="t") for n in "abc"}
    results = tuple(made.result("P", f"api.{n}") for n in "abc")
    before = made.report(*results, history=kept)
    ports = worlds.ports(
        config.environment,
        previous=lambda: Previous(report=before),
        read_state=hangs,
        clock=clock,
    )
    report = run_once(ports, config, RunRequest())
    assert len(asked) == 3 and max(asked) <= 3.0
    assert sum("could not be read: not done within" in note for note in report.run.notes) == 3


def test_the_first_run_of_a_day_renews_every_state_that_is_named(tmp_path: Path) -> None:
    store, written = FolderStore(tmp_path), list[str]()

    class Watched(FolderStore):
        def write(self, name: str, data: bytes) -> None:
            written.append(name)
            super().write(name, data)

    store.write(state_name("older"), b"kept as it is")
    history = {
        "api.it": CheckHistory(baseline="older"),
        "api.x": CheckHistory(baseline="lost"),
    }
    report = made.report(
        made.result("P"),
        history=history,
        platform=msgspec.to_builtins(WELL),
        platform_state="present",
        state_kept_at="earlier",
    )
    day, next_day = "2026-11-22T23:59:00+00:00", "2026-11-23T00:00:00+00:00"
    for at, renewed in ((day, []), (next_day, [state_name("older")])):
        run = msgspec.structs.replace(report.run, started_at=at)
        comparison = msgspec.structs.replace(report.comparison, previous_at=day)
        keep_state(
            Watched(tmp_path), msgspec.structs.replace(report, run=run, comparison=comparison)
        )
        assert written == renewed
    assert store.read(state_name("older")) == b"kept as it is"


def drifted(*names: str) -> Report:
    found = tuple(Drift(resource=n, attribute="action", before="a", after="b") for n in names)
    report = made.report()
    comparison = msgspec.structs.replace(report.comparison, drift=found)
    return msgspec.structs.replace(report, comparison=comparison)


def kept_changes(store: FolderStore) -> list[str]:
    return [c.resource for c in decode(store.read(changes_name("test"))).changes]


def test_changes_are_kept_newest_first_bounded_and_written_only_when_there_are_some(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path)
    assert keep_changes(store, drifted()) == () and store.read(changes_name("test")) is None
    assert keep_changes(store, drifted("one", "two")) == ()
    assert keep_changes(store, drifted("three")) == ()
    assert kept_changes(store) == ["three", "one", "two"]
    keep_changes(store, drifted(*(f"r{n}" for n in range(KEPT - 1))))
    assert len(kept_changes(store)) == KEPT and kept_changes(store)[-1] == "three"


@pytest.mark.parametrize("damaged", [b"", b"[1]", b'{"schema": "hokusai-canary/changes/9"}'])
def test_changes_that_nobody_can_read_are_started_anew_with_a_note(
    tmp_path: Path, damaged: bytes
) -> None:
    store = FolderStore(tmp_path)
    store.write(changes_name("test"), damaged)
    (note,) = keep_changes(store, drifted("one"))
    assert note.startswith("changes/test.json was started anew: it was ")
    assert kept_changes(store) == ["one"]


class Overtaken(FolderStore):
    """A store in which other runs add their own changes between this run's look and its write."""

    def __init__(self, folder: Path, others: int) -> None:
        super().__init__(folder)
        self._others = others

    def read(self, name: str) -> bytes | None:
        found = super().read(name)
        if self._others:
            self._others -= 1
            keep_changes(FolderStore(self._folder), drifted(f"other {self._others}"))
        return found


def test_changes_of_runs_at_the_same_time_are_all_kept_or_the_run_says_so(tmp_path: Path) -> None:
    assert keep_changes(Overtaken(tmp_path, 2), drifted("mine")) == ()
    assert kept_changes(FolderStore(tmp_path)) == ["mine", "other 0", "other 1"]
    (note,) = keep_changes(Overtaken(tmp_path, 3), drifted("lost"))
    assert "the changes of this run are missing" in note
    assert "lost" not in kept_changes(FolderStore(tmp_path))


def test_a_change_of_the_platform_is_told_by_later_runs_and_kept_in_the_store(runs: Runs) -> None:
    runs.run(minute(WELL, 0), one="passes")
    runs.run(minute(ILL, 1), one="passes")
    later = runs.run(minute(ILL, 2), one="passes")
    (change,) = later.changes
    assert (change.resource, change.before, change.after, change.at) == (
        "security group auth-tasks (sg-auth)", "allowed", "", "2026-11-22T12:01:00+00:00",
    )  # fmt: skip
    stored = decode((runs.folder / changes_name("test")).read_bytes())
    assert stored.changes == (change,) and later.comparison.drift == ()


def test_a_state_that_cannot_be_written_leaves_the_platform_in_the_report(
    runs: Runs, tmp_path: Path
) -> None:
    config = worlds.config(worlds.check("api.one"))
    (tmp_path / "state").write_text("a file where a folder should be")
    runtime, done = runs.runtime(config), Published()
    ports = worlds.ports(config.environment, observe=functools.partial(minute, WELL, 0))
    report = run_once(ports, config, RunRequest())
    publish_report(runtime, report, done, latest=True)
    assert [problem.partition(":")[0] for problem in done.problems] == ["state"]
    assert runs.stored().platform == canonical.load(canonical.render(report)).platform
