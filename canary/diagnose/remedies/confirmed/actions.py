"""Actions and conditions of rules: what of them lives now, beside what the past tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from canary.control_plane.state import LoadBalancer, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.confirmed import sign_in
from canary.diagnose.remedies.confirmed.neighbours import is_neighbour
from canary.diagnose.remedies.confirmed.sign_in import bare
from canary.diagnose.remedies.edit import Parameters
from canary.diagnose.remedies.rules import rule_json

_PLAIN = ("", "text/plain", "application/json")


def unconfirmed(
    case: Case,
    balancer: LoadBalancer | None,
    wanted: list[Parameters],
    conditions: list[Parameters] | None = None,
) -> Iterator[str]:
    """Yield the actions of an edit that only the past tells.

    `conditions`: which requests they take; None for all that no rule takes.
    """
    living = _living(balancer)
    for action in wanted:
        if bare(action) in living:
            continue
        kind = str(action.get("Type"))
        if kind in sign_in.ACTIONS and not sign_in.only_closes(case, balancer, action):
            yield f"only the past tells how its {kind} was: {sign_in.described(action)}"
        if kind == "redirect":
            yield from _redirect(case, living, action.get("RedirectConfig") or {})
        if kind == "fixed-response":
            config = action.get("FixedResponseConfig") or {}
            if config.get("MessageBody") and config.get("ContentType", "") not in _PLAIN:
                yield f"only the past tells the {config['ContentType']} that it would answer"
        for group in groups_in(action):
            if _served_here(case, balancer, group, living) or is_neighbour(
                case, balancer, group, conditions or []
            ):
                continue
            yield f"only the past tells that {group} got requests of this load balancer"


def _living(balancer: LoadBalancer | None) -> list[Parameters]:
    listeners = balancer.listeners if balancer else ()
    found = [a for x in listeners for r in x.rules for a in rule_json(r.actions)]
    found += [a for x in listeners for a in rule_json(x.default_actions)]
    return [bare(a) for a in found]


def groups_in(action: Parameters) -> list[str]:
    """Return the target groups that an action names."""
    config: dict[str, Any] = action.get("ForwardConfig") or {}
    found = [str(g["TargetGroupArn"]) for g in config.get("TargetGroups") or []]
    return found + ([str(action["TargetGroupArn"])] if action.get("TargetGroupArn") else [])


def _served_here(
    case: Case, balancer: LoadBalancer | None, arn: str, living: list[Parameters]
) -> bool:
    """Return whether a group is one of a service that the file puts behind this balancer.

    Else a living rule of this balancer must lead to it.
    """
    name = balancer.name if balancer else ""
    own = (n for n, s in case.services.items() if not name or s.load_balancer == name)
    if any(g.arn == arn for n in own for g in case.groups(n)):
        return True
    return any(arn in groups_in(a) for a in living)


def _redirect(case: Case, living: list[Parameters], config: Parameters) -> Iterator[str]:
    host, protocol = str(config.get("Host", "")), str(config.get("Protocol", ""))
    own = {urlsplit(s.url).hostname for s in case.services.values() if s.url}
    others = [(a.get("RedirectConfig") or {}).get("Host") for a in living]
    if host.lower() not in {"", "#{host}", *own} and host not in others:
        yield f"only the past tells that it redirected to {host}"
    if protocol == "HTTP":
        yield "only the past tells that it redirected to HTTP, without TLS"


def guards(rule: Rule | None) -> bool:
    """Return whether a rule decides who may pass, or refuses requests."""
    actions = rule.actions if rule else ()
    refuses = any(
        a.type == "fixed-response" and a.status_code in ("401", "403", "407") for a in actions
    )
    return refuses or any(a.type in sign_in.ACTIONS for a in actions)
