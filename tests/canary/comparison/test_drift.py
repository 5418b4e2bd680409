"""Drift: what changed in the control plane, and only that."""

from __future__ import annotations

import msgspec
import pytest

from canary.comparison.drift import drift
from canary.control_plane.state import (
    EVERYTHING,
    Action,
    Condition,
    EcsService,
    Forward,
    GroupRule,
    Listener,
    LoadBalancer,
    PlatformState,
    Rule,
    SecretState,
    SecurityGroup,
    TargetGroup,
    Unavailable,
)


def platform(**changes: object) -> PlatformState:
    rule = Rule(
        arn="r",
        priority="105",
        conditions=(Condition(field="path-pattern", values=("/api/mlflow/*",)),),
        action=Action(type="forward", forwards=(Forward(target_group="tg-api"),)),
    )
    listener = Listener(arn="l", port=443, protocol="HTTPS", rules=(rule,))
    return PlatformState(
        **{  # type: ignore[arg-type]
            "load_balancers": (
                LoadBalancer(arn="lb", name="reg", dns_name="d", listeners=(listener,)),
            ),
            "target_groups": (
                TargetGroup(arn="tg-api", name="api", protocol="HTTP", port=8001),
                TargetGroup(arn="tg-ml", name="ml", protocol="HTTP", port=5000),
            ),
            "ecs_services": (
                EcsService(
                    name="s",
                    arn="a",
                    status="ACTIVE",
                    desired=1,
                    running=1,
                    pending=0,
                    task_definition="x/f:3",
                ),
            ),
            "security_groups": (
                SecurityGroup(
                    id="sg-1",
                    name="tasks",
                    ingress=(
                        GroupRule(protocol="tcp", from_port=8001, to_port=8001, groups=("sg-2",)),
                    ),
                ),
            ),
            **changes,
        }
    )


def test_an_unchanged_platform_shows_no_drift() -> None:
    again = msgspec.convert(msgspec.to_builtins(platform()), PlatformState)
    assert drift(platform(), again) == ()


def test_a_rule_that_forwards_elsewhere_is_drift() -> None:
    old = platform()
    rule = old.load_balancers[0].listeners[0].rules[0]
    moved = msgspec.structs.replace(
        rule, action=Action(type="forward", forwards=(Forward(target_group="tg-ml"),))
    )
    listener = msgspec.structs.replace(old.load_balancers[0].listeners[0], rules=(moved,))
    balancer = msgspec.structs.replace(old.load_balancers[0], listeners=(listener,))
    (found,) = drift(old, platform(load_balancers=(balancer,)))
    assert found.resource == "rule 105 of listener reg:443"
    assert (found.attribute, found.before, found.after) == (
        "action",
        "forward api*1",
        "forward ml*1",
    )


def test_a_rule_that_is_gone_and_an_edge_that_is_gone_are_drift() -> None:
    bare = LoadBalancer(
        arn="lb",
        name="reg",
        dns_name="d",
        listeners=(Listener(arn="l", port=443, protocol="HTTPS"),),
    )
    closed = SecurityGroup(id="sg-1", name="tasks")
    found = drift(platform(), platform(load_balancers=(bare,), security_groups=(closed,)))
    assert [(d.resource, d.attribute, d.after) for d in found] == [
        ("rule 105 of listener reg:443", "exists", "no"),
        ("security group tasks (sg-1)", "in tcp 8001-8001 sg-2", ""),
    ]


def test_a_new_revision_and_desired_count_are_drift() -> None:
    scaled = EcsService(
        name="s", arn="a", status="ACTIVE", desired=0, running=0, pending=0, task_definition="x/f:4"
    )
    found = drift(platform(), platform(ecs_services=(scaled,)))
    assert {(d.attribute, d.before, d.after) for d in found} == {
        ("desired count", "1", "0"),
        ("task definition", "f:3", "f:4"),
    }


def test_a_secret_that_only_one_of_the_runs_looked_at_is_no_drift() -> None:
    """Secrets are read after failures alone, those of the failing services."""
    there = SecretState(reference="arn:s", exists=True, name="s")
    gone = SecretState(reference="arn:s", exists=False, name="s", detail="not found")
    assert drift(platform(), platform(secrets=(there,))) == ()
    assert drift(platform(secrets=(there,)), platform()) == ()
    (found,) = drift(platform(secrets=(there,)), platform(secrets=(gone,)))
    assert (found.before, found.after) == ("yes", "no not found")


def test_what_could_not_be_read_is_not_drift() -> None:
    gap = Unavailable(action="ecs:DescribeServices", resource="*", code="AccessDenied", reason="no")
    assert drift(platform(), platform(ecs_services=(), unavailable=(gap,))) == ()


def test_a_rule_of_a_group_that_was_read_is_drift_whatever_else_was_not() -> None:
    gap = Unavailable(action="ec2:DescribeSubnets", resource="*", code="AccessDenied", reason="no")
    closed = SecurityGroup(id="sg-1", name="tasks")
    (found,) = drift(platform(), platform(security_groups=(closed,), unavailable=(gap,)))
    assert (found.attribute, found.before, found.after) == (
        "in tcp 8001-8001 sg-2", "allowed", ""
    )  # fmt: skip
    assert drift(platform(), platform(security_groups=(), unavailable=(gap,))) == ()


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_control_plane_that_was_not_read_at_all_is_not_drift(side: str) -> None:
    gap = Unavailable(action=EVERYTHING, resource="*", code="Timeout", reason="not in time")
    read, unread = platform(), PlatformState(unavailable=(gap,))
    states = (unread, read) if side == "before" else (read, unread)
    assert drift(*states) == ()
