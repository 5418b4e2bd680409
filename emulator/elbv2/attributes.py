"""Refuse attribute values of load balancers and target groups that AWS refuses.

moto keeps any text, or falls over it. Sources: the API's LoadBalancerAttribute and
TargetGroupAttribute.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from emulator.elbv2.values import wrong

Holds = Callable[[str], bool]
DELAY = "deregistration_delay.timeout_seconds"
LONGEST_DELAY = "3600"
_HEALTHY = "target_group_health.{}.minimum_healthy_targets.{}"


def _number(least: int, most: int, *words: str) -> Holds:
    return lambda text: text in words or (text.isdecimal() and least <= int(text) <= most)


def _one_of(*words: str) -> Holds:
    return lambda text: text in words


ATTRIBUTES: dict[str, Holds] = {
    "idle_timeout.timeout_seconds": _number(1, 4000),
    "client_keep_alive.seconds": _number(60, 604_800),
    "routing.http.xff_header_processing.mode": _one_of("append", "preserve", "remove"),
    "routing.http.desync_mitigation_mode": _one_of("monitor", "defensive", "strictest"),
    DELAY: _number(0, 3600),
    "slow_start.duration_seconds": _number(30, 900, "0"),
    "stickiness.type": _one_of("lb_cookie", "app_cookie"),
    "stickiness.lb_cookie.duration_seconds": _number(1, 604_800),
    "stickiness.app_cookie.duration_seconds": _number(1, 604_800),
    "load_balancing.algorithm.type": _one_of(
        "round_robin", "least_outstanding_requests", "weighted_random"
    ),
    _HEALTHY.format("dns_failover", "count"): _number(1, 1000, "off"),
    _HEALTHY.format("dns_failover", "percentage"): _number(1, 100, "off"),
    _HEALTHY.format("unhealthy_state_routing", "count"): _number(1, 1000),
    _HEALTHY.format("unhealthy_state_routing", "percentage"): _number(1, 100, "off"),
}
_BOOLEAN = (".enabled", ".deny_all_igw_traffic")


@functools.cache
def install() -> None:
    """Let both calls refuse what AWS refuses; call once."""
    from moto.elbv2.models import ELBv2Backend

    of_balancer = ELBv2Backend.modify_load_balancer_attributes
    of_group = ELBv2Backend.modify_target_group_attributes

    def modify_load_balancer_attributes(self: Any, arn: str, attrs: dict[str, Any]) -> Any:
        refuse(attrs)
        return of_balancer(self, arn, attrs)

    def modify_target_group_attributes(
        self: Any, target_group_arn: str, attributes: dict[str, Any]
    ) -> None:
        refuse(attributes)
        rest = dict(attributes)
        longest = rest.get(DELAY) == LONGEST_DELAY and rest.pop(DELAY)  # moto's range ends before
        of_group(self, target_group_arn, rest)
        if longest:
            self.target_groups[target_group_arn].attributes[DELAY] = longest

    ELBv2Backend.modify_load_balancer_attributes = modify_load_balancer_attributes
    ELBv2Backend.modify_target_group_attributes = modify_target_group_attributes


def refuse(attributes: dict[str, Any]) -> None:
    """Raise AWS's error for an invalid attribute value."""
    for key, value in attributes.items():
        holds = ATTRIBUTES.get(key)
        if holds is None and key.endswith(_BOOLEAN) and "cross_zone" not in key:
            holds = _one_of("true", "false")
        if holds is not None and not holds(str(value)):
            raise wrong(f"The value '{value}' of '{key}' is not valid")
