"""The target groups of a service: those of the file, of ECS, and those that hold its tasks."""

from __future__ import annotations

from collections.abc import Callable

from canary.control_plane.ecs import live
from canary.control_plane.state import EcsService, PlatformState, TargetGroup
from canary.model import Environment

IsOf = Callable[[EcsService, TargetGroup], bool]


def groups_of(environment: Environment, state: PlatformState, name: str) -> tuple[TargetGroup, ...]:
    """Return the target groups that belong to a service.

    These are the groups that the environment file names for it, and those in which ECS registers
    its tasks, in turn where it deploys blue/green; none that the file names for another service.
    """
    return _groups(environment, state, name, _attached)


def serving_groups(
    environment: Environment, state: PlatformState, name: str
) -> tuple[TargetGroup, ...]:
    """Return the target groups of a service, and those that hold its tasks alone."""
    return _groups(environment, state, name, lambda s, g: _attached(s, g) or _holds(s, g))


def receivers(environment: Environment, state: PlatformState, name: str) -> frozenset[str]:
    """Return the ARNs of a service's groups, and of those in which its own tasks alone serve.

    Whoever deploys blue/green leads the rules to a second group with the same tasks.
    """
    own = {g.arn for g in groups_of(environment, state, name)}
    return frozenset(
        g.arn
        for g in serving_groups(environment, state, name)
        if g.arn in own or any(t.state == "healthy" for t in g.targets)
    )


def _groups(
    environment: Environment, state: PlatformState, name: str, is_of: IsOf
) -> tuple[TargetGroup, ...]:
    services = environment.services
    others = {g for n, s in services.items() if n != name for g in s.target_groups}
    service = next((s for s in state.ecs_services if s.name == services[name].ecs_service), None)
    return tuple(
        g
        for g in state.target_groups
        if g.name in services[name].target_groups
        or (g.name not in others and service is not None and is_of(service, g))
    )


def registered_in(service: EcsService) -> set[str]:
    """Return the ARNs of the groups that a service's load balancer entries name.

    A blue/green deployment has a second one, which serves in turn with the first.
    """
    turns = {str(e.advanced.get("alternateTargetGroupArn") or "") for e in service.balancer_entries}
    return {*service.target_groups, *turns} - {""}


def _attached(service: EcsService, group: TargetGroup) -> bool:
    return group.arn in registered_in(service)


def _holds(service: EcsService, group: TargetGroup) -> bool:
    held = {t.id for t in group.targets if t.state != "draining"}
    return bool(held) and held <= {t.address for t in live(service)}


def serves_instead(
    environment: Environment, state: PlatformState, name: str, group: TargetGroup
) -> str:
    """Return the service's group that serves in place of one that no rule leads to, else ""."""
    reached = _reached(state)
    own = serving_groups(environment, state, name) if group.arn not in reached else ()
    serving = (g for g in own if g.arn in reached and g.arn != group.arn)
    return next((g.name for g in serving if any(t.state == "healthy" for t in g.targets)), "")


def in_turn(environment: Environment, state: PlatformState, name: str) -> tuple[TargetGroup, ...]:
    """Return the target groups of a service but those that wait for their turn.

    Of a service with several groups, such as one that is deployed blue/green, a group to which no
    rule sends anything may be empty: whatever ails the service, it is not that.
    """
    own, reached = groups_of(environment, state, name), _reached(state)
    return tuple(g for g in own if g.arn in reached) or own


def _reached(state: PlatformState) -> frozenset[str]:
    """Return the ARNs of the groups to which rules send requests."""
    return frozenset(
        f.target_group
        for balancer in state.load_balancers
        for listener in balancer.listeners
        for rule in listener.rules
        for f in rule.action.forwards
        if f.weight > 0
    )
