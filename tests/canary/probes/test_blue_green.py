"""A service that is deployed blue/green is well in either group, and in both."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from canary.control_plane.state import (
    Action,
    BalancerEntry,
    Forward,
    Listener,
    LoadBalancer,
    Rule,
    TargetGroup,
    TargetHealth,
    Task,
)
from canary.model import Status
from tests.canary.probes.test_state import GOOD, REDIRECT, ago, bench, ecs, group

TASK = Task(
    arn="t", service="api", task_definition="td:2", last_status="RUNNING",
    address="10.0.1.9", started_at=ago(9),
)  # fmt: skip
OWN = TargetHealth(id=TASK.address, port=80, state="healthy")
LEAVING = TargetHealth(id="10.0.1.1", port=80, state="draining")


def green(*targets: TargetHealth) -> TargetGroup:
    return msgspec.structs.replace(group("green"), targets=targets)


def entry(**more: Any) -> BalancerEntry:
    return BalancerEntry(target_group="arn:api-tg", **more)


TURNS = {"alternateTargetGroupArn": "arn:green"}


def led(blue: int, to_green: int) -> Rule:
    forwards = (
        Forward(target_group="arn:api-tg", weight=blue),
        Forward(target_group="arn:green", weight=to_green),
    )
    wanted = tuple(f for f in forwards if f.weight)
    return msgspec.structs.replace(GOOD[1], action=Action(type="forward", forwards=wanted))


def one(blue: TargetGroup, other: TargetGroup, rule: Rule, **service: Any) -> Any:
    default = msgspec.structs.replace(rule, arn="d", priority="default", conditions=())
    secure = Listener(arn="l443", port=443, protocol="HTTPS", rules=(GOOD[0], rule, default))
    plain = Listener(arn="l80", port=80, protocol="HTTP", rules=(REDIRECT,))
    balancer = LoadBalancer(arn="lb", name="lb", dns_name="lb", listeners=(secure, plain))
    return bench(
        load_balancers=(balancer,),
        target_groups=(blue, other, group("ml-tg")),
        ecs_services=(ecs(tasks=(TASK,), **service),),
    )


BLUE = group("api-tg", "healthy")
EMPTY = msgspec.structs.replace(group("api-tg"), load_balancers=(), targets=())


@pytest.mark.parametrize(
    ("blue", "other", "weights", "service"),
    [
        (BLUE, green(OWN), (1, 1), {}),  # it holds the service's own tasks
        (EMPTY, green(OWN), (0, 1), {}),
        (EMPTY, green(OWN, LEAVING), (0, 1), {}),
        (BLUE, group("green", "healthy"), (1, 1), {"target_groups": ("arn:api-tg", "arn:green")}),
        (BLUE, group("green", "healthy"), (1, 1), {"balancer_entries": (entry(advanced=TURNS),)}),
    ],
)
def test_whichever_group_serves_is_right(
    blue: TargetGroup, other: TargetGroup, weights: tuple[int, int], service: dict[str, Any]
) -> None:
    for kind in ("listener_rule", "target_group"):
        assert one(blue, other, led(*weights), **service).run(kind) is Status.PASS


@pytest.mark.parametrize(
    ("blue", "other", "weights", "failing"),
    [
        (BLUE, group("green", "healthy"), (1, 1), ["listener_rule"]),  # tasks of somebody else
        (EMPTY, group("green", "healthy"), (0, 1), ["listener_rule", "target_group"]),
        (EMPTY, green(), (0, 1), ["listener_rule", "target_group"]),  # nobody serves
        (EMPTY, green(LEAVING), (0, 1), ["listener_rule", "target_group"]),
        (EMPTY, green(OWN), (1, 0), ["target_group"]),  # the rules lead to the empty one
        (
            EMPTY,
            green(msgspec.structs.replace(OWN, state="unhealthy")),
            (0, 1),
            ["target_group"],
        ),
    ],
)
def test_a_group_of_others_or_without_a_healthy_task_is_no_turn(
    blue: TargetGroup, other: TargetGroup, weights: tuple[int, int], failing: list[str]
) -> None:
    kinds = ("listener_rule", "target_group")
    found = {kind: one(blue, other, led(*weights)).run(kind) for kind in kinds}
    assert [k for k, status in found.items() if status is Status.FAIL] == failing
