"""The platform as it was while all was well, where a run knows it."""

from __future__ import annotations

from canary.control_plane.routing import listener_of, rule_of
from canary.control_plane.state import (
    DiscoveryService,
    EcsService,
    IamRole,
    Listener,
    LoadBalancer,
    PlatformState,
    Rule,
    SecurityGroup,
    TargetGroup,
)
from canary.diagnose.core.case import Case


def well(case: Case) -> PlatformState | None:
    """Return the baseline of the incident, else the previous run's state if nothing failed in it.

    Of a run with failures, the state was read again for the failing services.
    """
    if case.baselines.incident is not None:
        return case.baselines.incident.state
    before = case.previous
    return before if before is not None and not before.refreshed_services else None


def balancer(case: Case, arn: str) -> LoadBalancer | None:
    """Return a load balancer as it was."""
    state = well(case)
    return next((b for b in (state.load_balancers if state else ()) if b.arn == arn), None)


def listener(case: Case, arn: str) -> Listener | None:
    """Return a listener as it was; one that was created anew since then is known by its port."""
    found = listener_of(well(case), arn)
    now = listener_of(case.state, arn)
    if found or now is None:
        return found
    owner = next(b.arn for b in case.state.load_balancers if now in b.listeners)
    old = balancer(case, owner)
    return next((x for x in (old.listeners if old else ()) if x.port == now.port), None)


def rule(case: Case, arn: str) -> Rule | None:
    """Return a listener rule as it was."""
    return rule_of(well(case), arn)


def group(case: Case, arn: str) -> TargetGroup | None:
    """Return a target group as it was."""
    state = well(case)
    return next((g for g in (state.target_groups if state else ()) if g.arn == arn), None)


def security_group(case: Case, identifier: str) -> SecurityGroup | None:
    """Return a security group as it was."""
    state = well(case)
    return next((g for g in (state.security_groups if state else ()) if g.id == identifier), None)


def discovery(case: Case, name: str) -> DiscoveryService | None:
    """Return a Cloud Map service as it was, by its full name."""
    state = well(case)
    return next((d for d in (state.discovery if state else ()) if d.name == name), None)


def role(case: Case, arn: str) -> IamRole | None:
    """Return a role with its policies as they were."""
    state = well(case)
    return next((r for r in (state.roles if state else ()) if r.arn == arn), None)


def service(case: Case, name: str) -> EcsService | None:
    """Return an ECS service as it was, by its name in ECS."""
    state = well(case)
    return next((s for s in (state.ecs_services if state else ()) if s.name == name), None)
