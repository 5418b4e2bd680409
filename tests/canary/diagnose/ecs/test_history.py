"""What ECS rolled back, and what a service's own scaling did: evidence, and no person's mistake."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.rollouts import Scaling, ScalingActivity, ServiceDeployment
from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.diagnose.ecs import services
from canary.diagnose.ecs.scheduling import history
from canary.model import Diagnosis
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case
from tests.canary.support.told_scenes import down

AUTH = NAMES.of("auth")
NIGHT = "scheduled action name night was triggered"
WHY = "Service deployment rolled back because the circuit breaker threshold was exceeded."


def activity(minutes: float, count: int, cause: str = NIGHT, status: str = "Successful") -> Any:
    return ScalingActivity(at=p.ago(minutes), count=count, cause=cause, status=status)


def scaled(*activities: ScalingActivity, **fields: Any) -> PlatformState:
    """Return the platform whose auth service has the count 0, and a scaling of its own."""
    state = faults.service(HEALTHY, "auth", desired=0, running=0, tasks=())
    own = Scaling(service=AUTH, least=0, most=2, activities=activities)
    return p.replace(state, **{"scaling": (own,), **fields})


def told(state: PlatformState) -> Diagnosis:
    found = diagnose(down(), state, p.environment(NAMES), HEALTHY, p.NOW)
    return found.diagnoses[0]


def test_a_service_that_its_own_scaling_stopped_is_stopped_on_purpose() -> None:
    one = told(p.replace(scaled(activity(-0.01, 0), activity(60, 1))))
    assert (one.cause, one.confidence.value) == ("service-scaled-to-zero", "CERTAIN")
    assert one.summary == f"The own scaling of {AUTH} set its desired count to 0."
    assert one.remedy.fix == () and "scheduled action" in one.remedy.decision
    assert (one.evidence[0].seen, one.evidence[0].at) == (NIGHT, p.ago(-0.01))


@pytest.mark.parametrize(
    "state",
    [
        scaled(),
        scaled(scaling=()),  # not read, or none of its own
        scaled(activity(-0.01, 1), activity(60, 0)),
        scaled(activity(-0.01, 0, status="Failed"), activity(60, 1)),
        scaled(activity(999, 0)),  # it had another count since
    ],
)
def test_else_somebody_set_the_count_and_it_goes_back(state: PlatformState) -> None:
    one = told(state)
    assert (one.cause, one.summary) == (
        "service-scaled-to-zero", f"The desired count of {AUTH} is 0.",
    )  # fmt: skip
    assert len(one.remedy.fix) == 1


def test_a_count_below_the_least_one_was_not_set_by_scaling() -> None:
    own = Scaling(service=AUTH, least=1, most=2, activities=(activity(-0.01, 0),))
    one = told(scaled(scaling=(own,)))
    assert (one.summary, len(one.remedy.fix)) == (f"The desired count of {AUTH} is 0.", 1)


def test_whether_an_old_activity_set_the_count_is_not_sure_where_no_other_count_is_known() -> None:
    state = scaled(activity(9 * 24 * 60, 0))
    rows = services.scaled_to_zero(case(state, state, *down()))
    assert [(f.confidence.name, f.summary, f.remedy.fix) for f in rows] == [
        ("LIKELY", f"The own scaling of {AUTH} set its desired count to 0.", ())
    ]


def rolled(status: str = "ROLLBACK_SUCCESSFUL", minutes: float = 5, **fields: Any) -> PlatformState:
    """Return the platform whose auth service is short of a task after a deployment."""
    one = ServiceDeployment(
        service=AUTH, arn="sd/1", status=status, reason=WHY, created_at=p.ago(20),
        ended_at=p.ago(minutes), task_definition="x:task-definition/auth:8",
        back_to="x:task-definition/auth:7", back_at=p.ago(6), **fields,
    )  # fmt: skip
    older = p.replace(one, arn="sd/0", created_at=p.ago(90), status="SUCCESSFUL")
    state = faults.service(HEALTHY, "auth", running=0, tasks=())
    return p.replace(state, rollouts=(older, one))


def found(state: PlatformState) -> list[tuple[str, str]]:
    rows = services.deployments(case(state, HEALTHY, *down()))
    return [(f.cause, f.evidence[0].seen) for f in rows]


def test_what_went_back_is_told_with_awss_reason_when_no_event_is_left() -> None:
    seen = f"auth:8 of {p.ago(20)} went back to auth:7: {WHY}"
    assert found(rolled()) == [("deployment-rolled-back", seen)]
    alarmed = rolled(alarms=("slow", "errors"))
    assert found(alarmed) == [("deployment-rolled-back", f"{seen}; alarms: slow, errors")]


@pytest.mark.parametrize(
    "state", [rolled("SUCCESSFUL"), rolled("STOPPED"), rolled(minutes=61), p.replace(
        rolled(), rollouts=())],
)  # fmt: skip
def test_what_did_not_go_back_within_the_hour_is_none(state: PlatformState) -> None:
    assert found(state) == [("deployment-stuck", "running 0 of 1, pending 0")]


def test_what_its_own_scaling_did_is_the_evidence_and_a_person_decides() -> None:
    one = told(scaled(activity(-0.01, 0), activity(60, 1)))
    resource = f"service/{NAMES.of('cluster')}/{AUTH}"
    assert [(e.resource, e.seen, e.expected) for e in one.evidence[:2]] == [
        (resource, NIGHT, ""), (AUTH, "desired 0, running 0", "desired 1"),
    ]  # fmt: skip
    assert one.remedy.summary == (
        "Decide whether the service is to run now: its scaling stopped it on purpose."
    )
    assert one.remedy.inspect[1:] == (
        "aws application-autoscaling describe-scaling-activities --region us-east-1"
        f" --service-namespace ecs --resource-id {resource}",
    )
    assert one.remedy.inspect[0].startswith("aws ecs describe-services ")
    assert one.remedy.decision == (
        "If it is to run now, change the scheduled action, the policy or the minimum of its"
        " scaling; if not, mute its checks for that time."
    )
    assert one.remedy.verify != ()


def seen(**fields: Any) -> list[tuple[str, str, str, str]]:
    state = rolled()
    rollouts = (*state.rollouts[:1], p.replace(state.rollouts[1], **fields))
    now = case(p.replace(state, rollouts=rollouts), HEALTHY, *down())
    service = next(s for s in now.state.ecs_services if s.name == AUTH)
    lines = history.back_evidence(now, service)
    return [(e.resource, e.seen, e.expected, e.at) for e in lines]


def test_what_went_back_is_told_with_all_that_aws_keeps_of_it() -> None:
    begun = p.ago(20)
    for fields, what, at in (
        ({}, f"auth:8 of {begun} went back to auth:7: {WHY}", p.ago(6)),
        ({"back_at": ""}, f"auth:8 of {begun} went back to auth:7: {WHY}", p.ago(5)),
        ({"ended_at": ""}, f"auth:8 of {begun} went back to auth:7: {WHY}", p.ago(6)),
        ({"back_to": ""}, f"auth:8 of {begun} went back: {WHY}", p.ago(6)),
        ({"task_definition": ""}, f"a deployment of {begun} went back to auth:7: {WHY}", p.ago(6)),
        ({"alarms": ("a", "b", "c", "d")},
         f"auth:8 of {begun} went back to auth:7: {WHY}; alarms: a, b, c", p.ago(6)),
    ):  # fmt: skip
        assert seen(**fields) == [("sd/1", what, "SUCCESSFUL", at)]


@pytest.mark.parametrize(
    ("fields", "told_"),
    [
        ({"ended_at": p.ago(59.9)}, True),
        ({"ended_at": p.ago(60)}, False),
        ({"ended_at": "", "back_at": p.ago(59)}, True),
        ({"ended_at": "", "back_at": p.ago(61)}, False),
        ({"ended_at": p.ago(61), "back_at": p.ago(6)}, False),  # its end counts
        ({"status": "SUCCESSFUL"}, False),
        ({"status": "ROLLBACK_IN_PROGRESS"}, True),
    ],
)
def test_it_is_told_for_an_hour(fields: dict[str, Any], told_: bool) -> None:
    assert bool(seen(**fields)) is told_


@pytest.mark.parametrize(
    ("minutes", "before", "by_itself"),
    [
        (4, 5, True),  # after the reading that had another count
        (5, 5, True),
        (6, 5, False),  # it had another count since
        (6, None, True),  # no other count is known
    ],
)
def test_an_activity_is_newer_than_another_count(
    minutes: float, before: float | None, by_itself: bool
) -> None:
    was = p.replace(HEALTHY, read_at=p.ago(before)) if before else None
    now = case(scaled(activity(minutes, 0)), was, *down())
    service = next(s for s in now.state.ecs_services if s.name == AUTH)
    assert (history.scaled_by_itself(now, "auth", service) is not None) is by_itself
    assert history.had_another_count(now, "auth", service) is (before is not None)


# --- a service that its own scaling made smaller

POLICY = "monitor alarm cpu-low in state ALARM triggered policy cpu"


def slow(own: tuple[ScalingActivity, ...], *, before: int = 3, **fields: Any) -> list[str]:
    """Return the first line of evidence of auth, which is slow with one task since it had more."""
    past = faults.service(HEALTHY, "auth", desired=before)
    scaling = (Scaling(service=AUTH, least=1, most=6, activities=own),)
    state = p.replace(HEALTHY, scaling=scaling, **fields)
    late = p.none(f"https://auth.{NAMES.domain}/health", "read-timeout")
    results = [p.failed("auth.health", "auth", late)]
    one = diagnose(results, state, p.environment(NAMES), past if before else None, p.NOW)
    assert [d.cause for d in one.diagnoses] == ["latency-degraded"]
    return [e.seen for e in one.diagnoses[0].evidence if "scaling" in e.seen]


def test_that_its_own_scaling_took_tasks_away_is_told_of_a_slow_service() -> None:
    told_of = [f"its own scaling set the desired count to 1: {POLICY}"]
    own = (activity(-0.01, 1, POLICY), activity(60, 3))
    assert slow(own) == told_of
    assert slow(own, before=0) == told_of  # no baseline: the activity before tells


@pytest.mark.parametrize(
    ("own", "before"),
    [
        ((), 3),
        ((activity(-0.01, 1, status="Failed"),), 3),
        ((activity(-0.01, 1),), 1),  # it had one task while all was well
        ((activity(61, 1), activity(99, 3)), 0),  # an hour ago
        ((activity(-0.01, 3), activity(9, 1)), 3),  # and somebody else set the count since then
        ((activity(5, 1),), 0),  # how many it had is not known
        ((activity(5, 1), activity(9, 1)), 0),
    ],
)
def test_else_no_scaling_is_told(own: tuple[ScalingActivity, ...], before: int) -> None:
    assert slow(own, before=before) == []
