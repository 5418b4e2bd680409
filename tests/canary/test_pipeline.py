"""The main path as a whole: what a run reuses of the previous one, and its own notes."""

from __future__ import annotations

import functools
import queue
import threading
from collections.abc import Iterable

import msgspec

from canary.comparison.previous import Previous
from canary.metrics.measure import Point
from canary.model import Config, Explanation, Report, Run, Status
from canary.pipeline import run_once
from canary.plan import Selection
from canary.publish import Published, publish_metrics
from canary.report.score import run_status
from canary.runner import RunRequest
from canary.runner.noting import Attempts
from tests.canary.support import worlds

SCHEDULED = RunRequest(selection=Selection(due_only=True), reuse_rest=True, budget_s=20)


def run(config: Config, before: Report | None = None) -> Report:
    """Carry a scheduled run out that follows another one."""
    ports = worlds.ports(config.environment, previous=lambda: Previous(report=before))
    return run_once(ports, config, SCHEDULED)


def test_what_is_not_due_is_carried_and_every_check_has_its_result() -> None:
    config = worlds.config(worlds.check("api.one"), worlds.check("api.two", every=3600))
    first = run(config)
    second = run(config, first)
    assert [r.reused for r in first.results] == [False, False]
    assert [(r.check_id, r.reused) for r in second.results] == [
        ("api.one", True),
        ("api.two", True),
    ]
    assert {r.as_of for r in run(config, second).results} == {first.run.started_at}


def test_runs_beside_the_schedule_leave_the_windows_as_they_are() -> None:
    """Three of them in a minute are no outage; what they found is reported all the same."""
    config = worlds.config(worlds.check("api.one", "fails"))
    beside = msgspec.structs.replace(SCHEDULED, aside=True)
    report, ports = run(config), worlds.ports
    for _ in range(3):
        before = Previous(report=report)
        report = run_once(ports(config.environment, previous=lambda b=before: b), config, beside)
    assert [r.status for r in report.results] == [Status.FAIL]
    assert report.history["api.one"].outcomes == "F"
    assert run(config, report).history["api.one"].outcomes == "FF"


def test_a_check_of_which_nothing_can_be_carried_runs_though_it_is_not_due() -> None:
    """Its history says that it passed a moment ago, and the report has lost the result."""
    config = worlds.config(worlds.check("api.one"), worlds.check("api.two", every=3600))
    first = run(config)
    torn = msgspec.structs.replace(first, results=first.results[:1])
    second = run(config, torn)
    assert [(r.check_id, r.reused) for r in second.results] == [
        ("api.one", True),
        ("api.two", False),
    ]


def test_a_run_that_judged_nothing_could_not_tell() -> None:
    """A suite of which every check is disabled: `run --suite` must not end with 0."""
    assert run_status(()) is Status.ERROR
    assert run(worlds.config()).run.status is Status.ERROR


def test_what_fails_is_noted_and_the_next_part_is_tried() -> None:
    attempts = Attempts()
    assert attempts.run("no number", lambda: int("x"), 7) == 7
    assert attempts.run("no text", lambda: "text", "") == "text"
    [note] = attempts.notes
    assert note.startswith("no number: ValueError: invalid literal")


def broken_diagnosis(*_: object) -> Explanation:
    raise RuntimeError("a bug in a rule")


def test_a_diagnosis_that_raises_costs_itself_alone() -> None:
    config = worlds.config(worlds.check("api.one", "fails"))
    ports = worlds.ports(config.environment, diagnose=broken_diagnosis)
    report = run_once(ports, config, RunRequest())
    assert report.unexplained == ("api.one",)
    assert "diagnosis failed: RuntimeError: a bug in a rule" in report.run.notes


def test_what_wakes_people_is_published_before_a_diagnosis_that_hangs_comes_back() -> None:
    config, back = worlds.config(worlds.check("api.one", "fails")), threading.Event()

    def hangs(*_: object) -> Explanation:
        assert back.wait(10)
        return Explanation()

    emitted: queue.SimpleQueue[tuple[Point, ...]] = queue.SimpleQueue()
    done, reports = Published(), list[Report]()
    ports = worlds.ports(config.environment, diagnose=hangs)

    def emit(points: Iterable[Point], _run: Run) -> None:
        emitted.put(tuple(points))

    def run_it() -> None:
        judged = functools.partial(publish_metrics, emit=emit, done=done, config=config)
        reports.append(run_once(ports, config, RunRequest(), judged))

    thread = threading.Thread(target=run_it)
    thread.start()
    values = {p.metric: p.value for p in emitted.get(timeout=10)}
    assert values["RunCompleted"] == values["CheckFailed"] == 1.0
    assert not reports
    back.set()
    thread.join(10)
    assert done.emitted and len(reports) == 1
    assert emitted.empty()  # the run's other metrics come with its report
