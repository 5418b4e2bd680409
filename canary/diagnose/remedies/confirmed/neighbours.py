"""Target groups of other programs at one listener: what shows that they belong there."""

from __future__ import annotations

from canary.control_plane.ecs import live
from canary.control_plane.state import LoadBalancer, TargetHealth
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.confirmed.admitted import in_the_network
from canary.diagnose.remedies.confirmed.conditions import takes_a_route
from canary.diagnose.remedies.edit import Parameters


def is_neighbour(
    case: Case, balancer: LoadBalancer | None, arn: str, conditions: list[Parameters]
) -> bool:
    """Return whether a group may get requests of this load balancer that are none of the file's.

    No other load balancer leads to it, and its targets are in the platform's network. Where the
    requests are the file's, they must be tasks of its services.
    """
    group = case.group(arn)
    if group is None or balancer is None or not group.targets:
        return False
    if not set(group.load_balancers) <= {balancer.arn}:
        return False
    tasks = {
        t.address
        for s in case.services.values()
        if s.load_balancer == balancer.name
        for e in case.state.ecs_services
        if e.name == s.ecs_service
        for t in live(e)
        if t.address
    }
    if all(t.id in tasks for t in group.targets):
        return True
    return not takes_a_route(case, balancer, conditions) and all(
        _is_near(case, t) for t in group.targets
    )


def _is_near(case: Case, target: TargetHealth) -> bool:
    """Return whether a target is an instance, or an address of a subnet of the platform."""
    return target.id.startswith("i-") or in_the_network(case, target.id)
