"""Let moto show the target health that the balancer's health checks find.

moto calls every registered target healthy and forgets a deregistered one at once. Verdicts are
kept here; reasons and descriptions are those of the Application Load Balancer guide, "Target
health status".
"""

from __future__ import annotations

import functools
import threading
import time
from typing import Any

from emulator.balancer.health_verdict import DRAINING, REGISTERING, UNUSED, Verdict
from emulator.elbv2 import attributes, authentication, listeners, policies, rules, targets, zones
from emulator.elbv2 import load_balancers as balancers
from emulator.elbv2.target_groups_in_use import groups_in_use, users_of_groups

TargetKey = tuple[str, str, int]  # target group ARN, address, port


OTHER_ZONE = Verdict(
    state="unused",
    reason="Target.NotInUse",
    description="Target is in an Availability Zone that is not enabled for the load balancer",
)
NOT_REGISTERED = Verdict(
    state="unused",
    reason="Target.NotRegistered",
    description="Target is not registered to the target group",
)


class TargetHealth:
    """Health verdicts of all targets, and the targets that are draining."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._verdicts: dict[TargetKey, Verdict] = {}
        self._draining: dict[TargetKey, float] = {}
        self.speed = 1.0

    def record(self, key: TargetKey, verdict: Verdict) -> None:
        """Store a verdict of the balancer."""
        with self._lock:
            self._verdicts[key] = verdict

    def verdict(self, key: TargetKey) -> Verdict:
        """Return the last verdict on a registered target, `initial` until there is one."""
        with self._lock:
            return self._verdicts.get(key, REGISTERING)

    def registered(self, key: TargetKey) -> None:
        """Start a newly registered target without a verdict."""
        with self._lock:
            self._draining.pop(key, None)
            self._verdicts.pop(key, None)

    def deregistered(self, key: TargetKey, delay_s: float) -> None:
        """Let a target drain for its group's deregistration delay."""
        with self._lock:
            self._verdicts.pop(key, None)
            if delay_s > 0:
                self._draining[key] = time.monotonic() + delay_s / self.speed

    def draining(self, group_arn: str) -> list[tuple[str, int]]:
        """Return the (address, port) pairs of one group that still drain."""
        now = time.monotonic()
        with self._lock:
            self._draining = {k: until for k, until in self._draining.items() if until > now}
            return [(k[1], k[2]) for k in self._draining if k[0] == group_arn]

    def forget(self) -> None:
        """Forget all verdicts, so that all targets start again."""
        with self._lock:
            self._verdicts.clear()
            self._draining.clear()


HEALTH = TargetHealth()


@functools.cache
def install() -> None:
    """Replace moto's target health; call once."""
    from moto.elbv2.models import ELBv2Backend, FakeTargetGroup

    register, deregister = FakeTargetGroup.register, FakeTargetGroup.deregister

    def registering(self: Any, targets: list[dict[str, Any]]) -> None:
        before = {ident: int(target["Port"]) for ident, target in self.targets.items()}
        register(self, targets)
        for target in targets:
            ident, port = target["Id"], int(self.targets[target["Id"]]["Port"])
            if before.get(ident) != port:
                HEALTH.registered((self.arn, ident, port))

    def deregistering(self: Any, targets: list[dict[str, Any]]) -> None:
        known = {ident: int(target["Port"]) for ident, target in self.targets.items()}
        deregister(self, targets)
        delay = float(self.attributes.get("deregistration_delay.timeout_seconds", 300))
        in_use = self.arn in groups_in_use()
        for target in targets:
            if in_use and target["Id"] in known:
                HEALTH.deregistered((self.arn, target["Id"], known[target["Id"]]), delay)

    # moto keeps an ARN for good; AWS shows the balancers that forward now
    FakeTargetGroup.load_balancer_arns = property(
        lambda self: [balancer.arn for balancer in users_of_groups().get(self.arn, [])],
        lambda _self, _value: None,
    )
    FakeTargetGroup.register = registering
    FakeTargetGroup.deregister = deregistering
    FakeTargetGroup.health_for = _health_for
    ELBv2Backend.describe_target_health = _describe_target_health
    ELBv2Backend.set_rule_priorities = _set_rule_priorities
    for module in (rules, listeners, authentication, policies, attributes, targets, balancers):
        module.install()


def _health_for(self: Any, target: dict[str, Any], _ec2: Any = None) -> Any:
    from moto.elbv2.models import FakeHealthStatus

    ident = target["Id"]
    known = self.targets.get(ident)
    port = int(target.get("Port") or (known or {}).get("Port") or self.port)
    if known is not None and int(known["Port"]) == port:
        users = users_of_groups().get(self.arn, [])
        verdict = HEALTH.verdict((self.arn, ident, port)) if users else UNUSED
        if zones.disabled(ident, users):
            verdict = OTHER_ZONE
    elif (ident, port) in HEALTH.draining(self.arn):
        verdict = DRAINING
    else:
        verdict = NOT_REGISTERED
    check_port = self.health_check_port
    shown = str(port) if check_port in (None, "traffic-port") else check_port
    return FakeHealthStatus(
        ident, str(port), shown, verdict.state, verdict.reason, verdict.description
    )


def _describe_target_health(
    self: Any, target_group_arn: str, targets: list[dict[str, Any]]
) -> list[Any]:
    from moto.elbv2.exceptions import TargetGroupNotFoundError

    group = self.target_groups.get(target_group_arn)
    if group is None:
        raise TargetGroupNotFoundError
    if not targets:
        targets = list(group.targets.values()) + [
            {"Id": ident, "Port": port} for ident, port in HEALTH.draining(target_group_arn)
        ]
    return [group.health_for(target, self.ec2_backend) for target in targets]


def _set_rule_priorities(self: Any, rule_priorities: list[dict[str, Any]]) -> list[Any]:
    """Give rules their priorities in one step, so that two may change places as on AWS.

    moto refuses a priority that another rule of the same call is about to leave.
    """
    from moto.elbv2.exceptions import (
        DuplicatePriorityError,
        PriorityInUseError,
        RuleNotFoundError,
    )

    wanted = {pair["RuleArn"]: int(pair["Priority"]) for pair in rule_priorities}
    for priority in wanted.values():
        if list(wanted.values()).count(priority) > 1:
            raise DuplicatePriorityError(str(priority))
    rules = {}
    for arn in wanted:
        found = self.describe_rules(listener_arn=None, rule_arns=[arn])
        if not found:
            raise RuleNotFoundError
        rules[arn] = found[0]
    for arn, rule in rules.items():
        (listener,) = self.describe_listeners(None, [rule.listener_arn])
        others = [r for r in listener.rules.values() if r.arn not in wanted and not r.is_default]
        if any(int(other.priority) == wanted[arn] for other in others):
            raise PriorityInUseError
    for arn, rule in rules.items():
        rule.priority = wanted[arn]
    return list(rules.values())
