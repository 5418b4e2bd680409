"""A service whose tasks cannot be placed says why, and goes on when they can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.aws.interfaces import ec2
from emulator.ecs.rollouts.placement import CAPACITY, NO_CAPACITY, VCPU_LIMIT
from tests.emulator.support.task_ground import (
    CLUSTER,
    SLEEP,
    Ground,
    ground,
    patiently,
    shell,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("placement")) as made:
        yield made


def create(place: Ground, name: str, subnet: str) -> None:
    """Create a service of one task in a subnet."""
    network = {"subnets": [subnet], "assignPublicIp": "ENABLED"}
    place.ecs.create_service(
        cluster=CLUSTER,
        serviceName=name,
        taskDefinition=place.register(shell("app", SLEEP)),
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )


def messages(place: Ground, name: str) -> list[str]:
    """A service's events, oldest first."""
    found: Any = place.ecs.describe_services(cluster=CLUSTER, services=[name])["services"][0]
    return [event["message"] for event in reversed(found["events"])]


def tasks(place: Ground, name: str) -> list[str]:
    """The tasks of a service, whatever their state."""
    both = ("RUNNING", "STOPPED")
    return [
        arn
        for state in both
        for arn in place.ecs.list_tasks(cluster=CLUSTER, serviceName=name, desiredStatus=state)[
            "taskArns"
        ]
    ]


@pytest.mark.parametrize(("name", "reason"), [("full", NO_CAPACITY), ("quota", VCPU_LIMIT)])
def test_a_task_without_capacity_is_told_once_and_never_was(
    place: Ground, name: str, reason: str
) -> None:
    CAPACITY.refusal = reason
    try:
        create(place, name, place.subnet)
        told = patiently(lambda: messages(place, name), bool)
        assert told[0] == f"(service {name}) was unable to place a task. Reason: {reason}."
        assert tasks(place, name) == []
    finally:
        CAPACITY.refusal = ""
    place.ecs.update_service(cluster=CLUSTER, service=name, forceNewDeployment=True)
    assert len(patiently(lambda: tasks(place, name), bool)) == 1
    place.ecs.delete_service(cluster=CLUSTER, service=name, force=True)


def test_a_subnet_without_a_free_address_takes_no_task(place: Ground) -> None:
    vpc = ec2().get_subnet(place.subnet).vpc_id
    small = ec2().create_subnet(vpc, "10.0.78.0/28", availability_zone="us-east-1a")
    held = [ec2().create_network_interface(small, f"10.0.78.{n}") for n in range(4, 15)]
    create(place, "narrow", small.id)
    told = patiently(lambda: messages(place, "narrow"), bool)
    assert told[0] == (
        "(service narrow) was unable to place a task. Reason: Unexpected EC2 error while "
        "attempting to Create Network Interface with public IP assignment enabled in subnet "
        f"'{small.id}': InsufficientFreeAddressesInSubnet."
    )
    ec2().delete_network_interface(held[0].id)
    place.ecs.update_service(cluster=CLUSTER, service="narrow", forceNewDeployment=True)
    (task,) = patiently(lambda: tasks(place, "narrow"), bool)
    assert place.task(task)["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] == (
        "10.0.78.4"
    )
