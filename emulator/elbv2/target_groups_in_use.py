"""Find the load balancers that forward to a target group."""

from __future__ import annotations

from typing import Any

from emulator.settings import ACCOUNT, REGION


def groups_in_use() -> set[str]:
    """Return the ARNs of the target groups that some listener or rule forwards to."""
    return set(users_of_groups())


def users_of_groups() -> dict[str, list[Any]]:
    """Return the load balancers that forward to each target group."""
    from moto.elbv2.models import elbv2_backends

    backend = elbv2_backends[ACCOUNT][REGION]
    users: dict[str, list[Any]] = {}
    for balancer in list(backend.load_balancers.values()):
        for listener in list(balancer.listeners.values()):
            rules = list(listener._non_default_rules.values())
            actions = [*listener.default_actions, *(a for rule in rules for a in rule.actions)]
            for arn in forwarded_groups(actions):
                if balancer not in users.setdefault(arn, []):
                    users[arn].append(balancer)
    return users


def forwarded_groups(actions: list[Any]) -> list[str]:
    """Return the target groups of a list of moto's actions."""
    found = []
    for action in actions:
        data = action.data if hasattr(action, "data") else action
        if data.get("TargetGroupArn"):
            found.append(data["TargetGroupArn"])
        found += [
            group["TargetGroupArn"]
            for group in (data.get("ForwardConfig") or {}).get("TargetGroups", [])
        ]
    return found
