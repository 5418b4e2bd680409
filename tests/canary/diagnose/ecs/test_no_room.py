"""Why ECS starts no task: no capacity, a quota, a full subnet, and reasons within its events."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.aws_lists import stops
from canary.control_plane.aws_lists.form import Form
from canary.control_plane.state import (
    CapacityProvider,
    Event,
    PlatformState,
    StoppedContainer,
    Subnet,
    Task,
)
from canary.diagnose import diagnose
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs import services, stop_reasons
from canary.diagnose.ecs.task_stops import stop_of
from canary.model import Result
from tests.canary.support import aws_messages as aws
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.own_answers import own
from tests.canary.support.routed import HEALTHY, NAMES, case
from tests.canary.support.told_scenes import down

CAPACITY = aws.PLACEMENT[0][0]
STEADY = Event(at=p.ago(9), message="(service auth) has reached a steady state.")
CRASH = Task(
    arn="task/1", service=NAMES.of("auth"), task_definition=NAMES.revision("auth"),
    last_status="STOPPED", stopped_at=p.ago(30), created_at=p.ago(40),
    stop_code="EssentialContainerExited", stopped_reason="Essential container in task exited",
)  # fmt: skip


def placed(reason: str, minutes: float = 2, service: str = "auth") -> Event:
    """Return the event of a task for which there is no place."""
    text = f"(service {service}) was unable to place a task. Reason: {reason}"
    return Event(at=p.ago(minutes), message=text)


def short(*events: Event, **fields: Any) -> PlatformState:
    """Return the platform whose auth service has no task, and these events, the newest first."""
    known = {"running": 0, "pending": 0, "tasks": (), "events": events}
    return faults.service(HEALTHY, "auth", **{**known, **fields})


def found(state: PlatformState) -> list[Finding]:
    return [*services.not_starting(case(state, HEALTHY, *down()))]


def cause(state: PlatformState) -> str:
    told = stop_of(case(state, HEALTHY, *down()), "auth")
    return told.cause if told else ""


@pytest.mark.parametrize(("reason", "wanted"), [*aws.PLACEMENT, *aws.PULLS, *aws.STARTS])
@pytest.mark.parametrize("service", ["auth", "was-unable-to-place", "has-reached-a-steady-state"])
def test_the_reason_within_an_event_tells_the_cause(reason: str, wanted: str, service: str) -> None:
    text = reason.replace(aws.NAME, "CannotPullContainerError:")
    state = short(placed(text, service=service))
    if wanted == "log-group-missing":  # only where it was read: test_log_groups.py
        groups = tuple(s.log_group for s in p.environment(NAMES).services.values())
        state = p.replace(state, missing_log_groups=groups)
    assert cause(state) == (wanted or "deployment-stuck")


@pytest.mark.parametrize(("message", "wanted"), aws.HINDERED)
def test_what_hinders_ecs_is_the_cause(message: str, wanted: str) -> None:
    event = Event(at=p.ago(2), message=message.replace(aws.NAME, "auth"))
    assert cause(short(event)) == wanted


@pytest.mark.parametrize(("message", "_"), [*aws.HEALTHY_DAY, *aws.UNHEALTHY, *aws.ROLLOUTS])
def test_other_events_hinder_nothing(message: str, _: str) -> None:
    event = Event(at=p.ago(2), message=message.replace(aws.NAME, "unable-to-place-a-task"))
    assert cause(short(event)) == ""


@pytest.mark.parametrize(
    ("reason", "told", "decision"),
    [
        (CAPACITY, "capacity-unavailable",
         "Wait until AWS has capacity again, or give the service subnets in further zones."
         " ECS then starts the tasks by itself."),
        (aws.PLACEMENT[2][0], "quota-reached",
         "Ask for a higher quota in Service Quotas, or stop tasks that nobody needs."
         " ECS then starts the tasks by itself."),
        (aws.PLACEMENT[7][0], "subnet-full",
         "Give the service a subnet with free addresses, or free some in this one."
         " ECS then starts the tasks by itself."),
    ],
)  # fmt: skip
def test_no_room_is_certain_and_its_decision_is_awss_own(
    reason: str, told: str, decision: str
) -> None:
    event = placed(reason)
    (one,) = found(short(event))
    assert (one.cause, one.confidence.name, one.remedy.fix) == (told, "CERTAIN", ())
    assert one.remedy.decision == decision
    first = one.evidence[0]
    assert (first.resource, first.seen, first.at) == ("service event", event.message, event.at)


def test_a_task_that_got_no_address_tells_so_too() -> None:
    words = f"TaskFailedToStart: {aws.PLACEMENT[7][0]}"
    task = p.replace(CRASH, stop_code="TaskFailedToStart", stopped_reason=words)
    (one,) = found(short(tasks=(task,)))
    assert (one.cause, one.confidence.name, one.remedy.fix) == ("subnet-full", "CERTAIN", ())


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (short(placed(CAPACITY, 5 * 60)), "capacity-unavailable"),  # ECS says it once in 6 hours
        (short(placed(CAPACITY, 6 * 60 + 1)), ""),
        (short(placed("CannotPullContainerError: x", 61)), ""),
        (short(placed(CAPACITY), running=1), ""),  # it has what it wants
        (short(placed(CAPACITY), pending=1), ""),  # or is about to
        (short(placed(CAPACITY), desired=3, running=1, pending=1), "capacity-unavailable"),
        (short(STEADY, placed(CAPACITY, 10)), ""),
        (short(placed(CAPACITY), tasks=(CRASH,)), "capacity-unavailable"),
        (short(placed(CAPACITY, 35), tasks=(CRASH,)), "task-crash-loop"),
    ],
)
def test_no_room_holds_while_the_service_is_short_of_tasks(
    state: PlatformState, wanted: str
) -> None:
    bare = [p.replace(d, running=d.desired) for d in state.ecs_services[0].deployments]
    assert cause(faults.service(state, "auth", deployments=tuple(bare))) == wanted


SHORT_OF_ONE = short(placed(CAPACITY, 300), running=2, desired=3)


@pytest.mark.parametrize(
    ("failure", "wanted"),
    [
        (p.control("ecs_service", "auth"), [("capacity-unavailable", "CERTAIN")]),
        (p.failed("auth.health", "auth", own(f"{faults.AUTH}/health", 502)),
         [("capacity-unavailable", "LIKELY")]),
        (p.failed("auth.health", "auth", p.page(f"{faults.AUTH}/health", 500)), []),
        (p.failed("auth.health", "auth", p.none(f"{faults.AUTH}/health", "tls")), []),
        (p.failed("auth.health", "auth", p.none(f"{faults.AUTH}/health", "refused")), []),
    ],
)  # fmt: skip
def test_tasks_that_are_missing_accuse_no_task_that_answers(
    failure: Result, wanted: list[tuple[str, str]]
) -> None:
    told = diagnose((failure,), SHORT_OF_ONE, p.environment(NAMES), HEALTHY, p.NOW).diagnoses
    causes = [(d.cause, d.confidence.name) for d in told]
    assert [c for c in causes if c[0] == "capacity-unavailable"] == wanted


def test_a_new_deployment_may_be_short_while_the_old_one_runs() -> None:
    (old,) = HEALTHY.ecs_services[0].deployments
    new = p.replace(old, id="ecs-svc/9", running=0, pending=0)
    both = short(placed(CAPACITY), running=1, deployments=(new, p.replace(old, status="ACTIVE")))
    assert cause(both) == "capacity-unavailable"


def test_a_reason_comes_before_the_complaint_that_has_none() -> None:
    unsteady = Event(at=p.ago(1), message="(service auth) is unable to consistently start tasks"
                     " successfully.")  # fmt: skip
    assert cause(short(unsteady, placed("CannotPullContainerError: x"))) == "image-pull-failed"
    assert cause(short(unsteady)) == "deployment-stuck"


@pytest.mark.parametrize(("running", "wanted"), [(0, "capacity-unavailable"), (1, "")])
def test_spot_capacity_that_was_taken_back_is_likely_the_cause_of_too_few_tasks(
    running: int, wanted: str
) -> None:
    task = p.replace(CRASH, stop_code="SpotInterruption",
                     stopped_reason="Your Spot Task was interrupted.")  # fmt: skip
    deployments = [
        p.replace(d, running=running, pending=0) for d in HEALTHY.ecs_services[0].deployments
    ]
    state = short(tasks=(task,), running=running, deployments=tuple(deployments))
    told = found(state)
    assert [f.cause for f in told] == [wanted] * bool(wanted)
    assert [f.confidence.name for f in told] == ["LIKELY"] * bool(wanted)


def test_one_zone_and_spot_alone_are_told_where_capacity_lacks() -> None:
    zones = tuple(Subnet(id=s, cidr="10.0.0.0/24", zone="us-east-1a")
                  for s in HEALTHY.ecs_services[0].subnets)  # fmt: skip
    spot = (CapacityProvider(name="FARGATE_SPOT", weight=1),)
    state = p.replace(short(placed(CAPACITY), capacity_providers=spot), subnets=zones)
    (one,) = found(state)
    assert one.remedy.decision.endswith(
        "by itself. All of its subnets are in us-east-1a. It may use FARGATE_SPOT alone."
    )
    two = p.replace(state, subnets=())
    assert "All of its subnets" not in found(two)[0].remedy.decision


def test_a_service_in_another_subnet_than_while_all_was_well_is_told_where_it_was() -> None:
    full = placed(aws.PLACEMENT[7][0])
    moved = short(full, subnets=("subnet-small",))
    (one,) = found(moved)
    before = HEALTHY.ecs_services[0].subnets
    assert one.remedy.decision.endswith(f"by itself. While all was well, it was in {before[0]}.")
    no_room = short(placed(CAPACITY), subnets=("subnet-small",))
    for state in (short(full), no_room):
        assert "While all was well" not in found(state)[0].remedy.decision


NET = tuple(HEALTHY.ecs_services[0].subnets)
DESCRIBE = (
    f"aws ecs describe-services --region us-east-1 --cluster {NAMES.of('cluster')}"
    f" --services {NAMES.of('auth')}"
)
LOOK_SUBNETS = f"aws ec2 describe-subnets --region us-east-1 --subnet-ids {' '.join(NET)}"


@pytest.mark.parametrize(
    ("reason", "look"),
    [
        (CAPACITY, (LOOK_SUBNETS,)),
        (aws.PLACEMENT[2][0],
         ("aws service-quotas list-service-quotas --region us-east-1 --service-code fargate",)),
        (aws.PLACEMENT[7][0], (LOOK_SUBNETS,)),
    ],
)  # fmt: skip
def test_commands_show_the_service_and_what_it_lacks(reason: str, look: tuple[str, ...]) -> None:
    (one,) = found(short(placed(reason)))
    assert one.remedy.inspect == (DESCRIBE, *look)
    assert one.remedy.verify != () and one.remedy.decision.startswith(one.remedy.summary)


def test_without_subnets_there_is_none_to_show() -> None:
    (one,) = found(short(placed(CAPACITY), subnets=()))
    assert one.remedy.inspect == (DESCRIBE,)
    assert one.remedy.decision.endswith("ECS then starts the tasks by itself.")


def zoned(*zones: str, **fields: Any) -> str:
    """Return the decision where the service has a subnet in each of these zones."""
    subnets = tuple(Subnet(id=f"s{k}", cidr="10.0.0.0/24", zone=z) for k, z in enumerate(zones))
    other = Subnet(id="other", cidr="10.9.0.0/24", zone="us-east-1f")
    known = {"subnets": tuple(s.id for s in subnets), **fields}
    state = p.replace(short(placed(CAPACITY), **known), subnets=(*subnets, other))
    return found(state)[0].remedy.decision.partition("by itself.")[2]


@pytest.mark.parametrize(
    ("zones", "fields", "said"),
    [
        (("us-east-1a", "us-east-1a"), {}, " All of its subnets are in us-east-1a."),
        (("us-east-1a", "us-east-1b"), {}, ""),
        (("us-east-1a", ""), {}, " All of its subnets are in us-east-1a."),
        (("", ""), {}, ""),
        (("us-east-1a",), {"subnets": ("s0", "unread")}, ""),
    ],
)  # fmt: skip
def test_only_a_service_of_one_zone_is_told_so(
    zones: tuple[str, ...], fields: dict[str, Any], said: str
) -> None:
    assert zoned(*zones, **fields) == said


@pytest.mark.parametrize(
    ("providers", "said"),
    [
        (("FARGATE_SPOT",), " It may use FARGATE_SPOT alone."),
        (("FARGATE_SPOT", "FARGATE"), ""),
        (("FARGATE",), ""),
        ((), ""),
    ],
)
def test_only_a_service_of_spot_alone_is_told_so(providers: tuple[str, ...], said: str) -> None:
    used = tuple(CapacityProvider(name=name, weight=1) for name in providers)
    assert zoned("us-east-1a", "us-east-1b", capacity_providers=used) == said


def test_a_quota_is_none_of_the_zones() -> None:
    state = p.replace(short(placed(aws.PLACEMENT[2][0]), subnets=("s",)),
                      subnets=(Subnet(id="s", cidr="10.0.0.0/24", zone="us-east-1a"),))  # fmt: skip
    assert "All of its subnets" not in found(state)[0].remedy.decision


def stopped(reason: str, *containers: str) -> Task:
    made = tuple(StoppedContainer(name=f"c{k}", reason=r) for k, r in enumerate(containers))
    return p.replace(CRASH, stopped_reason=reason, containers=made)


PULL, SECRET = "CannotPullContainerError: x", "ResourceInitializationError: unable to pull secrets"


@pytest.mark.parametrize(
    ("task", "cause"),
    [
        (stopped(PULL), "image-pull-failed"),
        (stopped("Essential container in task exited", PULL), "image-pull-failed"),
        (stopped("Essential container in task exited", "", SECRET), "secret-unavailable"),
        (stopped(SECRET, PULL), "secret-unavailable"),  # the task's own reason first
        (stopped("CannotStopContainerError: x", PULL), "image-pull-failed"),
        (stopped(CAPACITY), "capacity-unavailable"),
        (stopped("CannotStopContainerError: x"), ""),  # it has no cause
        (stopped("Essential container in task exited", "OK"), ""),
    ],
)
def test_a_task_or_one_of_its_containers_tells_why_it_did_not_start(task: Task, cause: str) -> None:
    form = stop_reasons.of_task(task)
    assert (form.causes[0] if form else "") == cause


@pytest.mark.parametrize(
    ("reason", "form"),
    [
        ("Task failed container health checks", stops.OWN_CHECK),
        ("Task failed ELB health checks in (target-group arn:tg)", stops.TARGET_CHECK),
        ("Task failed ELB health checks in (elb old)", stops.CLASSIC_CHECK),
        ("Essential container in task exited", None),
        ("Scaling activity initiated by (deployment ecs-svc/1)", None),
        ("other words", None),
    ],
)
def test_a_task_that_failed_its_check_is_told_by_which(reason: str, form: Form | None) -> None:
    assert stop_reasons.of_health(stopped(reason)) == form


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (f"was unable to place a task. Reason: {CAPACITY}", "capacity-unavailable"),
        (f"failed to launch a task with (error {PULL})", "image-pull-failed"),
        ("was unable to place a task. Reason: CannotStopContainerError: x", "deployment-stuck"),
        ("was unable to place a task. Reason: odd", "deployment-stuck"),
        ("has reached a steady state", ""),
    ],
)
def test_a_reason_within_an_event_comes_before_the_event(words: str, cause: str) -> None:
    form = stop_reasons.of_event(Event(at=p.ago(1), message=f"(service auth) {words}"))
    assert (form.causes[0] if form else "") == cause
