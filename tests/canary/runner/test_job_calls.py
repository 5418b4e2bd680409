"""What a check waits for, whom it asks at a moment, and what its calls tell of their origin."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState
from canary.model import Answer, Credential
from canary.probes.base.api import ProbeContext, client_key
from canary.runner.job import Job
from tests.canary.runner.test_job import KEY, LATE, URL, Target, ended, job, request, sends
from tests.canary.support.servers.toolbox import ManualClock


def test_what_a_check_waits_for_and_whether_its_target_may_be_asked() -> None:
    one, target = job(sends(), makes_objects=True)
    target.looked = lambda: (one.waiting_for, one.waiting_since, one.may_be_asking)
    target.clock.at = 101.0
    assert (one.may_leave_objects, one.may_be_asking) == (False, False)
    one.work()
    assert target.seen == [(f"GET {URL}", 101.0, True)]
    assert (one.may_leave_objects, one.may_be_asking, one.waiting_for) == (True, False, "")
    harmless, _ = job(sends())
    harmless.work()
    assert not harmless.may_leave_objects
    beginning, _ = job(lambda context: asked.append(beginning.may_be_asking))
    asked: list[bool] = []
    beginning.cleaning = True
    beginning.work()
    assert (asked, beginning.may_be_asking) == ([True], False)


def test_the_control_plane_is_waited_for_in_the_time_of_the_check() -> None:
    states: list[PlatformState] = []
    one, _ = job(lambda context: states.append(context.state()))
    one._run.observation.start()
    assert (ended(one), states) == ([], [PlatformState(read_at="now")])


@pytest.mark.parametrize(
    ("answer", "is_bad"),
    [(Answer(status=200), False), (Answer(status=499), False), (Answer(status=500), True),
     (LATE, True)],
)  # fmt: skip
def test_a_call_with_a_key_gives_its_turn_back_with_what_it_met(
    answer: Answer, is_bad: bool
) -> None:
    def calls(context: ProbeContext) -> None:
        assert context.blocked(client_key(URL, "valid")) == ""
        context.http.send(request(), Credential(KEY))

    one, target = job(calls, credential=lambda _: Credential(KEY))
    target.answer = answer
    one.work()
    (lane,) = one._run.turns._lanes.values()
    assert (lane.bad, lane.answered, lane.under_way) == (is_bad, True, {})
    assert lane.prompt_began == 0.0


@pytest.mark.parametrize(("answer", "prompt_began"), [(Answer(status=500), 101.0), (LATE, 0.0)])
def test_an_answer_to_a_call_without_a_key_is_told_to_its_origin(
    answer: Answer, prompt_began: float
) -> None:
    def calls(context: ProbeContext) -> None:
        assert context.blocked(client_key(URL, "valid")) == ""
        context.http.send(request(), Credential(KEY))
        target.clock.at, target.answer = 101.0, answer
        assert context.blocked(client_key(URL, "")) == ""
        context.http.send(request())

    one, target = job(calls)
    assert ended(one) == []
    (lane,) = one._run.turns._lanes.values()
    assert (lane.prompt_began, lane.bad) == (prompt_began, False)


class Looking(ManualClock):
    """A clock that keeps what a check waits for whenever somebody looks at it."""

    one: Job | None = None
    seen: dict[str, bool]

    def monotonic(self) -> float:
        if self.one is not None and self.one.waiting_for:
            self.seen[self.one.waiting_for] = self.one.waits_for_target
        return self.at


def test_who_waits_for_a_turn_waits_for_no_target() -> None:
    clock = Looking(100.0)
    clock.seen = {}
    one, _ = job(lambda context: asked.append(context.blocked(client_key(URL, "valid"))),
                 Target(clock))  # fmt: skip
    asked: list[str] = []
    clock.one = one
    one.work()
    assert asked == [""]
    reads, _ = job(lambda context: asked.append(context.state().read_at), Target(clock))
    reads._run.observation.start()
    clock.one = reads
    reads.work()
    assert asked == ["", "now"]
    assert clock.seen == {
        "the control plane": False,
        "an answer to valid, which got a 429 in the previous run": False,
        "its turn to call http://127.0.0.1:9 with a key": False,
    }
