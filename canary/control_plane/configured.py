"""Names of the environment file that AWS does not know, where the reading could tell."""

from __future__ import annotations

import re

from canary.control_plane.state import EVERYTHING, PlatformState
from canary.control_plane.unread import knows
from canary.model import Environment

_ENDPOINT = re.compile(r"\.amazonaws\.com(?:\.cn)?\.?$")


def unknown_names(environment: Environment, state: PlatformState) -> tuple[str, ...]:
    """Return every name of AWS's that the file gives and that a whole reading did not find."""
    if any(u.action == EVERYTHING for u in state.unavailable):
        return ()
    parts = environment.services.values()
    wanted = {
        "load_balancers": {s.load_balancer for s in parts},
        "target_groups": {name for s in parts for name in s.target_groups},
        "security_groups": {s.security_group for s in parts},
        # a store may have the name of its endpoint in AWS, which Cloud Map does not know
        "discovery": {s.discovery for s in parts if not _ENDPOINT.search(s.discovery.lower())},
    }
    found = {*state.missing_services, *state.missing_log_groups}
    for part, names in wanted.items():
        if knows(state, part):
            found |= names - {one.name for one in getattr(state, part)}
    return tuple(sorted(found - {""}))
