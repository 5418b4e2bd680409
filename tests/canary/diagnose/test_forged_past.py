"""Whoever writes the bucket forges the past: no fix of services and groups takes its word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from canary.control_plane.state import BalancerEntry
from canary.diagnose.remedies.network import set_groups
from canary.diagnose.remedies.services import update_service
from tests.canary.support import platforms as p
from tests.canary.support.forged import (
    ADMIN,
    ALONE,
    AUTH,
    BALANCER,
    CLUSTER,
    ELSEWHERE,
    EVIL,
    FAR,
    FOREIGN,
    GONE,
    HEALTHY,
    NAME,
    NAMED,
    NAMES,
    OTHER,
    ROLE,
    SERVICE,
    Attack,
    admits,
    again,
    deploys,
    judged,
    networked,
    objects,
    tcp,
)

ATTACKS = [
    # ECS services
    deploys(
        "revision of another family", "belongs to another family", ADMIN, taskDefinition=OTHER.arn
    ),
    deploys(
        "revision that the past alone knows",
        "was not read",
        past=objects(HEALTHY, "task_definitions", p.definition(NAMES, "auth", 9)),
        taskDefinition=NAMES.revision("auth", 9),
    ),
    deploys(
        "security group that is gone",
        "sg-evil is not known to be there",
        past=GONE,
        **networked(securityGroups=["sg-evil"]),
    ),
    deploys(
        "security group of another VPC",
        "sg-far belongs to another VPC",
        FAR,
        **networked(securityGroups=["sg-far"]),
    ),
    deploys(
        "subnets",
        "subnet subnet-evil is not known",
        past=p.change(HEALTHY, "ecs_services", AUTH, subnets=("subnet-evil",)),
        **networked(securityGroups=["sg-auth"], subnets=["subnet-evil"]),
    ),
    deploys(
        "public address",
        "the public address of the tasks would change",
        **networked(securityGroups=["sg-auth"], assignPublicIp="ENABLED"),
    ),
    deploys("shell in the containers", "people could run commands", enableExecuteCommand=True),
    deploys(
        "target group of another VPC",
        f"{ALONE} that tasks of {AUTH} were targets of {EVIL}",
        ELSEWHERE,
        loadBalancers=[{"targetGroupArn": EVIL}],
    ),
    deploys(
        "another service's target group",
        f"{ALONE} that tasks of {AUTH} were targets of",
        loadBalancers=[{"targetGroupArn": NAMES.group("registry")}],
    ),
    deploys(
        "another service's internal name",
        f"{ALONE} that {AUTH} had the name",
        NAMED,
        serviceRegistries=[{"registryArn": NAME}],
    ),
    deploys("500 tasks", f"{ALONE} that it had 500 tasks", desiredCount=500),
    again(
        "a service of another family",
        f"{ALONE} that {AUTH} ran revisions of admin",
        ADMIN,
        taskDefinition=OTHER.arn,
    ),
    again(
        "a service with public addresses",
        f"{ALONE} that its tasks had public addresses",
        **networked(assignPublicIp="ENABLED"),
    ),
    again(
        "a service with a shell",
        f"{ALONE} that people could run commands",
        enableExecuteCommand=True,
    ),
    again(
        "a service with a hook",
        f"{ALONE} the hook",
        deploymentConfiguration={"lifecycleHooks": [{"roleArn": ROLE}]},
    ),
    again(
        "a service in a foreign target group",
        f"{ALONE} that tasks of {AUTH} were targets of {EVIL}",
        FOREIGN,
        loadBalancers=[{"targetGroupArn": EVIL}],
    ),
    again(
        "a service in a foreign security group",
        "sg-evil is not known to be there",
        **networked(securityGroups=["sg-evil"]),
    ),
    # security groups
    Attack(
        "a balancer's security groups",
        (set_groups(BALANCER, ("sg-evil",)),),
        "sg-evil is not known to be there",
        p.change(GONE, "load_balancers", BALANCER.arn, security_groups=("sg-evil",)),
    ),
    Attack(
        "a balancer's group of another VPC",
        (set_groups(BALANCER, ("sg-far",)),),
        "sg-far belongs to another VPC",
        p.change(FAR, "load_balancers", BALANCER.arn, security_groups=("sg-far",)),
        FAR,
    ),
    admits(
        "an address",
        f"{ALONE} that sg-auth admitted 6.6.6.6/32",
        "sg-auth",
        tcp(8000, cidrs=("6.6.6.6/32",)),
    ),
    admits(
        "everybody, to the database",
        f"{ALONE} that sg-database admitted 0.0.0.0/0",
        "sg-database",
        tcp(5432, cidrs=("0.0.0.0/0",)),
    ),
    admits(
        "everybody, by IPv6",
        f"{ALONE} that sg-lb-auth admitted ::/0",
        "sg-lb-auth",
        tcp(443, ipv6_cidrs=("::/0",)),
    ),
    admits(
        "everybody, to all ports",
        f"{ALONE} that sg-lb-auth admitted ports 1 to 65535 of",
        "sg-lb-auth",
        tcp(1, 65535, cidrs=("0.0.0.0/0",)),
    ),
    admits(
        "a prefix list",
        f"{ALONE} that sg-auth admitted pl-1",
        "sg-auth",
        tcp(8000, prefix_lists=("pl-1",)),
    ),
    admits(
        "a group that is gone",
        "security group sg-evil is not there",
        "sg-auth",
        tcp(8000, groups=("sg-evil",)),
    ),
    admits(
        "a group of another VPC",
        "sg-far belongs to another VPC",
        "sg-auth",
        tcp(8000, groups=("sg-far",)),
        now=FAR,
    ),
    admits(
        "a strange group",
        f"{ALONE} that sg-auth admitted sg-evil",
        "sg-auth",
        tcp(8000, groups=("sg-evil",)),
        now=GONE,
    ),
    admits(
        "an address to send to",
        f"{ALONE} that sg-auth admitted 6.6.6.6/32",
        "sg-auth",
        tcp(443, cidrs=("6.6.6.6/32",)),
        "egress",
    ),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_no_fix_is_what_only_a_forged_past_tells(attack: Attack) -> None:
    assert attack.why in judged(attack.edits, attack.now, attack.past)


HONEST: list[Callable[[], Attack]] = [
    lambda: deploys("", "", **networked(securityGroups=["sg-auth"])),
    lambda: deploys("", "", taskDefinition=NAMES.revision("auth", 6)),
    lambda: deploys("", "", loadBalancers=[{"targetGroupArn": NAMES.group("auth")}]),
    lambda: again("", "", **networked(securityGroups=["sg-auth", "sg-mlflow"])),
    lambda: admits("", "", "sg-auth", tcp(8000, groups=("sg-lb-auth",))),
    lambda: admits("", "", "sg-lb-auth", tcp(443, cidrs=("0.0.0.0/0",))),
    lambda: admits("", "", "sg-auth", tcp(8000, cidrs=("10.0.101.0/24",))),
    lambda: admits("", "", "sg-auth", p.OUT[0], "egress"),
]


@pytest.mark.parametrize("made", HONEST)
def test_what_the_present_confirms_comes_back(made: Callable[[], Attack]) -> None:
    honest = made()
    assert judged(honest.edits, honest.now, honest.past) == ""


def test_a_blue_green_service_keeps_the_role_of_its_entries() -> None:
    had = BalancerEntry(target_group=NAMES.group("auth"), advanced={"roleArn": ROLE})
    past = p.change(HEALTHY, "ecs_services", AUTH, balancer_entries=(had,))
    entry = {"targetGroupArn": NAMES.group("auth"), "advancedConfiguration": {"roleArn": ROLE}}
    edit = update_service(CLUSTER, SERVICE, loadBalancers=[entry])
    assert "would use another role" in judged((edit,), HEALTHY, past)
