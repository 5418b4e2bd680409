"""Faults of routes, endpoints, stores and capacity, planted in the control plane alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from emulator.aws.endpoint import Endpoint
from emulator.ecs.rollouts.placement import CAPACITY, refusal
from emulator.heal import snapshot
from emulator.network.way import services, way
from emulator.stores.events import elasticache, rds
from emulator.waf.acls import acl_of
from sandbox.faults import capacity, firewall, stores, ways
from sandbox.faults.context import FaultContext
from sandbox.seed.authority import Authority
from sandbox.seed.platform import Platform, build
from sandbox.world.load import load
from sandbox.world.world import World
from tests.emulator.support.emulated import emulator

pytestmark = pytest.mark.slow  # each world is seeded anew

TASK, OTHER_TASK = "10.0.1.20", "10.0.3.20"
Plant = Callable[[FaultContext], None]


class Ground:
    """A world without its processes, and two interfaces like those of tasks."""

    def __init__(self, aws: Endpoint, world: World) -> None:
        self.aws, self.world = aws, world
        self.platform: Platform = build(aws, Authority(world), world)
        self.undo: list[Callable[[], object]] = []
        vpc = self.platform.vpc
        for subnet, address in ((vpc.private[0], TASK), (vpc.private[2], OTHER_TASK)):
            aws.client("ec2").create_network_interface(
                SubnetId=subnet,
                PrivateIpAddress=address,
                Groups=[vpc.groups[world.mlflow.group]],
                Description="arn:aws:ecs:us-east-1:123456789012:attachment/1",
            )
        self.pristine = snapshot.take()

    def plant(self, fault: Plant) -> None:
        """Plant a fault."""
        twin = SimpleNamespace(
            aws=self.aws, world=self.world, platform=self.platform, dataplane=None, undo=self.undo
        )
        fault(FaultContext(cast(Any, twin)))

    def heal(self) -> None:
        """Go back, as a twin does."""
        snapshot.lay_over(self.pristine)
        while self.undo:
            self.undo.pop()()


@pytest.fixture
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    with emulator() as server:
        yield Ground(server.endpoint, load(getattr(request, "param", "classic")))


def ends(ground: Ground) -> dict[str, bool]:
    """What finds its way: to the stores, from the balancer, out, and what a start needs."""
    world, edge = ground.world, ground.world.balancer_of_registry
    return {
        "database": way.between(TASK, world.database.address, world.database.port),
        "cache": way.between(TASK, world.cache.address, world.cache.port),
        "task": way.between(edge.address, OTHER_TASK, world.mlflow.port),
        "image": services.to_service(TASK, "ecr.api"),
        "secrets": services.to_service(TASK, "secretsmanager"),
    }


@pytest.mark.parametrize(
    ("ground", "fault", "lost"),
    [
        ("classic", ways.acl_denies_the_database, {"database"}),
        ("http-only", ways.acl_denies_the_database, {"database"}),
        ("classic", ways.acl_drops_answers, {"task", "image", "secrets"}),
        ("classic", ways.route_deleted, {"image", "secrets"}),
        ("classic", ways.nat_deleted, {"image", "secrets"}),
        ("http-only", ways.endpoint_deleted, {"secrets"}),
    ],
    indirect=["ground"],
)
def test_a_fault_takes_a_way_and_heal_gives_it_back(
    ground: Ground, fault: Plant, lost: set[str]
) -> None:
    assert all(ends(ground).values())
    ground.plant(fault)
    assert {name for name, found in ends(ground).items() if not found} == lost
    ground.heal()
    assert all(ends(ground).values())


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (stores.database_stopped, ("stopped", "available")),
        (stores.database_full, ("storage-full", "available")),
        (stores.database_failing_over, ("rebooting", "available")),
        (stores.cache_deleted, ("available", "deleting")),
    ],
)
def test_a_store_is_shown_as_it_is_and_well_again(
    ground: Ground, fault: Plant, statuses: tuple[str, str]
) -> None:
    def shown() -> tuple[str, str]:
        database = rds().databases[ground.world.database.called]
        return database.status, elasticache().replication_groups[ground.world.cache.called].status

    assert shown() == ("available", "available")
    ground.plant(fault)
    assert shown() == statuses
    ground.heal()
    assert shown() == ("available", "available")


def test_a_full_subnet_and_a_lack_of_capacity_end_with_the_fault(ground: Ground) -> None:
    before = len(ground.aws.client("ec2").describe_subnets()["Subnets"])
    ground.plant(capacity.subnet_full)
    (service,) = ground.aws.client("ecs").describe_services(
        cluster=ground.world.cluster, services=[ground.world.mlflow.name]
    )["services"]
    (subnet,) = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    assert refusal(subnet, public=False).endswith("InsufficientFreeAddressesInSubnet")
    ground.heal()
    assert len(ground.aws.client("ec2").describe_subnets()["Subnets"]) == before
    for fault in (capacity.capacity_unavailable, capacity.quota_reached):
        ground.plant(fault)
        assert CAPACITY.refusal
        ground.heal()
        assert CAPACITY.refusal == ""


@pytest.mark.parametrize(("ground", "rules"), [("classic", 1), ("guarded", 3)], indirect=["ground"])
def test_a_rule_blocks_and_is_gone_with_the_fault(ground: Ground, rules: int) -> None:
    balancer = ground.world.balancer_of_registry
    arn = ground.platform.balancers.balancers[balancer.name]

    def held() -> list[str]:
        acl = acl_of(arn)
        return [] if acl is None else [str(rule.name) for rule in acl.rules]

    before = held()
    ground.plant(firewall.request_blocked)
    assert (len(held()), held()[-1]) == (rules, firewall.RULE)
    ground.heal()
    assert held() == before
