"""What is recorded of a step: when it began, how long it took, and how it ended."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from canary.model import Answer, Assertion, Credential, Exchange, Request, Status, Step
from canary.probes import access
from canary.probes.access import AccessSpec, Case
from canary.probes.base import recorder
from canary.probes.base.api import (
    CredentialMissingError,
    HeldBackError,
    NoTimeError,
    ProbeContext,
    RunOutOfTimeError,
)
from canary.probes.base.evidence import Stopwatch, assertion, could_not_tell
from canary.probes.base.expectations import Expect, Field, judge, throttled
from canary.probes.base.recorder import StepFailedError, StepRecorder
from tests.canary.support import worlds
from tests.canary.support.servers.toolbox import Bench, ManualClock, environment

SEEN = tuple(
    Exchange(method="GET", url=f"https://h/{n}", status=200, attempts=a)
    for n, a in enumerate((1, 3, 2))
)
GOOD, BAD = assertion("a", 1, 1, True), assertion("b", 2, 3, False)


class Recording:
    """A context whose clock is set by hand, and the steps that it records."""

    def __init__(self, began: float | None = 95.0) -> None:
        self.clock = ManualClock(100.0)
        self.steps: list[Step] = []
        bench = Bench(environment("http://127.0.0.1:9"), clock=self.clock)
        self.context: ProbeContext = msgspec.structs.replace(
            bench.context(), record=self.steps.append, began=began
        )

    def step(self, *assertions: Assertion, **more: Any) -> Step:
        watch = Stopwatch(self.context)
        self.clock.at += 1.23456
        return watch.step("n", assertions, **more)


def test_a_step_says_when_it_began_and_how_long_it_took_to_the_microsecond() -> None:
    found = Recording().step()
    assert (found.started_ms, found.duration_ms) == (5000.0, 1234.56)
    assert Recording(95.0000004).step().started_ms == 5000.0
    assert Recording(None).step().started_ms == 0.0
    assert (found.name, found.status, found.attempts, found.always) == ("n", Status.PASS, 1, False)
    assert (found.reason, found.assertions, found.evidence, found.facts) == ("", (), (), {})


def test_a_step_is_decided_by_its_assertions_where_nobody_else_does() -> None:
    bad = Recording().step(GOOD, BAD)
    assert (bad.status, bad.reason) == (Status.FAIL, "b is 3, expected 2")
    assert bad.assertions == (GOOD, BAD)
    good = Recording().step(GOOD, reason="so it is", evidence=SEEN, facts={"x": "y"}, always=True)
    assert (good.status, good.reason, good.attempts) == (Status.PASS, "so it is", 3)
    assert (good.evidence, good.facts, good.always) == (SEEN, {"x": "y"}, True)
    told = Recording().step(BAD, status=Status.ERROR, reason="the reason")
    assert (told.status, told.reason) == (Status.ERROR, "the reason")
    passed = Recording().step(BAD, status=Status.PASS)
    assert (passed.status, passed.reason) == (Status.PASS, "")


def test_a_reading_that_is_missing_is_told_of_each_step() -> None:
    found = could_not_tell(Stopwatch(Recording().context), ["a", "b"], "it was denied")
    assert [(s.name, s.status, s.reason) for s in found] == [
        (name, Status.ERROR, "could not tell: it was denied") for name in "ab"
    ]


def carried_out(
    error: Exception | None = None, *, kept: int = 0, always: bool = False
) -> tuple[Step, Status]:
    """Return the step of an action that asks three times and then ends so."""
    one, work = Recording(), StepRecorder()
    work.assertions, work.evidence, work.facts = [BAD], [*SEEN, *SEEN], {"old": "fact"}

    def act() -> None:
        assert (work.assertions, work.evidence, work.facts) == ([], [], {})
        work.require("a", 1, 1, True)
        work.evidence += SEEN
        work.facts["x"] = "y"
        one.clock.at += 0.5
        if error is not None:
            raise error

    status = recorder.carry_out(one.context, "n", act, work, always=always, last_exchanges=kept)
    (step,) = one.steps
    assert (step.facts, step.duration_ms, step.always) == ({"x": "y"}, 500.0, always)
    assert step.assertions == (GOOD,)
    return step, status


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (None, Status.PASS, ""),
        (StepFailedError(), Status.FAIL, ""),
        (NoTimeError("no time left"), Status.SKIP, "no time left"),
        (HeldBackError("held back: so"), Status.SKIP, "held back: so"),
        (CredentialMissingError("no secret"), Status.ERROR, "no secret"),
        (RunOutOfTimeError("it is over"), Status.ERROR, "it is over"),
        (ValueError("a bug"), Status.ERROR, "ValueError: a bug"),
    ],
)
def test_a_step_ends_as_its_action_does(
    error: Exception | None, status: Status, reason: str
) -> None:
    step, returned = carried_out(error, always=error is None)
    assert (step.status, returned, step.reason) == (status, status, reason)


@pytest.mark.parametrize(("kept", "evidence"), [(0, SEEN), (1, SEEN[2:]), (2, SEEN[1:]), (9, SEEN)])
def test_of_a_step_that_asks_again_and_again_the_last_exchanges_are_kept(
    kept: int, evidence: tuple[Exchange, ...]
) -> None:
    assert carried_out(kept=kept)[0].evidence == evidence


def test_all_exchanges_are_kept_where_nothing_else_is_said() -> None:
    one, work = Recording(), StepRecorder()
    recorder.carry_out(one.context, "n", lambda: work.evidence.extend(SEEN), work, always=False)
    assert one.steps[0].evidence == SEEN


def test_a_requirement_that_does_not_hold_ends_the_step() -> None:
    one, work = Recording(), StepRecorder()
    status = recorder.carry_out(
        one.context, "n", lambda: work.require("b", 2, 3, False), work, always=False
    )
    assert (status, one.steps[0].reason) == (Status.FAIL, "b is 3, expected 2")


def test_a_step_that_is_not_tried_is_skipped() -> None:
    one = Recording()
    recorder.skip(one.context, "n", "needs m")
    recorder.skip(one.context, "o", "needs n", always=True)
    assert [(s.name, s.status, s.reason, s.always) for s in one.steps] == [
        ("n", Status.SKIP, "needs m", False), ("o", Status.SKIP, "needs n", True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "good"), [([99], False), ([100], True), ([599], True), ([600], False), ([], False)]
)
def test_a_status_has_three_digits(status: list[int], good: bool) -> None:
    try:
        msgspec.convert({"status": status}, Expect)
    except msgspec.ValidationError:
        assert not good
    else:
        assert good


def test_an_expectation_that_every_value_meets_is_refused() -> None:
    with pytest.raises(ValueError, match="expects nothing of the value"):
        Field()
    for one in ({"exists": False}, {"equals": None}, {"in": [1]}, {"contains": "x"}):
        assert isinstance(msgspec.convert(one, Field), Field)
    assert isinstance(msgspec.convert({"absent": ["x"]}, Field), Field)


def test_what_an_answer_has_is_shown_and_what_it_lacks_too() -> None:
    headers = (("Server", "nginx"), ("Location", "https://b/"))
    given = Answer(status=301, headers=headers, body=b"x" * 130)
    expect = Expect(
        status=(301,), headers=("server", "X-Id"), contains=("y",), redirect="https://a/"
    )
    shown = {a.subject: (a.expected, a.actual, a.holds) for a in judge(expect, given)}
    assert shown == {
        "status": ("301", "301", True),
        "header server": ("present", "nginx", True),
        "header X-Id": ("present", "absent", False),
        "Location": ("https://a/", "https://b/", False),
        "body": ("contains y", "x" * 120, False),
    }


@pytest.mark.parametrize(
    ("status", "expected", "alone"), [(429, 200, True), (429, 429, False), (428, 200, False)]
)
def test_after_an_unexpected_429_nothing_more_is_asked(
    status: int, expected: int, alone: bool
) -> None:
    assert throttled(Expect(status=(expected,)), Answer(status=status)) is alone


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NoTimeError("no time left"), Status.SKIP),
        (HeldBackError("held back: so"), Status.SKIP),
        (RunOutOfTimeError("it is over"), Status.ERROR),
        (CredentialMissingError("no secret"), Status.ERROR),
    ],
)
@pytest.mark.parametrize("answered", [0, 1])
def test_a_cell_of_a_matrix_that_is_cut_short_says_why_unless_it_failed_before(
    error: Exception, status: Status, answered: int
) -> None:
    one, left = Recording(), [Answer(status=500)] * answered

    def send(_request: Request, _credential: Credential | None = None) -> Answer:
        if left:
            return left.pop()
        raise error

    spec = AccessSpec(
        cases=(Case(status=(200,), repeat=2, name="a"), Case(status=(200,), name="b"))
    )
    one.context = msgspec.structs.replace(one.context, http=SimpleNamespace(send=send))
    access.run(worlds.check("target.it", service="target"), spec, one.context)
    first, second = one.steps
    assert (second.status, second.reason) == (status, str(error))
    if answered and not isinstance(error, CredentialMissingError):
        assert (first.status, first.reason) == (Status.FAIL, "status is 500, expected 200")
    else:
        assert (first.status, first.reason) == (status, str(error))
