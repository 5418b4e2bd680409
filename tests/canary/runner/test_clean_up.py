"""A run that is stopped: whom it waits for, whose requests it ends, and until when."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import pytest

from canary.model import Severity
from canary.runner.interruption import LOOK_S, clean_up, left_names
from canary.runner.job import Job
from tests.canary.runner.test_job import job
from tests.canary.support import worlds


def makes(**more: object) -> Job:
    """Return a check under way that has sent a request and may have made something."""
    one, _ = job(lambda _context: None, makes_objects=True, **more)
    one.requests, one.thread = 1, 7
    return one


def stopped(*jobs: Job, hurried: int = 99, ends: bool = False) -> tuple[list[Job], list[set[int]]]:
    """Stop the run of the first job at 105 s; each look takes a second of the clock."""
    run, looks = jobs[0]._run, list[set[int]]()

    def end_requests(threads: Collection[int]) -> None:
        looks.append({*threads})
        run.ports.clock.at += 1  # type: ignore[attr-defined]
        if ends:
            jobs[0].returned.set()

    run.ports = msgspec.structs.replace(run.ports, end_requests=end_requests)
    run.ports.clock.at = 105.0  # type: ignore[attr-defined]
    return clean_up(run, jobs, lambda: len(looks) >= hurried), looks


def test_who_may_leave_something_is_waited_for_until_the_reserve_and_its_grace_are_over() -> None:
    one = makes()
    assert stopped(one) == ([one], [{7}, {7}, {7}])  # until 107.4
    assert (one._run.times.probing, one._run.times.cleanup) == (105.0, 107.0)
    assert one.deadline == 105.0 and LOOK_S == 0.05
    assert left_names(one._run, [one]) == ("api.it may have left synthetic-canary-run-1-*",)
    assert left_names(one._run, []) == ()


def test_a_clean_up_that_ends_is_waited_for_no_longer() -> None:
    assert stopped(makes(), ends=True) == ([], [{7}])


@pytest.mark.parametrize("hurried", [0, 1])
def test_a_second_signal_ends_the_wait(hurried: int) -> None:
    one = makes()
    assert stopped(one, hurried=hurried) == ([one], [{7}] * hurried)


def test_a_request_that_removes_something_goes_on() -> None:
    cleaning, making = makes(), makes()
    cleaning.cleaning, making.thread = True, 8
    assert stopped(cleaning, making, hurried=1) == ([cleaning, making], [{8}])


def test_who_made_nothing_or_has_returned_is_not_waited_for() -> None:
    harmless, _ = job(lambda _context: None)
    harmless.requests = 1
    idle, _ = job(lambda _context: None, makes_objects=True)
    done = makes()
    done.returned.set()
    late = makes()
    late.deadline = 101.0
    assert stopped(harmless, idle, done) == ([], [])
    assert [j.deadline for j in (harmless, idle, done)] == [105.0] * 3
    assert stopped(late, hurried=0)[0] == [late] and late.deadline == 101.0


def test_after_the_stop_no_call_with_a_key_gets_its_turn() -> None:
    one = makes()
    turns, check = one._run.turns, worlds.check(severity=Severity.CRITICAL)
    stopped(one, hurried=0)
    why = turns.take("o", check, first=True, on_wait=lambda: None)
    assert why == "held back: the run was stopped"
