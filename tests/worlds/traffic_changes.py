"""Harmless changes of rules, target groups and weights, for any world."""

from __future__ import annotations

from typing import Any

from tests.canary.support.live_twin import Twin
from tests.worlds.changes import (
    Change,
    balancer,
    described,
    listener,
    main_service,
    rules,
    target_group,
    world_of,
)

GREEN = "second-group-of-a-change"
EXTRA = "49999"
KEPT = ("Protocol", "Port", "VpcId", "TargetType", "HealthCheckPath", "Matcher",
        "HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds")  # fmt: skip


def _own(twin: Twin) -> str:
    return str(target_group(twin, main_service(world_of(twin)).target_group)["TargetGroupArn"])


def extra_rule(twin: Twin) -> None:
    """Add a rule after the last one, for a path that nobody asks for."""
    twin.client("elbv2").create_rule(
        ListenerArn=listener(twin),
        Priority=int(EXTRA),
        Conditions=[{"Field": "path-pattern", "Values": ["/a-path-of-a-change/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": _own(twin)}],
    )


def no_extra_rule(twin: Twin) -> None:
    """Delete that rule."""
    (found,) = [r for r in rules(twin) if r["Priority"] == EXTRA]
    twin.client("elbv2").delete_rule(RuleArn=found["RuleArn"])


def drained(twin: Twin) -> None:
    """Deregister one of several targets."""
    elb, arn = twin.client("elbv2"), _own(twin)
    healths = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    serving = [h["Target"] for h in healths if h["TargetHealth"]["State"] == "healthy"]
    assert len(serving) > 1, healths
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{k: serving[0][k] for k in ("Id", "Port")}])


def patient(twin: Twin) -> None:
    """Set how long a target group drains, and how long a balancer keeps an idle connection."""
    elb = twin.client("elbv2")
    elb.modify_target_group_attributes(
        TargetGroupArn=_own(twin),
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "15"}],
    )
    (found,) = elb.describe_load_balancers(Names=[balancer(world_of(twin)).name])["LoadBalancers"]
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=found["LoadBalancerArn"],
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "75"}],
    )


def green(twin: Twin) -> None:
    """Make a second group for the service and let ECS register its tasks in both."""
    elb, ecs, service = twin.client("elbv2"), twin.client("ecs"), main_service(world_of(twin))
    blue = target_group(twin, service.target_group)
    made = elb.create_target_group(Name=GREEN, **{k: blue[k] for k in KEPT if k in blue})
    (entry,) = described(twin, service)["loadBalancers"]
    both = [entry, {**entry, "targetGroupArn": made["TargetGroups"][0]["TargetGroupArn"]}]
    shifted(0)(twin)
    ecs.update_service(cluster=world_of(twin).cluster, service=service.name, loadBalancers=both)


def shifted(percent: int) -> Change:
    """Return the change that leads so many of the service's requests to the second group."""

    def change(twin: Twin) -> None:
        elb, own = twin.client("elbv2"), _own(twin)
        other = str(target_group(twin, GREEN)["TargetGroupArn"])
        weights = [
            {"TargetGroupArn": arn, "Weight": weight}
            for arn, weight in ((own, 100 - percent), (other, percent))
        ]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}
        for rule in rules(twin):
            if not {own, other} & _targets(rule):
                continue
            actions = [*rule["Actions"][:-1], action]
            if rule["IsDefault"]:
                elb.modify_listener(ListenerArn=listener(twin), DefaultActions=actions)
            else:
                elb.modify_rule(RuleArn=rule["RuleArn"], Actions=actions)

    return change


def _targets(rule: dict[str, Any]) -> set[str]:
    action = rule["Actions"][-1]
    many = action.get("ForwardConfig", {}).get("TargetGroups", [])
    return {action.get("TargetGroupArn", "")} | {g["TargetGroupArn"] for g in many}
