"""The parts of a run by themselves: its times, its notes, its threads, its readings."""

from __future__ import annotations

import queue
import threading

import msgspec
import pytest

from canary.control_plane.state import PlatformState, SecurityGroup
from canary.control_plane.write_calls import Audit, WriteCall, changed_by
from canary.model import Answer, Drift, RunLimits
from canary.plan import Selection
from canary.runner import RunRequest
from canary.runner.changers import with_makers
from canary.runner.context import GRACE, Times, times
from canary.runner.interruption import RunInterruptedError, cut_short
from canary.runner.noting import Attempts
from canary.runner.observation import Observation, StateUnavailableError
from canary.runner.ports import Progress
from canary.runner.rate_limit import RateLimitBackoff, backoff_s
from canary.runner.threads import Workers
from tests.canary.support import worlds
from tests.canary.support.made import report
from tests.canary.support.servers.toolbox import ManualClock


@pytest.mark.parametrize(
    ("budget", "cleanup", "publish", "expected"),
    [
        (50, 6, 4, (100, 140, 146, 150)),
        (20, 6, 4, (100, 110, 116, 120)),
        (10, 6, 4, (100, 105, 108, 110)),  # the reserves take half at most
        (10, 3, 1, (100, 106, 109, 110)),
    ],
)
def test_the_reserves_leave_half_of_a_run_to_probing(
    budget: float, cleanup: float, publish: float, expected: tuple[float, ...]
) -> None:
    limits = RunLimits(cleanup_reserve=cleanup, publish_reserve=publish)
    plan = worlds.plan_of(worlds.config(run=limits), budget)
    found = times(plan, 100.0)
    assert (found.start, found.probing, found.cleanup, found.end) == expected
    bare = msgspec.structs.replace(plan, cleanup_reserve_s=0.0, publish_reserve_s=0.0)
    assert times(bare, 100.0) == Times(
        start=100, probing=100 + budget, cleanup=100 + budget, end=100 + budget
    )  # fmt: skip


def test_a_run_that_stops_keeps_the_reserve_of_its_clean_up_from_now() -> None:
    made = Times(start=0, probing=40, cleanup=46, end=50)
    assert cut_short(made, 10) == Times(start=0, probing=10, cleanup=16, end=50)
    assert cut_short(made, 43) == Times(start=0, probing=40, cleanup=46, end=50)
    assert GRACE == 0.4
    error = RunInterruptedError(3, 7, (), ("api.it may have left x",))
    assert str(error) == "3 of 7 checks had ended"
    assert (error.residue, error.unfinished) == ((), ("api.it may have left x",))


def test_a_request_is_whole_without_a_selection_or_where_it_reuses_the_rest() -> None:
    narrow = Selection(only=("api.it",))
    assert RunRequest().whole and RunRequest(selection=narrow, reuse_rest=True).whole
    assert not RunRequest(selection=narrow).whole
    assert (RunRequest().trigger, RunRequest().budget_s, RunRequest().scheduled_at) == (
        "manual", 0, "",
    )  # fmt: skip


def test_a_progress_without_more_has_nothing_to_count() -> None:
    assert msgspec.to_builtins(Progress()) == {
        "phase": "", "check_id": "", "result": None, "done": 0, "total": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30),
        ("Sun, 22 Nov 2026 13:00:30 +0100", 30),
        ("Sun, 22 Nov 2026 12:00:00 GMT", 1),
    ],
)
def test_a_date_of_another_zone_is_the_same_moment(header: str, seconds: float) -> None:
    assert backoff_s(header, worlds.NOW) == seconds


def test_a_client_is_blocked_until_the_moment_that_it_was_told() -> None:
    clock = ManualClock(at=0.5)
    backoff, client = RateLimitBackoff(clock), ("https://h", "valid")
    assert backoff.blocked(client, 1) == ""
    backoff.answered(client, Answer(status=429, headers=(("Retry-After", "5"),)))
    backoff.answered(client, Answer(status=429, headers=(("Retry-After", "2"),)))
    clock.at = 5.49
    assert backoff.blocked(client, 1) == "held back: https://h has answered 429 to valid"
    clock.at = 5.5
    assert backoff.blocked(client, 1) == ""


