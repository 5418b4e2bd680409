"""Tell which services a security group guards: events of EC2 name ids."""

from __future__ import annotations

from canary.control_plane.state import PlatformState
from canary.model import Environment, Service

Guards = dict[str, tuple[str, ...]]
"""Names of services by the id of a security group."""


def guards_of(state: PlatformState | None, environment: Environment) -> Guards:
    """Return the groups of services, of their load balancers and of stores, as last read."""
    if state is None:
        return {}
    found: dict[str, list[str]] = {}
    for name, service in environment.services.items():
        for group in sorted(_groups(state, service)):
            found.setdefault(group, []).append(name)
    return {group: tuple(names) for group, names in found.items()}


def _groups(state: PlatformState, service: Service) -> set[str]:
    """Return the ids of the groups that guard one service; a store's has a name in the file."""
    parts = [s.security_groups for s in state.ecs_services if s.name == service.ecs_service]
    parts += [b.security_groups for b in state.load_balancers if b.name == service.load_balancer]
    if service.security_group:
        parts += [(g.id,) for g in state.security_groups if g.name == service.security_group]
    return {group for part in parts for group in part}
