"""Listeners and rules made by hand, on the load balancer of the platform's registry."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import Action, Condition, Forward, Listener, PlatformState, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.routing.misroutes import Misroute, Need
from canary.model import Environment, Result
from tests.canary.support import platforms as p

NAMES = p.Names()
HEALTHY = p.healthy()
ENVIRONMENT = p.environment(NAMES)
AUTH, API, MLFLOW = (NAMES.group(n) for n in ("auth", "registry", "mlflow"))
BALANCER = HEALTHY.load_balancers[1]
PLAIN, SECURE = BALANCER.listeners
HOST = f"registry.{NAMES.domain}"


def to(*groups: str, **more: Any) -> Action:
    """Return an action that forwards to groups."""
    return Action(type="forward", forwards=tuple(Forward(target_group=g) for g in groups), **more)


def rule(priority: int | str, *paths: str, action: Action | None = None, **more: Any) -> Rule:
    """Return a rule of some paths, that forwards to the API where nothing else is said."""
    conditions = (Condition(field="path-pattern", values=paths),) if paths else ()
    known = {"arn": f"arn:{priority}", "conditions": conditions, "action": action or to(API)}
    return Rule(priority=str(priority), **{**known, **more})


def listener(*rules: Rule, **more: Any) -> Listener:
    """Return the registry's listener with these rules."""
    return p.replace(SECURE, rules=rules, **more)


def platform(*rules: Rule, state: PlatformState = HEALTHY, **listeners: Any) -> PlatformState:
    """Return the platform whose registry has these rules on its listener of HTTPS."""
    plain = listeners.get("plain", PLAIN)
    secure = listeners.get("secure", listener(*rules))
    return p.change(state, "load_balancers", BALANCER.arn, listeners=(plain, secure))


def case(
    state: PlatformState = HEALTHY,
    before: PlatformState | None = None,
    *results: Result,
    environment: Environment = ENVIRONMENT,
) -> Case:
    """Return a run that found a platform beside a run that found it as it was."""
    return Case(results=results, state=state, environment=environment, previous=before, now=p.NOW)


def need(path: str, service: str = "registry", pattern: str = "", **more: Any) -> Need:
    """Return a path of the registry's host and who must answer it."""
    known = {"host": HOST, "method": "GET", "priority": 0}
    return Need(path=path, service=service, pattern=pattern, **{**known, **more})


def misroute(now: Listener, *paths: Need, took: Rule, kind: str = "rule-missing") -> Misroute:
    """Return paths that do not reach their service."""
    return Misroute(kind=kind, balancer=BALANCER, listener=now, rules=(took,), paths=[*paths])
