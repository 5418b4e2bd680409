"""Read target groups, their health checks, attributes and the health of their targets."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import LoadBalancer, TargetGroup, TargetHealth
from canary.observe.calls import Permission, Reader, attributes, strings, unread
from canary.observe.threads import begin

ACTIONS = (
    Permission(action="elasticloadbalancing:DescribeTargetGroups"),
    Permission(action="elasticloadbalancing:DescribeTargetHealth"),
    Permission(action="elasticloadbalancing:DescribeTargetGroupAttributes"),
)


def read(
    reader: Reader, balancers: tuple[LoadBalancer, ...], further: frozenset[str] = frozenset()
) -> tuple[TargetGroup, ...]:
    """Return the target groups that the environment, its rules or `further` ARNs name."""
    named = {n for s in reader.environment.services.values() for n in s.target_groups}
    arns = {f for b in balancers for f in forwarded(b)} | further
    own = {b.arn for b in balancers}
    found = reader.pages("elasticloadbalancing:DescribeTargetGroups", "TargetGroups")
    if found is None:
        reader.miss("target_groups")
        return ()
    wanted = [
        g
        for g in found
        if g.get("TargetGroupName") in named
        or g.get("TargetGroupArn") in arns
        or own.intersection(g.get("LoadBalancerArns") or [])
    ]
    groups = [begin(_group, reader, g) for g in wanted]
    return tuple(group.result() for group in groups)


def forwarded(balancer: LoadBalancer) -> set[str]:
    """Return the ARNs of the target groups that a load balancer's rules name."""
    return {
        f.target_group
        for listener in balancer.listeners
        for rule in listener.rules
        for f in rule.action.forwards
    } | {
        f.target_group
        for listener in balancer.listeners
        for action in listener.default_actions
        for f in action.forwards
    }


def _targets(answer: dict[str, Any]) -> tuple[TargetHealth, ...]:
    return tuple(_target(t) for t in answer.get("TargetHealthDescriptions", []))


def _target(raw: dict[str, Any]) -> TargetHealth:
    state = raw.get("TargetHealth") or {}
    target = raw.get("Target") or {}
    return TargetHealth(
        id=str(target.get("Id", "")),
        port=int(target.get("Port") or 0),
        state=str(state.get("State", "")),
        reason=str(state.get("Reason", "")),
        description=str(state.get("Description", "")),
    )


def _group(reader: Reader, raw: dict[str, Any]) -> TargetGroup:
    arn = str(raw["TargetGroupArn"])
    matcher = raw.get("Matcher") or {}
    kind = "GrpcCode" if matcher.get("GrpcCode") else "HttpCode"
    registered = reader.answer(
        "elasticloadbalancing:DescribeTargetHealth", arn, _targets, None, TargetGroupArn=arn
    )
    settings = reader.answer(
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        arn,
        attributes,
        None,
        TargetGroupArn=arn,
    )
    return TargetGroup(
        arn=arn,
        name=str(raw["TargetGroupName"]),
        protocol=str(raw.get("Protocol", "")),
        port=int(raw.get("Port") or 0),
        target_type=str(raw.get("TargetType", "")),
        vpc_id=str(raw.get("VpcId", "")),
        protocol_version=str(raw.get("ProtocolVersion") or ""),
        ip_address_type=str(raw.get("IpAddressType") or ""),
        health_enabled=bool(raw.get("HealthCheckEnabled", True)),
        health_path=str(raw.get("HealthCheckPath", "")),
        health_port=str(raw.get("HealthCheckPort", "")),
        health_protocol=str(raw.get("HealthCheckProtocol", "")),
        health_matcher=str(matcher.get(kind) or ""),
        matcher_kind=kind,
        health_interval_s=int(raw.get("HealthCheckIntervalSeconds") or 0),
        health_timeout_s=int(raw.get("HealthCheckTimeoutSeconds") or 0),
        healthy_threshold=int(raw.get("HealthyThresholdCount") or 0),
        unhealthy_threshold=int(raw.get("UnhealthyThresholdCount") or 0),
        load_balancers=strings(raw.get("LoadBalancerArns")),
        targets=registered or (),
        attributes=settings or {},
        unread=unread(targets=registered, attributes=settings),
    )