def test_a_part_that_raises_costs_a_note_and_nothing_else() -> None:
    attempts = Attempts()

    def broken() -> int:
        raise ValueError("a bug")

    assert attempts.run("it failed", broken, 7) == 7
    assert attempts.run("it failed", lambda: 3, 7) == 3
    assert attempts.notes == ["it failed: ValueError: a bug"]


def test_an_idle_thread_takes_the_next_job_and_a_hung_one_holds_nobody_up() -> None:
    workers, done, hang = Workers(), queue.SimpleQueue[int](), threading.Event()

    def job() -> None:
        seen.append(threading.get_ident())

    seen: list[int] = []
    for number in range(2):
        workers.do(job, lambda n=number: done.put(n))  # type: ignore[misc]
        assert done.get(timeout=5) == number
    assert seen[0] == seen[1]
    workers.do(lambda: hang.wait(5) and None, lambda: done.put(9))
    workers.do(job, lambda: done.put(2))
    assert done.get(timeout=5) == 2 and seen[2] != seen[0]
    busy = [t for t in threading.enumerate() if t.ident in seen]
    assert all(t.daemon and t.name == "probe" for t in busy)
    workers.end()
    hang.set()
    assert done.get(timeout=5) == 9
    for thread in busy:
        thread.join(5)
    assert not any(t.is_alive() for t in busy)


def test_a_reading_is_waited_for_and_its_end_is_told() -> None:
    go, told = threading.Event(), threading.Event()

    def slowly() -> PlatformState:
        go.wait(5)
        return PlatformState(read_at="then")

    reading = Observation(slowly, told.set)
    reading.start()
    assert not reading.read
    assert {t.daemon for t in threading.enumerate() if t.name == "observe"} == {True}
    with pytest.raises(
        StateUnavailableError, match=r"^the control plane was not read within the time$"
    ):
        reading.state(-1)
    unread = reading.final(0).unavailable[0]
    assert unread.code == "Timeout" and "was not read within the time" in unread.reason
    go.set()
    assert told.wait(5) and reading.read
    assert reading.state(5) == reading.final(5) == PlatformState(read_at="then")


def test_a_reading_that_fails_says_why() -> None:
    told = threading.Event()

    def broken() -> PlatformState:
        raise OSError("no route")

    reading = Observation(broken, told.set)
    reading.start()
    assert told.wait(5) and reading.read
    why = "the control plane could not be read: OSError: no route"
    with pytest.raises(StateUnavailableError, match=f"^{why}$"):
        reading.state(5)
    unread = reading.final(5).unavailable[0]
    assert unread.code == "ReaderFailed" and why in unread.reason


def test_changes_of_earlier_runs_get_their_maker_too() -> None:
    at = "2026-11-22T11:30:00+00:00"
    groups = (SecurityGroup(id="sg-1", name="web"), SecurityGroup(id="sg-2", name="db"))
    rows = [
        Drift(resource=f"security group {g.name} ({g.id})", attribute="in", before="x", after="",
              at=at)
        for g in groups
    ]  # fmt: skip
    found = report()
    now = msgspec.structs.replace(
        found, comparison=msgspec.structs.replace(found.comparison, drift=(rows[1],))
    )
    ec2 = "ec2.amazonaws.com"
    call = WriteCall(
        id="1", name="RevokeSecurityGroupIngress", source=ec2, at=at, who="alice", caller="alice",
        changed=changed_by(ec2, {"groupId": "sg-1"}),
    )  # fmt: skip
    audit = Audit(calls=(call,), whole=True, since="2026-11-22T11:00:00+00:00")
    attempts, states = Attempts(), [PlatformState(security_groups=groups), None]
    before = report(changes=(rows[0],))
    told = with_makers(now, before, audit, states, attempts)
    assert [c.by for c in told.changes] == ["alice"]
    assert [d.by for d in told.comparison.drift] == [""]
    assert with_makers(now, None, audit, states, attempts).changes == ()
    unasked = with_makers(now, before, None, states, attempts)
    assert (unasked.changes, unasked.comparison.drift) == ((rows[0],), (rows[1],))
    assert attempts.notes == []
