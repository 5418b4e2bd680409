"""Each decision of a run by itself: who starts, who waits, who ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from canary.model import Check, Load, RunLimits, Status, Step
from canary.runner.coordinator import _Coordinator
from canary.runner.job import Job
from canary.runner.ports import Progress
from tests.canary.support import worlds
from tests.canary.support.servers.toolbox import ManualClock

CHECKS = tuple(worlds.check(f"api.n{n}", timeout=5.0) for n in range(9))


class Made:
    """A run that began at 100 s: it probes until 117, cleans up until 119, has two slots."""

    def __init__(self, *checks: Check, **more: Any) -> None:
        self.clock = ManualClock(100.0)
        limits = RunLimits(budget=20.0, cleanup_reserve=2.0, publish_reserve=1.0, concurrency=2)
        self.config = worlds.config(*(checks or CHECKS), run=limits)
        ports = worlds.ports(self.config.environment, clock=self.clock, **more)
        plan = worlds.plan_of(self.config)
        start = msgspec.structs.replace(worlds.start_of(self.config, plan), start=100.0)
        self.told: list[Progress] = []
        self.run = _Coordinator(ports, start, self.told.append)

    def under_way(self, number: int, *, queued: bool = False) -> Job:
        """Put a check among those that run, without a thread."""
        job = Job(self.config.checks[number], self.run._run)
        job._place.queued = queued
        self.run._running[job.check.id] = job
        self.run._waiting = [p for p in self.run._waiting if p.check.id != job.check.id]
        return job

    def ended(self) -> dict[str, tuple[str, str]]:
        return {i: (r.status.value, r.reason) for i, r in self.run._ended.items()}


@pytest.fixture
def made() -> Iterator[Made]:
    one = Made()
    yield one
    one.run._workers.end()


def test_a_slot_is_free_beside_one_of_two_and_who_waits_for_a_turn_takes_none(made: Made) -> None:
    found = [made.run._has_slot()]
    for number in range(2):
        made.under_way(number)
        found.append(made.run._has_slot())
    made.run._running.clear()
    for number in range(8):  # four for each slot, with those that wait
        found.append(made.run._has_slot())
        made.under_way(number, queued=True)
    found.append(made.run._has_slot())
    assert found == [True, True, False, *[True] * 8, False]


@pytest.mark.parametrize(("at", "may"), [(100.0, False), (104.9, False), (105.0, True)])
def test_the_control_plane_is_waited_for_without_a_slot_for_five_seconds(
    at: float, may: bool, made: Made
) -> None:
    made.clock.at = at
    assert made.run._may_read() is may
    made.run._run.observation._read.set()
    assert made.run._may_read()


def test_a_blocking_check_starts_when_nothing_else_runs_or_waits() -> None:
    blocking = [worlds.check(f"api.b{n}", load=Load.BLOCKING, every=300) for n in range(2)]
    alone, beside = Made(*blocking), Made(*blocking, worlds.check("api.light"))
    assert (alone.run._may_block(), beside.run._may_block()) == (True, False)
    alone.under_way(0)
    assert not alone.run._may_block()


def test_a_check_is_overdue_a_moment_after_its_deadline(made: Made) -> None:
    first, second = made.under_way(0), made.under_way(1)
    second.cleaning = True
    assert (made.run._end_of(first), made.run._end_of(second)) == (105.4, 107.4)
    waits = made.under_way(2, queued=True)
    assert made.run._end_of(waits) == 101.0
    made.clock.at = 117.0
    assert made.run._end_of(waits) == 117.4


def test_what_is_overdue_ends_with_what_it_had_and_the_others_go_on(made: Made) -> None:
    first, second = made.under_way(0), made.under_way(1)
    first._record(Step(name="one", status=Status.PASS, duration_ms=10.0))
    second.deadline = 109.0
    made.run._nearest = 105.4
    made.clock.at = 105.3
    made.run._end_overdue()
    assert (made.ended(), [*made.run._running]) == ({}, ["api.n0", "api.n1"])
    made.clock.at = 105.4
    made.run._end_overdue()
    assert [*made.run._running] == ["api.n1"] and made.run._abandoned == [first]
    assert made.run._nearest == 109.4
    (result,) = made.run._ended.values()
    assert [s.name for s in result.steps] == ["one", "out of time"]
    assert (result.status, result.duration_ms, result.started_ms) == (
        Status.ERROR, pytest.approx(5400.0), 0.0,
    )  # fmt: skip
    assert made.told == [Progress(phase="probe", check_id="api.n0", result=result, done=1, total=9)]
    made.clock.at = 110.0
    made.run._end_overdue()
    assert (len(made.ended()), made.run._nearest) == (2, math.inf)


@pytest.mark.parametrize(("waited_s", "status"), [(1.9985, Status.ERROR), (2.001, Status.FAIL)])
def test_a_target_that_the_runs_end_cut_is_blamed_where_it_was_slow(
    waited_s: float, status: Status, made: Made
) -> None:
    job = made.under_way(0)
    job.deadline = 104.0  # before its own five seconds are over
    job.waiting_for, job.waits_for_target, job.waiting_since = "GET /x", True, 105.0 - waited_s
    made.run._nearest, made.clock.at = 104.4, 105.0
    made.run._end_overdue()
    assert [r.status for r in made.run._ended.values()] == [status]


@pytest.mark.parametrize(("at", "skipped"), [(116.8, True), (116.75, False), (100.0, False)])
def test_a_quarter_of_a_second_is_the_least_to_start_with(
    at: float, skipped: bool, made: Made
) -> None:
    made.clock.at = at
    planned = made.run._waiting[0]
    assert made.run._start_or_skip(planned) is skipped
    assert planned not in made.run._waiting
    assert [*made.run._running] == ([] if skipped else [planned.check.id])
    said = {planned.check.id: ("SKIP", "no time left in this run")}
    assert made.ended() == (said if skipped else {})
    if not skipped:
        assert made.run._nearest == pytest.approx(min(at + 5.0, 117.0) + 0.4)
        assert made.told == [Progress(phase="probe", check_id=planned.check.id, total=9)]
        assert made.run._running[planned.check.id].returned.wait(10)
    else:
        (result,) = made.run._ended.values()
        assert result.started_ms == pytest.approx(16_800.0)


def test_who_reads_the_control_plane_takes_no_slot_while_it_is_read() -> None:
    one = Made(worlds.check("api.reads", "reads"), worlds.check("api.other"))
    one.run._start_ready()
    assert [*one.run._running] == ["api.other"]
    one.run._run.observation._read.set()
    one.run._start_ready()
    assert [*one.run._running] == ["api.other", "api.reads"]
    assert all(job.returned.wait(10) for job in one.run._running.values())
    one.run._workers.end()


def test_a_check_ends_once_and_its_requests_count(made: Made) -> None:
    job = made.under_way(0)
    job.requests, job.ended = 3, 102.5
    job._record(Step(name="one", status=Status.PASS))
    made.run._finish(None)
    made.run._finish(Job(made.config.checks[5], made.run._run))  # it was abandoned before
    assert (made.ended(), made.run._requests) == ({}, 0)
    made.run._finish(job)
    made.run._finish(job)
    assert (made.ended(), made.run._requests) == ({"api.n0": ("PASS", "")}, 3)
    assert made.run._ended["api.n0"].duration_ms == 2500.0


def test_a_blocking_check_is_not_asked_beside_a_request_that_is_still_open() -> None:
    blocking = worlds.check("api.b", load=Load.BLOCKING, every=300)
    one = Made(worlds.check("api.light"), blocking)
    left = one.under_way(0)
    one.run._running.clear()
    one.run._abandoned.append(left)
    assert one.run._held_back(blocking) == ""
    left.cleaning = True
    assert "a request of api.light is still open" in one.run._held_back(blocking)
    assert one.run._held_back(worlds.check("api.other")) == ""
    left.returned.set()
    assert one.run._held_back(blocking) == ""


def test_all_news_are_taken_at_once_and_none_are_waited_for_longer_than_the_next_end(
    made: Made,
) -> None:
    jobs = [made.under_way(n) for n in range(2)]
    for job in jobs:
        job.ended = 101.0
        made.run._news.put(job)
    made.run._nearest = 105.4
    made.run._await_news()
    assert [*made.ended()] == ["api.n0", "api.n1"]
    made.clock.at = 117.0  # nothing runs: nobody is waited for
    made.run._await_news()
    made.under_way(2)
    made.run._nearest = 117.0  # nor beyond the next end
    made.run._await_news()
    assert len(made.ended()) == 2


def test_an_abandoned_check_that_cleans_up_is_waited_for_until_its_reserve_is_over(
    made: Made,
) -> None:
    idle, cleans = made.under_way(0), made.under_way(1)
    made.run._abandoned += [idle, cleans]
    cleans.cleaning = True
    made.clock.at = 107.0
    made.run._let_clean_up()  # the reserve is over: it returns at once
    made.clock.at = 106.0
    cleans.returned.set()
    made.run._let_clean_up()
    idle.returned.clear()
    cleans.returned.clear()
    made.run._stop()
    made.run._let_clean_up()
    assert made.run._stops == 1


def test_answers_of_abandoned_checks_count_among_the_requests(made: Made) -> None:
    for planned in [*made.run._waiting]:
        made.run._waiting.remove(planned)
        job = made.under_way(int(planned.check.id[-1]))
        job.requests, job.ended = 2, 101.0
        made.run._finish(job)
    left = Job(made.config.checks[0], made.run._run)
    left.requests = 5
    made.run._abandoned.append(left)
    outcome = made.run.run()
    assert (outcome.requests, len(outcome.results)) == (9 * 2 + 5, 9)
    assert made.run._run.times == outcome.times  # it was not stopped
    assert [p.phase for p in made.told][-2:] == ["observe", "probe"]
