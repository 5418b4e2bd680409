"""What a service's own scaling took away shortly before is said beside a cause of load."""

from __future__ import annotations

import pytest

from canary.control_plane.rollouts import Scaling, ScalingActivity
from canary.control_plane.state import PlatformState
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs.scheduling.scaled_in import OF_LOAD, with_scaling
from canary.model import Evidence, Remedy
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case

AUTH = NAMES.of("auth")
KNOWN = Evidence(resource="known", seen="first", expected="", at="")


def activity(minutes: float, count: int | None, status: str = "Successful") -> ScalingActivity:
    return ScalingActivity(at=p.ago(minutes), count=count, cause=f"alarm {count}", status=status)


def scaled(desired: int, *activities: ScalingActivity) -> PlatformState:
    """Return the platform whose auth service has a count, and whose registry scales, too."""
    state = faults.service(HEALTHY, "auth", desired=desired, running=desired)
    other = Scaling(service=NAMES.of("registry"), least=1, most=9, activities=(activity(99, 8),))
    own = Scaling(service=AUTH, least=0, most=9, activities=activities)
    return p.replace(state, scaling=(other, own))


def finding(cause: str = "latency-degraded", service: str = "auth") -> Finding:
    return Finding(
        cause=cause, service=service, resource="r", summary="s", evidence=(KNOWN,),
        remedy=Remedy(summary="s", decision="d"), explained_failures=frozenset(),
    )  # fmt: skip


IN = scaled(2, activity(30, 2), activity(200, 4))
LINE = Evidence(
    resource=f"service/{NAMES.of('cluster')}/{AUTH}",
    seen="its own scaling set the desired count to 2: alarm 2",
    expected="desired 4",
    at=p.ago(30),
)


def test_causes_that_too_few_tasks_can_make() -> None:
    assert {
        "latency-degraded", "targets-unhealthy", "worker-killed", "task-out-of-memory",
    } == OF_LOAD  # fmt: skip


@pytest.mark.parametrize("cause", sorted(OF_LOAD))
def test_fewer_tasks_are_said_first_beside_a_cause_of_load(cause: str) -> None:
    assert with_scaling(case(IN), finding(cause)).evidence == (LINE, KNOWN)


def test_the_platform_before_tells_the_count_where_it_is_known() -> None:
    before = faults.service(HEALTHY, "auth", desired=3)
    now = p.replace(IN, scaling=scaled(2, activity(0.5, 2)).scaling)
    found = with_scaling(case(now, p.replace(before, read_at=p.ago(1))), finding()).evidence
    assert [(e.expected, e.at) for e in found] == [("desired 3", p.ago(0.5)), ("", "")]


@pytest.mark.parametrize(
    "state",
    [
        scaled(2, activity(61, 2), activity(200, 4)),  # more than an hour ago
        scaled(0, activity(30, 0), activity(200, 4)),  # none at all is a cause of its own
        scaled(4, activity(30, 4), activity(200, 2)),  # more than there were
        scaled(4, activity(30, 4), activity(200, 4)),
        scaled(2, activity(30, 2)),  # nobody knows how many there were
        scaled(2, activity(30, 2), activity(200, 4, "Failed")),
        scaled(2, activity(30, 3), activity(200, 4)),  # somebody else set the count
        scaled(2),
        p.replace(IN, scaling=()),
        p.replace(IN, ecs_services=()),
    ],
)
def test_else_nothing_is_said(state: PlatformState) -> None:
    same = finding()
    assert with_scaling(case(state), same) is same


def test_what_was_an_hour_ago_is_still_recent() -> None:
    state = scaled(2, activity(60, 2), activity(200, 4))
    assert len(with_scaling(case(state), finding()).evidence) == 2
    one = scaled(1, activity(30, 1))  # nobody knows how many there were
    assert with_scaling(case(one), finding()).evidence == (KNOWN,)


def test_an_activity_that_set_no_count_is_passed_over() -> None:
    state = scaled(2, activity(30, 2), activity(100, None), activity(200, 4))
    assert with_scaling(case(state), finding()).evidence == (LINE, KNOWN)


@pytest.mark.parametrize(
    ("cause", "service"), [("secret-unavailable", "auth"), ("latency-degraded", "registry")]
)
def test_another_cause_and_another_service_are_left_alone(cause: str, service: str) -> None:
    same = finding(cause, service)
    assert with_scaling(case(IN), same) is same
