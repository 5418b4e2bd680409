"""Deployments minute by minute: one that fails is told at once, one that goes well never.

A pipeline that announces its deployment (`DeployInProgress`) delays the page alone: what is told
here goes to the ticket topic, announced or not.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from canary.comparison.history import updated
from canary.comparison.previous import Previous
from canary.comparison.rollouts import explained_by
from canary.messages.incidents import decide, pending_after
from canary.messages.state import Notified
from canary.metrics.measure import measure
from canary.model import Report
from tests.canary.comparison.test_rollouts import config, failed, state
from tests.canary.support.made import report, result
from tests.canary.support.platforms import NOW, ago

BEGINS, DOWN_FROM, ENDS = 5, 6, 9
"""Minutes of the replay: the rollout begins, nobody answers, ECS calls the rollout ended."""
BACK = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/2."
Told = tuple[int | None, int | None]
"""Minutes of the first message, and of the first run that counts a critical check as down."""


def replayed(down_until: int, minutes: int = 30, **ended: Any) -> Told:
    """Return when something was told; `ended` is the deployment's form from its end on."""
    seen, known, told, down = Notified(), Previous(), None, None
    for minute in range(minutes):
        now = NOW + dt.timedelta(minutes=minute)
        rollout = {"created_at": ago(-BEGINS)} if minute >= BEGINS else {"created_at": ago(900)}
        moved = ended if minute >= ENDS else {}
        if minute < BEGINS:
            moved = {"rollout_state": "COMPLETED"}
        one = failed() if DOWN_FROM <= minute < down_until else result()
        made = run(one, state(**rollout | moved), now, known)
        points = {p.metric: p.value for p in measure(made)}
        box = decide(made, seen)
        told = minute if told is None and box.messages else told
        down = minute if down is None and points["CriticalDown"] else down
        seen, known = pending_after(box, set(), "", set()), Previous(report=made)
    return told, down


def run(one: Any, platform: Any, now: dt.datetime, known: Previous) -> Report:
    results, rollouts = explained_by((one,), config(), platform, now, known)
    before = known.report.history if known.report else {}
    history = updated(before, results, now.isoformat(), latency_valid=True)
    made = report(*results, history=history, rollouts=rollouts)
    moment = now.isoformat(timespec="seconds")
    about = msgspec.structs.replace(made.run, id=moment, started_at=moment, finished_at=moment)
    return msgspec.structs.replace(made, run=about)


def test_a_deployment_that_goes_well_tells_nobody() -> None:
    assert replayed(ENDS, rollout_state="COMPLETED") == (None, None)


@pytest.mark.parametrize(
    "ended",
    [
        {"rollout_state": "FAILED"},
        {"rollout_state": "COMPLETED"},  # ECS is content with it, its users are not
        {"rollout_reason": BACK},
        {"failed_tasks": 3},  # no circuit breaker: ECS goes on trying
    ],
)
def test_a_deployment_that_fails_is_told_in_the_minute_of_its_last_step(ended: Any) -> None:
    assert replayed(30, **ended) == (ENDS, ENDS + 2)


def test_a_rollout_that_never_ends_is_told_after_fifteen_minutes() -> None:
    assert replayed(30) == (BEGINS + 15, BEGINS + 17)
