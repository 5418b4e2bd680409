"""Edits of target groups: their health check, their targets; and of a balancer's attributes."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import LoadBalancer, TargetGroup, TargetHealth
from canary.diagnose.remedies.edit import Edit, Parameters, modify

# Fields of a health check by their names in AWS's API.
_FIELDS = {
    "HealthCheckProtocol": "health_protocol",
    "HealthCheckPort": "health_port",
    "HealthCheckPath": "health_path",
    "HealthCheckEnabled": "health_enabled",
    "HealthCheckIntervalSeconds": "health_interval_s",
    "HealthCheckTimeoutSeconds": "health_timeout_s",
    "HealthyThresholdCount": "healthy_threshold",
    "UnhealthyThresholdCount": "unhealthy_threshold",
}


def health_check(group: TargetGroup) -> Parameters:
    """Return a group's health check as AWS's API takes it."""
    found: Parameters = {name: getattr(group, field) for name, field in _FIELDS.items()}
    if group.health_matcher:
        found["Matcher"] = {group.matcher_kind: group.health_matcher}
    return found


def modify_check(group: TargetGroup, wanted: Parameters) -> Edit:
    """Return the edit that changes what differs of a health check; AWS keeps the rest."""
    now = health_check(group)
    after = {k: v for k, v in wanted.items() if v not in ("", 0, None) and now.get(k) != v}
    before = {k: now.get(k) for k in after}
    named = ("TargetGroupArn", group.arn)
    return modify("elbv2", "modify-target-group", named, before, after)


def register(group: TargetGroup, addresses: list[str], port: int) -> Edit:
    """Return the edit that adds addresses to a group."""
    return _targets("register", group, [{"Id": a, "Port": port} for a in addresses])


def deregister(group: TargetGroup, wrong: list[TargetHealth]) -> Edit:
    """Return the edit that takes targets out of a group."""
    return _targets("deregister", group, [{"Id": t.id, "Port": t.port} for t in wrong])


def _targets(verb: str, group: TargetGroup, targets: list[Parameters]) -> Edit:
    def call(what: str, undo: Edit | None = None) -> Edit:
        there: Parameters = {"Targets": targets}
        return Edit(
            service="elbv2", operation=f"{what}-targets",
            parameters={"TargetGroupArn": group.arn, **there}, resource=group.arn,
            before=None if what == "register" else there,
            after=there if what == "register" else None, undo=undo,
        )  # fmt: skip

    return call(verb, call("deregister" if verb == "register" else "register"))


def modify_attribute(balancer: LoadBalancer, key: str, value: str) -> Edit:
    """Return the edit that sets one attribute of a load balancer."""
    old = balancer.attributes.get(key, "")
    return Edit(
        **_attribute(balancer, key, old, value),
        undo=Edit(**_attribute(balancer, key, value, old)),
    )


def _attribute(balancer: LoadBalancer, key: str, old: str, new: str) -> dict[str, Any]:
    return {
        "service": "elbv2",
        "operation": "modify-load-balancer-attributes",
        "parameters": {
            "LoadBalancerArn": balancer.arn,
            "Attributes": [{"Key": key, "Value": new}],
        },
        "resource": balancer.arn,
        "before": {key: old},
        "after": {key: new},
    }
