"""The listener rule that leads production traffic to one of two target groups of a service.

Source: the ECS guide's "Application Load Balancer resources for blue/green deployments": ECS moves
the weights of the rule's two groups and leaves the rest of the rule as it is.
"""

from __future__ import annotations

from typing import Any

from emulator.settings import ACCOUNT, REGION

Json = dict[str, Any]
WHOLE = 100


def pairs(balancers: list[Json]) -> list[tuple[str, str, str]]:
    """Return (rule, target group, alternate target group) of each load balancer with two groups."""
    found = []
    for one in balancers:
        advanced = one.get("advancedConfiguration") or {}
        if advanced.get("alternateTargetGroupArn"):
            rule = str(advanced.get("productionListenerRule"))
            found.append(
                (rule, str(one["targetGroupArn"]), str(advanced["alternateTargetGroupArn"]))
            )
    return found


def serving(rule_arn: str, groups: tuple[str, str]) -> str:
    """Return the group to which a rule sends most; the first where it prefers neither."""
    weights = dict.fromkeys(groups, 0)
    for action in _forwards(rule_arn):
        for one in (action.data.get("ForwardConfig") or {}).get("TargetGroups") or []:
            if one["TargetGroupArn"] in weights:
                weights[one["TargetGroupArn"]] = int(one.get("Weight", 1))
    return max(groups, key=lambda arn: weights[arn])


def shift(rule_arn: str, to: str, away: str) -> None:
    """Let a rule send everything for a service to one of its groups."""
    from moto.elbv2.models import FakeAction

    for owner, actions in _owners(rule_arn):
        changed = [
            FakeAction(_shifted(one.data, to, away)) if one.type == "forward" else one
            for one in actions
        ]
        owner.actions = changed
        if owner.is_default:
            _listener_of(owner).default_actions = changed


def _shifted(data: Json, to: str, away: str) -> Json:
    config = data.get("ForwardConfig") or {}
    others = [
        one for one in config.get("TargetGroups") or [] if one["TargetGroupArn"] not in (to, away)
    ]
    own = [{"TargetGroupArn": to, "Weight": WHOLE}, {"TargetGroupArn": away, "Weight": 0}]
    kept = {key: value for key, value in data.items() if key != "TargetGroupArn"}
    return {**kept, "ForwardConfig": {**config, "TargetGroups": [*others, *own]}}


def _forwards(rule_arn: str) -> list[Any]:
    return [one for _, actions in _owners(rule_arn) for one in actions if one.type == "forward"]


def _owners(rule_arn: str) -> list[tuple[Any, list[Any]]]:
    """Return the rule of an ARN with its actions, in a list; nothing where there is none."""
    return [(r, list(r.actions)) for one in _listeners() for r in _rules(one) if r.arn == rule_arn]


def _listener_of(rule: Any) -> Any:
    return next(one for one in _listeners() if any(own is rule for own in _rules(one)))


def _rules(listener: Any) -> list[Any]:
    return list(listener.rules.values())


def _listeners() -> list[Any]:
    from moto.elbv2.models import elbv2_backends

    balancers = list(elbv2_backends[ACCOUNT][REGION].load_balancers.values())
    return [listener for one in balancers for listener in list(one.listeners.values())]
