"""One check while it runs, on a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from canary.model import Answer, Credential, Failure, FailureKind, Request, Status, Step
from canary.probes.base.api import (
    CredentialMissingError,
    Kind,
    ProbeContext,
    RunOutOfTimeError,
)
from canary.runner.context import RunContext, Times
from canary.runner.job import Job
from tests.canary.support import worlds
from tests.canary.support.servers.toolbox import ManualClock

Act = Callable[[ProbeContext], None]
URL = "http://127.0.0.1:9/x"
KEY = "a-key-of-the-platform"


@dataclass
class Target:
    """Answers each request after some seconds of the clock, and tells what the job said then."""

    clock: ManualClock
    answer: Answer = field(default_factory=lambda: Answer(status=200))
    took_s: float = 0.0
    timeouts: list[float] = field(default_factory=list)
    looked: Callable[[], object] = lambda: None
    seen: list[object] = field(default_factory=list)

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        self.timeouts.append(request.timeout_s)
        self.seen.append(self.looked())
        self.clock.at += self.took_s
        return self.answer


def job(act: Act, target: Target | None = None, **more: Any) -> tuple[Job, Target]:
    """Return a check of five seconds in a run that probes for 17 and cleans up for two more."""
    target = target or Target(ManualClock(100.0))
    clock = target.clock
    made = worlds.config(worlds.check("api.it", "acts", timeout=more.pop("timeout", 5.0)))
    kind = Kind(
        name="acts", spec=worlds.TinySpec, run=lambda _check, _spec, context: act(context),
        summary="", makes_objects=more.pop("makes_objects", False),
    )  # fmt: skip
    ports = worlds.ports(
        made.environment, kinds={"acts": kind}, clock=clock, http=lambda _: target, **more
    )
    start = msgspec.structs.replace(
        worlds.start_of(made, worlds.plan_of(made, kinds=ports.kinds)), start=clock.at
    )
    run, at = RunContext(ports, start, lambda: None), clock.at
    assert run.times == Times(start=at, probing=at + 17, cleanup=at + 19, end=at + 20)
    return Job(made.checks[0], run), target


def sends(timeout_s: float = 3.0) -> Act:
    return lambda context: kept(context, context.http.send(request(timeout_s)))


def request(timeout_s: float = 3.0) -> Request:
    return Request(method="GET", url=URL, timeout_s=timeout_s)


def kept(context: ProbeContext, answer: Answer) -> None:
    reason = answer.failure.detail if answer.failure else ""
    context.record(Step(name=str(answer.status), status=Status.PASS, reason=reason))


def ended(one: Job) -> list[tuple[str, str, str]]:
    one.work()
    return [(s.name, s.status.value, s.reason) for s in one.seal()]


@pytest.mark.parametrize(
    ("error", "name", "reason"),
    [
        (CredentialMissingError("no secret"), "credential", "no secret"),
        (RunOutOfTimeError("it is over"), "out of time", "it is over"),
        (ValueError("a bug"), "canary", "ValueError: a bug"),
        (SystemExit(3), "canary", "SystemExit: 3"),
    ],
)
def test_an_error_is_a_step_with_its_time_after_what_was_recorded(
    error: BaseException, name: str, reason: str
) -> None:
    def fails(context: ProbeContext) -> None:
        context.record(Step(name="first", status=Status.PASS))
        target.clock.at = 101.5
        raise error

    one, target = job(fails)
    assert (one.returned.is_set(), one.thread) == (False, 0)
    assert ended(one) == [("first", "PASS", ""), (name, "ERROR", reason)]
    assert one.seal()[1].started_ms == 1500.0
    assert (one.started, one.ended, one.returned.is_set()) == (100.0, 101.5, True)
    assert one.thread != 0


def test_what_comes_after_the_end_is_dropped() -> None:
    contexts: list[ProbeContext] = []
    one, _ = job(contexts.append)
    one.work()
    contexts[0].record(Step(name="in time", status=Status.PASS))
    assert [s.name for s in one.seal()] == ["in time"]
    contexts[0].record(Step(name="too late", status=Status.PASS))
    assert [s.name for s in one.seal()] == ["in time"]


def test_a_secret_is_learned_and_nobody_has_none() -> None:
    def asks(context: ProbeContext) -> None:
        found = [context.credential("valid"), context.credential("")]
        shown = [one.reveal() if one else "none" for one in found]
        context.record(Step(name="; ".join(shown), status=Status.PASS))

    def secret(name: str) -> Credential | None:
        said.append((one.waiting_for, one.may_be_asking))
        return Credential(KEY) if name else None

    said: list[tuple[str, bool]] = []
    one, _ = job(asks, credential=secret)
    assert ended(one) == [(f"{KEY}; none", "PASS", "")]
    assert one._redactor.text(f"it is {KEY}") == "it is ***"
    assert said == [("the secret of valid", False), ("the secret of ", False)]
    assert one.waiting_for == ""


@pytest.mark.parametrize(
    ("at", "timeouts", "said"),
    [
        (100.0, [3.0], ("200", "PASS", "")),
        (103.0, [2.0], ("200", "PASS", "")),  # of five seconds two are left
        (104.97, [0.03], ("200", "PASS", "")),
        (104.99, [], ("0", "PASS", "no time left")),
        (107.0, [], ("0", "PASS", "no time left")),
    ],
)
def test_a_request_gets_the_time_that_is_left_and_none_is_sent_without(
    at: float, timeouts: list[float], said: tuple[str, str, str]
) -> None:
    one, target = job(sends())
    target.clock.at = at
    assert ended(one) == [said]
    assert target.timeouts == pytest.approx(timeouts)
    assert one.requests == len(timeouts)


LATE = Answer(failure=Failure(kind=FailureKind.READ_TIMEOUT, detail="nothing came"))
UNKNOWN = Answer(failure=Failure(kind=FailureKind.DNS, detail="no such name"))
OVER = ("out of time", "ERROR", "the run's time was over before this request could be judged")


@pytest.mark.parametrize(
    ("timeout", "at", "answer", "said"),
    [
        (60.0, 116.0, LATE, OVER),  # a second was left of the run, and slow is two
        (60.0, 114.5, LATE, ("0", "PASS", "nothing came")),  # time enough for the target
        (60.0, 116.0, Answer(status=200), ("200", "PASS", "")),
        (60.0, 116.99, LATE, OVER),
        (17.0, 116.0, LATE, ("0", "PASS", "nothing came")),  # its own time, to the instant
        (5.0, 104.0, LATE, ("0", "PASS", "nothing came")),  # its own time
    ],
)
def test_a_target_is_not_blamed_for_the_end_of_the_run(
    timeout: float, at: float, answer: Answer, said: tuple[str, str, str]
) -> None:
    one, target = job(sends(), timeout=timeout)
    target.clock.at, target.answer = at, answer
    assert ended(one) == [said]


def test_a_request_that_had_all_its_time_was_not_cut() -> None:
    one, target = job(sends(1.0), timeout=60.0)
    target.clock.at, target.answer = 116.0, LATE
    assert ended(one) == [("0", "PASS", "nothing came")]
    just, asked = job(sends(), Target(ManualClock()), timeout=0.02)
    assert (ended(just), asked.timeouts) == ([("200", "PASS", "")], [0.02])


@pytest.mark.parametrize(("took_s", "is_cut"), [(0.0, False), (0.5, False), (0.75, True)])
def test_a_look_up_was_cut_that_took_more_than_half_of_its_time(
    took_s: float, is_cut: bool
) -> None:
    one, target = job(sends(), timeout=60.0)
    target.clock.at, target.answer, target.took_s = 116.0, UNKNOWN, took_s
    assert ended(one) == [OVER if is_cut else ("0", "PASS", "no such name")]


def test_a_clean_up_has_the_reserve_and_is_cut_by_its_end() -> None:
    def cleans(context: ProbeContext) -> None:
        left.extend((context.remaining(False), context.remaining(True)))
        context.http.send(request())

    left: list[float] = []
    one, target = job(cleans)
    target.clock.at, target.answer = 104.5, LATE
    assert not one.cleaning and one.cleanup_deadline() == 107.0
    assert ended(one) == []  # two and a half seconds are enough for the target
    assert (left, one.cleaning, target.timeouts) == ([0.5, 2.5], True, [2.5])
    late, clock = job(cleans, timeout=60.0)
    left.clear()
    clock.clock.at, clock.answer = 118.0, LATE
    assert late.cleanup_deadline() == 119.0
    assert (ended(late), left, clock.timeouts) == ([OVER], [0.0, 1.0], [1.0])
