"""The dependency graph of the environment file."""

from __future__ import annotations

from canary.model import Environment, Role


def closure(environment: Environment, *names: str) -> frozenset[str]:
    """Return these services and everything they depend on, directly or not."""
    found: set[str] = set()
    rest = list(names)
    while rest:
        one = rest.pop()
        if one not in found and one in environment.services:
            found.add(one)
            rest += environment.services[one].depends_on
    return frozenset(found)


def used(environment: Environment, role: Role, by: str = "") -> str:
    """Return the service of a role that a service uses or is, else any of the role, else ""."""
    known = environment.of_role(role)
    near = closure(environment, by)
    return next((n for n in known if n in near), next(iter(known), ""))
