"""What a run tells of itself, and that one check's end is no other's."""

from __future__ import annotations

import queue
import threading
import time

import pytest

from canary.model import Check, Failure, FailureKind, Residue, RunLimits, Status, Step
from canary.probes.base.api import Kind, ProbeContext
from canary.runner import coordinator
from canary.runner.job import LEAST_S, was_cut
from canary.runner.ports import Progress
from tests.canary.runner.test_coordinator_decisions import Made
from tests.canary.support import worlds
from tests.canary.support.worlds import TinySpec, carried_out, check, config


def test_a_run_tells_each_phase_each_start_and_each_end() -> None:
    told: list[Progress] = []
    made = config(
        check("api.a"), check("api.b", "fails", needs=("api.a",)),
        check("api.c", needs=("api.b",)), run=RunLimits(concurrency=1),
    )  # fmt: skip
    outcome = carried_out(made, on_progress=told.append)
    a, b, c = outcome.results
    assert told == [
        Progress(phase="observe"),
        Progress(phase="probe", total=3),
        Progress(phase="probe", check_id="api.a", total=3),
        Progress(phase="probe", check_id="api.a", result=a, done=1, total=3),
        Progress(phase="probe", check_id="api.b", total=3),
        Progress(phase="probe", check_id="api.b", result=b, done=2, total=3),
        Progress(phase="probe", check_id="api.c", result=c, done=3, total=3),
    ]
    assert [r.status for r in outcome.results] == [Status.PASS, Status.FAIL, Status.SKIP]
    assert (outcome.requests, outcome.residue, outcome.cpu_starved) == (0, (), False)


def test_the_numbers_of_the_coordinator_are_those_of_the_decisions() -> None:
    numbers = (coordinator.LEAST_START_S, coordinator.MOST_QUEUED, coordinator.PATIENCE_S)
    assert (*numbers, LEAST_S) == (0.25, 4, 5.0, 0.02)


def cleans_late(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Be busy beyond the time, and only then clear away, which takes a while too."""
    time.sleep(spec.seconds)
    context.record(Step(name="too late", status=Status.PASS))
    context.remaining(True)
    time.sleep(spec.seconds)
    context.residue(Residue(kind="run", name="one", removed=True))


KINDS = {
    **worlds.KINDS, "cleans_late": Kind(name="x", spec=TinySpec, run=cleans_late, summary="")
}  # fmt: skip


def test_an_overdue_check_ends_no_other_and_is_waited_for_while_it_cleans_up() -> None:
    made = config(
        check("api.late", "cleans_late", seconds=0.7, timeout=0.1), check("api.slow", seconds=1.0)
    )
    outcome = carried_out(made, kinds=KINDS)
    late, slow = outcome.results
    assert (late.status, slow.status) == (Status.ERROR, Status.PASS)
    assert [s.name for s in late.steps] == ["out of time"]
    assert late.reason.startswith("out of time after 0.") and 400 <= late.duration_ms < 1000
    assert [r.name for r in outcome.residue] == ["one"]


CUT = (FailureKind.DEADLINE, FailureKind.READ_TIMEOUT, FailureKind.CONNECT_TIMEOUT)


@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize(
    ("code", "waited_s", "by_time"), [(0, 0.51, True), (0, 0.5, False), (20, 0.9, False)]
)
def test_a_failure_is_a_cut_by_its_kind_or_by_the_time_it_took(
    kind: FailureKind, code: int, waited_s: float, by_time: bool
) -> None:
    early = kind in (FailureKind.DNS, FailureKind.TLS)
    expected = kind in CUT or (early and by_time)
    assert was_cut(Failure(kind=kind, code=code), waited_s, 1.0) is expected


def test_a_run_leaves_no_thread_of_a_probe_that_returned() -> None:
    before = set(threading.enumerate())
    carried_out(config(*(check(f"api.n{n}", seconds=0.01) for n in range(4))))
    left = [t for t in threading.enumerate() if t not in before and t.name == "probe"]
    for thread in left:
        thread.join(5)
    assert [t for t in left if t.is_alive()] == []


class Quiet:
    """No news, ever; it keeps how long they were waited for."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def get(self, timeout: float) -> object:
        self.seconds.append(timeout)
        raise queue.Empty


@pytest.mark.parametrize(
    ("running", "waiting", "read", "seconds"),
    [
        (False, False, True, 0.001),
        (True, False, True, 5.401),  # until the next check is overdue
        (True, False, False, 5.401),
        (True, True, True, 5.401),
        (True, True, False, 5.001),  # until those that read the control plane take a slot
        (False, True, False, 5.001),
    ],
)
def test_news_are_waited_for_until_something_must_be_decided(
    running: bool, waiting: bool, read: bool, seconds: float
) -> None:
    made = Made()
    made.run._news = quiet = Quiet()  # type: ignore[assignment]
    if running:
        made.run._nearest = made.run._end_of(made.under_way(0))
    if not waiting:
        made.run._waiting.clear()
    if read:
        made.run._run.observation._read.set()
    made.run._await_news()
    assert quiet.seconds == pytest.approx([seconds])


def test_a_need_that_failed_is_the_reason_though_no_time_is_left_either() -> None:
    one = Made(worlds.check("api.root"), worlds.check("api.leaf", needs=("api.root",)))
    job = one.under_way(0)
    job._record(Step(name="one", status=Status.FAIL, reason="no"))
    job.ended = 101.0
    one.run._finish(job)
    one.clock.at = 116.9
    assert one.run._start_or_skip(one.run._waiting[0])
    assert one.ended()["api.leaf"] == ("SKIP", "needs api.root, which failed")
