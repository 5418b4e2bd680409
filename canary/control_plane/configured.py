"""Names of the environment file that AWS does not know, where the reading could tell."""

from __future__ import annotations

import re

from canary.control_plane.state import EVERYTHING, Container, PlatformState
from canary.control_plane.unread import knows
from canary.model import Environment
from canary.model.names import LOG_GROUP

_ENDPOINT = re.compile(r"\.amazonaws\.com(?:\.cn)?\.?$")


def log_groups(environment: Environment) -> tuple[str, ...]:
    """Return the log groups of the file; what ends with `*` stands for all that begin so."""
    parts = environment.services.values()
    every = {g for s in parts for g in (s.log_group, *s.further_log_groups)}
    return tuple(sorted(every - {""}))


def is_readable(environment: Environment, container: Container) -> bool:
    """Return whether the canary may read what a container wrote: the file names its log group."""
    group = container.log_group
    if not group or container.log_region:
        return False
    return any(
        group.startswith(named[:-1]) if named.endswith("*") else group == named
        for named in log_groups(environment)
    )


def can_be_named(container: Container) -> bool:
    """Return whether the file could name a container's log group: AWS can have one of this name.

    Whoever writes a task definition writes the name: another one never stands in a line to copy.
    """
    named = re.fullmatch(LOG_GROUP, container.log_group) is not None
    return named and not container.log_region


def line_for(environment: Environment, name: str, group: str) -> str:
    """Return the line of the file with which the canary may read a log group of a service."""
    service = environment.services.get(name)
    if service is not None and not service.log_group:
        return f'log_group = "{group}"'
    named = (*(service.further_log_groups if service else ()), group)
    quoted = ", ".join(f'"{g}"' for g in named)
    return f"further_log_groups = [{quoted}]"


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
