"""The control plane as the canary read it, with names instead of ARNs, and its problems."""

from __future__ import annotations

import msgspec

from canary.control_plane.state import EcsService, PlatformState, Rule, TargetGroup
from canary.model import Report


def platform(report: Report) -> PlatformState | None:
    """Return the control plane, None if the report has none or an unknown form of it."""
    if report.platform is None:
        return None
    try:
        return msgspec.convert(msgspec.to_builtins(report.platform), PlatformState)
    except msgspec.ValidationError:
        return None


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


def conditions(rule: Rule) -> str:
    """Return the conditions of a listener rule in words."""
    found = (
        f"{c.field}{f' {c.name}' if c.name else ''} {' or '.join(c.values)}"
        for c in rule.conditions
    )
    return " and ".join(found) or "everything else"


def action(rule: Rule, state: PlatformState) -> str:
    """Return the action of a listener rule in words, with the names of its target groups."""
    action = rule.action
    if action.type == "forward":
        names = {g.arn: g.name for g in state.target_groups}
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


def group_problem(group: TargetGroup) -> str:
    """Return what is wrong with a target group, "" if it is healthy."""
    if not group.targets:
        return "no target is registered"
    bad = [t for t in group.targets if t.state not in ("healthy", "unused", "initial")]
    if bad:
        return f"{len(bad)} of {len(group.targets)} not healthy"
    return "" if group.load_balancers else "attached to no load balancer"


def service_problem(service: EcsService) -> str:
    """Return what is wrong with an ECS service, "" if it is healthy."""
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
