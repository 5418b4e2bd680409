"""Say in words where a rule leads: services by their role or name, no target groups."""

from __future__ import annotations

from canary.control_plane.service_groups import groups_of
from canary.control_plane.state import Rule
from canary.diagnose.core.case import Case
from canary.model import Role

_ROLES = {
    Role.API: "the API",
    Role.IDENTITY: "the auth service",
    Role.MLFLOW: "MLflow",
    Role.CACHE: "the cache",
    Role.DATABASE: "the database",
}


def service_in_words(case: Case, name: str) -> str:
    """Return a service by its role where no other service has it, else by its name."""
    role = case.environment.role_of(name)
    alone = case.environment.of_role(role) == (name,)
    return _ROLES.get(role, name) if alone else name


def receiver_of(case: Case, rule: Rule) -> str:
    """Return the one service whose target groups get all that a rule forwards, "" for none."""
    live = {f.target_group for f in rule.action.forwards if f.weight > 0}
    found = [
        name
        for name in case.services
        if live and live <= {g.arn for g in groups_of(case.environment, case.state, name)}
    ]
    return found[0] if len(found) == 1 else ""


def instead(case: Case, rule: Rule, wanted: str) -> str:
    """Return "MLflow instead of the API" for a rule that leads to a known other service, or ""."""
    taker = receiver_of(case, rule)
    if taker in ("", wanted):
        return ""
    return f"{service_in_words(case, taker)} instead of {service_in_words(case, wanted)}"
