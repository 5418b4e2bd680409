"""The control plane as the canary read it, with names instead of ARNs, and its problems."""

from __future__ import annotations

import msgspec

from canary.control_plane.state import EcsService, LoadBalancer, PlatformState, Rule, TargetGroup
from canary.model import Frozen, Report


class RuleRow(Frozen, frozen=True, kw_only=True):
    """A listener rule in words."""

    priority: str
    conditions: str
    action: str


class ListenerView(Frozen, frozen=True, kw_only=True):
    """A listener and its rules, in the order in which the load balancer tries them."""

    title: str
    rules: tuple[RuleRow, ...]


class BalancerView(Frozen, frozen=True, kw_only=True):
    """A load balancer."""

    name: str
    state: str
    listeners: tuple[ListenerView, ...]


class GroupView(Frozen, frozen=True, kw_only=True):
    """A target group; `problem` is "" if it is healthy."""

    group: TargetGroup
    problem: str


class ServiceView(Frozen, frozen=True, kw_only=True):
    """An ECS service; `problem` is "" if it is healthy."""

    service: EcsService
    revision: str
    problem: str


class PlatformView(Frozen, frozen=True, kw_only=True):
    """Everything that the section shows."""

    state: PlatformState
    balancers: tuple[BalancerView, ...]
    groups: tuple[GroupView, ...]
    services: tuple[ServiceView, ...]


def platform(report: Report) -> PlatformView | None:
    """Return the view, None if the report has no control plane or an unknown form of it."""
    if report.platform is None:
        return None
    try:
        state = msgspec.convert(msgspec.to_builtins(report.platform), PlatformState)
    except msgspec.ValidationError:
        return None
    names = {g.arn: g.name for g in state.target_groups}
    return PlatformView(
        state=state,
        balancers=tuple(_balancer(b, names) for b in state.load_balancers),
        groups=tuple(GroupView(group=g, problem=_group_problem(g)) for g in state.target_groups),
        services=tuple(
            ServiceView(service=s, revision=short(s.task_definition), problem=_service_problem(s))
            for s in state.ecs_services
        ),
    )


def short(arn: str) -> str:
    """Return the name in an ARN, such as "hokusai-auth-development:12"; other text as it is."""
    if not arn.startswith("arn:") or arn.count(":") < 5:
        return arn
    resource = arn.split(":", 5)[5]
    kind, *parts = resource.split("/")
    if not parts:
        return resource
    if kind == "targetgroup":
        return parts[0]
    if kind == "listener-rule" and len(parts) > 1:
        return f"a rule of {parts[1]}"
    if kind in ("loadbalancer", "listener") and len(parts) > 1:
        return parts[1]
    return parts[-1]


def _balancer(balancer: LoadBalancer, names: dict[str, str]) -> BalancerView:
    listeners = tuple(
        ListenerView(
            title=f"{item.protocol} {item.port}",
            rules=tuple(_rule(rule, names) for rule in item.rules),
        )
        for item in sorted(balancer.listeners, key=lambda entry: entry.port)
    )
    return BalancerView(name=balancer.name, state=balancer.state, listeners=listeners)


def _rule(rule: Rule, names: dict[str, str]) -> RuleRow:
    conditions = " and ".join(
        f"{c.field}{f' {c.name}' if c.name else ''} {' or '.join(c.values)}"
        for c in rule.conditions
    )
    return RuleRow(
        priority=rule.priority,
        conditions=conditions or "everything else",
        action=_action(rule, names),
    )


def _action(rule: Rule, names: dict[str, str]) -> str:
    action = rule.action
    if action.type == "forward":
        groups = [
            names.get(f.target_group, short(f.target_group))
            + (f" (weight {f.weight})" if len(action.forwards) > 1 else "")
            for f in action.forwards
        ]
        return f"forward to {', '.join(groups) or 'nothing'}"
    if action.type == "redirect":
        return f"redirect {action.status_code} to {action.redirect}"
    if action.type == "fixed-response":
        return f"answer {action.status_code} {action.content_type}"
    return action.type


def _group_problem(group: TargetGroup) -> str:
    if not group.targets:
        return "no target is registered"
    bad = [t for t in group.targets if t.state not in ("healthy", "unused", "initial")]
    if bad:
        return f"{len(bad)} of {len(group.targets)} not healthy"
    return "" if group.load_balancers else "attached to no load balancer"


def _service_problem(service: EcsService) -> str:
    if service.status != "ACTIVE":
        return f"status {service.status}"
    if service.desired == 0:
        return "scaled to zero"
    if service.running != service.desired:
        return f"{service.running} of {service.desired} running"
    failed = [d for d in service.deployments if d.rollout_state == "FAILED"]
    if failed:
        return "a deployment failed"
    return "deployment in progress" if len(service.deployments) > 1 else ""
