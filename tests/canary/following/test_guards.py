"""Which services a security group guards, as the canary last read it."""

from __future__ import annotations

from canary.control_plane.state import EcsService, LoadBalancer, PlatformState, SecurityGroup
from canary.following.guards import guards_of
from canary.model import Service
from tests.canary.support.servers.toolbox import environment


def service(name: str, group: str) -> EcsService:
    return EcsService(
        name=name, arn=name, status="ACTIVE", desired=1, running=1, pending=0, task_definition="",
        security_groups=(group,),
    )  # fmt: skip


STATE = PlatformState(
    ecs_services=(service("the-api", "sg-api"), service("other", "sg-other")),
    load_balancers=(
        LoadBalancer(arn="b", name="shared", dns_name="b", security_groups=("sg-front",)),
    ),
    security_groups=(SecurityGroup(id="sg-db", name="store"), SecurityGroup(id="sg-x", name="")),
)


def test_a_group_guards_services_balancers_and_stores() -> None:
    where = environment(
        services={
            "api": Service(ecs_service="the-api", load_balancer="shared"),
            "auth": Service(load_balancer="shared"),
            "database": Service(security_group="store"),
        }
    )
    assert guards_of(STATE, where) == {
        "sg-api": ("api",),
        "sg-front": ("api", "auth"),
        "sg-db": ("database",),
    }


def test_where_nothing_was_read_nothing_is_guarded() -> None:
    assert guards_of(None, environment()) == {}
