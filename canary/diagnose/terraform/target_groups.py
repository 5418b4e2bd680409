"""Target groups as blocks: their health check, and every attribute that AWS tells."""

from __future__ import annotations

from canary.control_plane.state import TargetGroup
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.diagnose.remedies.targets import health_check
from canary.diagnose.terraform.draft import TAGS, Draft, Resource, after
from canary.diagnose.terraform.hcl import Argument, Block, NotWholeError
from canary.diagnose.terraform.shapes import Body, argument, flag

TYPE = "aws_lb_target_group"
# An import leaves these empty, and their defaults would show in the plan as changes.
_DEFAULTS = ("lambda_multi_value_headers_enabled", "proxy_protocol_v2")
_HEALTH = {
    "HealthCheckEnabled": "enabled",
    "HealthCheckProtocol": "protocol",
    "HealthCheckPort": "port",
    "HealthCheckPath": "path",
    "HealthCheckIntervalSeconds": "interval",
    "HealthCheckTimeoutSeconds": "timeout",
    "HealthyThresholdCount": "healthy_threshold",
    "UnhealthyThresholdCount": "unhealthy_threshold",
}
# ELB API reference, TargetGroupAttribute: those of application load balancers.
_PLAIN = {
    "deregistration_delay.timeout_seconds": "deregistration_delay",
    "slow_start.duration_seconds": "slow_start",
    "load_balancing.algorithm.type": "load_balancing_algorithm_type",
    "load_balancing.algorithm.anomaly_mitigation": "load_balancing_anomaly_mitigation",
    "load_balancing.cross_zone.enabled": "load_balancing_cross_zone_enabled",
    "target_control_port": "target_control_port",
}
_STICKY = "stickiness."
_DURATION = "stickiness.{}.duration_seconds"
_LEAST = "minimum_healthy_targets"
_HEALTHY_ENOUGH = {
    f"target_group_health.{kind}.{_LEAST}.{unit}": (kind, f"{_LEAST}_{unit}")
    for kind in ("dns_failover", "unhealthy_state_routing")
    for unit in ("count", "percentage")
}


def checked(draft: Draft, edit: Edit) -> None:
    """Draft a target group that is there, with what the fix changes of its health check."""
    group = draft.case.group(edit.resource)
    if group is None or not (group.attributes and group.vpc_id) or "attributes" in group.unread:
        raise NotWholeError("a target group that was not read whole")
    if group.protocol not in ("HTTP", "HTTPS") or group.target_type not in ("ip", "instance"):
        raise NotWholeError("a target group of another kind of load balancer")
    draft.add(
        Resource(
            type=TYPE,
            name=draft.name(TYPE, group.name),
            noun="target group",
            body=_whole(group, health_check(group) | after(edit)),
            import_id=group.arn,
            changed=("health_check",),
            unread=(*TAGS, *_DEFAULTS),
        )
    )


def _whole(group: TargetGroup, check: Parameters) -> Body:
    found: Body = [
        argument("name", group.name),
        argument("port", group.port),
        argument("protocol", group.protocol),
        argument("target_type", group.target_type),
        argument("vpc_id", group.vpc_id),
    ]
    for name in ("protocol_version", "ip_address_type"):
        if value := getattr(group, name):
            found.append(argument(name, value))
    found += _attributes(group.attributes)
    found.append(Block("health_check", body=_check(check)))
    return found


def _check(wanted: Parameters) -> Body:
    found: Body = [argument(name, wanted[key]) for key, name in _HEALTH.items() if key in wanted]
    for value in (wanted.get("Matcher") or {}).values():
        found.append(argument("matcher", value))
    return found


def _attributes(values: dict[str, str]) -> Body:
    known = {*_PLAIN, *_HEALTHY_ENOUGH}
    unknown = [k for k, v in values.items() if k not in known and v and not k.startswith(_STICKY)]
    if unknown:
        raise NotWholeError(f"no argument is known for {', '.join(sorted(unknown))}")
    found: Body = [Argument(name, values[key]) for key, name in _PLAIN.items() if values.get(key)]
    found += _stickiness(values)
    health: dict[str, Body] = {}
    for key, (kind, name) in _HEALTHY_ENOUGH.items():
        if values.get(key):
            health.setdefault(kind, []).append(Argument(name, values[key]))
    if health:
        inner: Body = [Block(kind, body=rows) for kind, rows in health.items()]
        found.append(Block("target_group_health", body=inner))
    return found


def _stickiness(values: dict[str, str]) -> Body:
    kind = values.get("stickiness.type", "")
    if not kind:
        return []
    found: Body = [
        Argument("enabled", flag(values.get("stickiness.enabled", "false"))),
        Argument("type", kind),
    ]
    if duration := values.get(_DURATION.format(kind)):
        found.append(Argument("cookie_duration", duration))
    if kind == "app_cookie" and (name := values.get("stickiness.app_cookie.cookie_name")):
        found.append(Argument("cookie_name", name))
    return [Block("stickiness", body=found)]
