"""The checks of targets, load balancer entries and subnets, and the members of calls."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import BalancerEntry, PlatformState, TargetHealth, Task
from canary.diagnose.remedies.check_whole import MEMBERS
from tests.canary.diagnose.remedies.test_checks import (
    HEALTHY,
    NAMES,
    TASK,
    UPDATE,
    auth,
    network,
    register,
    said,
    update,
)
from tests.canary.support import platforms as p

OWNED = NAMES.group("auth")
SUBNET = "subnet-private"
NOBODY = [f"no load balancer entry of a service names target group {OWNED}"]
ALTERNATE = BalancerEntry(target_group="x", advanced={"alternateTargetGroupArn": OWNED})


@pytest.mark.parametrize(
    ("state", "was", "why"),
    [
        (HEALTHY, HEALTHY, []),
        (auth(target_groups=()), HEALTHY, []),  # its entries named the group
        (auth(target_groups=()), None, NOBODY),
        (auth(target_groups=()), auth(target_groups=()), NOBODY),
        (auth(target_groups=(), balancer_entries=(ALTERNATE,)), None, []),
        (p.replace(HEALTHY, ecs_services=HEALTHY.ecs_services[1:]), None, NOBODY),
    ],
)
def test_a_target_is_a_task_of_the_service_whose_entry_names_the_group(
    state: PlatformState, was: PlatformState | None, why: list[str]
) -> None:
    assert said("elbv2 register-targets", register("10.0.1.10"), state, was) == why


def test_a_task_of_another_service_is_no_target() -> None:
    assert said("elbv2 register-targets", register("10.0.1.11")) == [
        f"10.0.1.11 is the address of no running task of {NAMES.of('auth')}"
    ]


@pytest.mark.parametrize(
    ("group_vpc", "subnet_vpc", "good"),
    [("vpc-1", "vpc-1", True), ("vpc-1", "vpc-2", False), ("vpc-1", "", True), ("", "vpc-2", True)],
)
def test_a_target_is_in_the_vpc_of_its_group(group_vpc: str, subnet_vpc: str, good: bool) -> None:
    task: Task = p.replace(TASK, subnet=SUBNET)
    state = p.change(auth(tasks=(task,)), "target_groups", OWNED, vpc_id=group_vpc)
    state = p.change(state, "subnets", SUBNET, vpc_id=subnet_vpc)
    why = "10.0.1.10 belongs to another VPC than hokusai-auth-development-tg"
    assert said("elbv2 register-targets", register("10.0.1.10"), state) == ([] if good else [why])


def test_a_group_that_is_gone_takes_no_target() -> None:
    state = p.replace(auth(tasks=(p.replace(TASK, subnet=SUBNET),)), target_groups=())
    assert said("elbv2 register-targets", register("10.0.1.10"), state) == [
        f"target group {OWNED} is not there"
    ]


def leaving(*targets: tuple[str, int]) -> dict[str, Any]:
    return {"TargetGroupArn": OWNED, "Targets": [{"Id": i, "Port": n} for i, n in targets]}


def targets(*found: tuple[str, int, str], **service: Any) -> PlatformState:
    known = tuple(TargetHealth(id=i, port=n, state=state) for i, n, state in found)
    return p.change(auth(**service), "target_groups", OWNED, targets=known)


PORT = NAMES.ports["auth"]
AWAY = "elbv2 deregister-targets"


@pytest.mark.parametrize(
    ("state", "wanted", "why"),
    [
        (targets(("10.0.9.9", PORT, "unhealthy")), ("10.0.9.9", PORT), []),
        (targets(("10.0.1.10", 9000, "unhealthy")), ("10.0.1.10", 9000), []),
        (
            targets(("10.0.1.10", PORT, "unhealthy")),
            ("10.0.1.10", PORT),
            [f"10.0.1.10:{PORT} is a running task of {NAMES.of('auth')}"],
        ),
        (
            targets(("10.0.9.9", PORT, "healthy")),
            ("10.0.9.9", PORT),
            [f"10.0.9.9:{PORT} is no failing target of hokusai-auth-development-tg"],
        ),
        (
            targets(("10.0.9.9", PORT, "unhealthy")),
            ("10.0.9.9", 1),
            ["10.0.9.9:1 is no failing target of hokusai-auth-development-tg"],
        ),
        (
            targets(("10.0.9.9", PORT, "unhealthy"), bounded=("tasks",)),
            ("10.0.9.9", PORT),
            [f"not all tasks of {NAMES.of('auth')} were read"],
        ),
        (
            targets(("10.0.9.9", PORT, "unhealthy"), unread=("tasks",)),
            ("10.0.9.9", PORT),
            [f"not all tasks of {NAMES.of('auth')} were read"],
        ),
        (
            p.replace(HEALTHY, target_groups=()),
            ("10.0.9.9", PORT),
            [f"target group {OWNED} is not there"],
        ),
    ],
)
def test_only_a_failing_target_that_is_no_running_task_is_taken_out(
    state: PlatformState, wanted: tuple[str, int], why: list[str]
) -> None:
    assert said(AWAY, leaving(wanted), state) == why


def entries(role: str) -> dict[str, Any]:
    advanced = {"advancedConfiguration": {"roleArn": role}} if role else {}
    return update(loadBalancers=[{"targetGroupArn": OWNED, **advanced}])


@pytest.mark.parametrize(
    ("role", "now", "good"), [("", "", True), ("r", "r", True), ("r", "", False), ("r", "q", False)]
)
def test_load_balancer_entries_use_no_other_role(role: str, now: str, good: bool) -> None:
    entry = BalancerEntry(target_group=OWNED, advanced={"roleArn": now} if now else {})
    found = said(UPDATE, entries(role), auth(balancer_entries=(entry,)))
    assert ("its load balancer entries would use another role" in found) is not good


HOOK = {"hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:h"}


@pytest.mark.parametrize("there", [True, False])
def test_no_hook_runs_that_does_not_now(there: bool) -> None:
    hooks = {"lifecycleHooks": [HOOK]}
    state = auth(config={"deploymentConfiguration": hooks} if there else {})
    found = said(UPDATE, update(deploymentConfiguration=hooks), state, state)
    assert ("a hook would run during its deployments that does not now" in found) is not there


def subnets(*names: str) -> dict[str, Any]:
    parameters = update(**network("sg-auth"))
    parameters["networkConfiguration"]["awsvpcConfiguration"]["subnets"] = list(names)
    return parameters


@pytest.mark.parametrize(
    ("names", "good"), [((SUBNET,), True), (("subnet-public",), False), ((), True)]
)
def test_a_service_stays_in_its_subnets(names: tuple[str, ...], good: bool) -> None:
    found = said(UPDATE, subnets(*names))
    assert found == ([] if good else ["the subnets would not be those that the service had"])


def test_subnets_that_the_service_had_come_back() -> None:
    moved = auth(subnets=("subnet-public",))
    assert said(UPDATE, subnets(SUBNET), moved) == []
    lost = "the subnets would not be those that the service had"
    assert lost in said(UPDATE, subnets(SUBNET), moved, None)


CHECK = ("Protocol", "Port", "Path", "Enabled", "IntervalSeconds", "TimeoutSeconds")
KNOWN = {
    "rds start-db-cluster": {"DBClusterIdentifier"},
    "rds start-db-instance": {"DBInstanceIdentifier"},
    "elbv2 modify-rule": {"RuleArn", "Actions", "Conditions", "Transforms", "ResetTransforms"},
    "elbv2 create-rule": {
        "ListenerArn", "Priority", "Conditions", "Actions", "Transforms", "Tags",
    },
    "elbv2 delete-rule": {"RuleArn"},
    "elbv2 set-rule-priorities": {"RulePriorities"},
    "elbv2 modify-listener": {
        "ListenerArn", "Port", "Protocol", "SslPolicy", "Certificates", "DefaultActions",
        "MutualAuthentication",
    },
    "elbv2 create-listener": {
        "LoadBalancerArn", "Port", "Protocol", "SslPolicy", "Certificates", "DefaultActions",
        "AlpnPolicy", "MutualAuthentication", "Tags",
    },
    "elbv2 add-listener-certificates": {"ListenerArn", "Certificates"},
    "elbv2 modify-listener-attributes": {"ListenerArn", "Attributes"},
    "elbv2 modify-load-balancer-attributes": {"LoadBalancerArn", "Attributes"},
    "elbv2 set-security-groups": {"LoadBalancerArn", "SecurityGroups"},
    "elbv2 modify-target-group": {
        "TargetGroupArn", "Matcher", "HealthyThresholdCount", "UnhealthyThresholdCount",
        *(f"HealthCheck{part}" for part in CHECK),
    },
    "elbv2 register-targets": {"TargetGroupArn", "Targets"},
    "elbv2 deregister-targets": {"TargetGroupArn", "Targets"},
    "ec2 authorize-security-group-ingress": {"GroupId", "IpPermissions"},
    "ec2 authorize-security-group-egress": {"GroupId", "IpPermissions"},
}  # fmt: skip


def test_of_each_call_these_members_are_known() -> None:
    assert {call: set(MEMBERS[call]) for call in KNOWN} == KNOWN
    assert set(MEMBERS) - set(KNOWN) == {"ecs update-service"}
    assert MEMBERS["ecs update-service"] >= {
        "cluster", "service", "forceNewDeployment", "taskDefinition", "desiredCount",
        "networkConfiguration", "loadBalancers", "serviceRegistries",
    }  # fmt: skip
