"""Choose the target of a request by weights, health and stickiness.

Source: "Target groups for your Application Load Balancers". The balancer does not retry, and a
chosen group that has no target does not fall back on another.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie
from time import time

import msgspec

from emulator.balancer.actions import groups_of
from emulator.balancer.exchange.flights import Flights
from emulator.balancer.exchange.wire import Headers, values
from emulator.balancer.model import Action, Target, TargetGroup, WeightedGroup

StateOf = Callable[[str, Target], str]
_MINIMUM = "target_group_health.unhealthy_state_routing.minimum_healthy_targets."


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The chosen target, or none for a 503, and the cookies that stickiness sets."""

    group: TargetGroup | None
    target: Target | None
    cookies: list[str] = []


def eligible(group: TargetGroup, state_of: StateOf) -> list[Target]:
    """Return the healthy targets, or the unhealthy ones if the group fails open.

    Assumption: a target that is still initial takes no part in failing open; AWS does not say.
    """
    states = [(target, state_of(group.arn, target)) for target in group.targets]
    healthy = [target for target, state in states if state == "healthy"]
    if len(healthy) >= _least_healthy(group):
        return healthy
    return [target for target, state in states if state in ("healthy", "unhealthy")]


def _least_healthy(group: TargetGroup) -> float:
    """Return the least number of healthy targets at which the group does not fail open."""
    count = str(group.attributes.get(f"{_MINIMUM}count", 1))
    share = str(group.attributes.get(f"{_MINIMUM}percentage", "off"))
    of_all = int(share) * len(group.targets) / 100 if share.isdigit() else 0
    return max(int(count) if count.isdigit() else 1, of_all)


def _token(*parts: object) -> str:
    """Return a cookie's opaque value, as long as AWS's and the same for the same target."""
    return hashlib.sha512("|".join(str(part) for part in parts).encode()).hexdigest()


def _cookie(name: str, value: str, seconds: int) -> list[str]:
    expires = formatdate(time() + seconds, usegmt=True)
    text = f"={value}; Expires={expires}; Path=/"
    return [f"{name}{text}", f"{name}CORS{text}; SameSite=None; Secure"]


def _sent(headers: Headers) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    for line in values(headers, "cookie"):
        try:
            jar.load(line)
        except CookieError:
            continue
    return {name: morsel.value for name, morsel in jar.items()}


class Chooser:
    """Chooses targets in turn; the same requests in the same order get the same targets."""

    def __init__(self, state_of: StateOf) -> None:
        self._state_of = state_of
        self._turns: Counter[str] = Counter()
        self.flights = Flights()

    def choose(self, action: Action, groups: dict[str, TargetGroup], headers: Headers) -> Choice:
        """Return the choice of a forward action for a request."""
        sent = _sent(headers)
        group, group_cookies = self._group(action, groups, sent)
        if group is None:
            return Choice(group=None, target=None)
        target, cookies = self._target(group, sent)
        return Choice(group=group, target=target, cookies=[*group_cookies, *cookies])

    def _turn(self, name: str, of: int) -> int:
        turn = self._turns[name] % of
        self._turns[name] = turn + 1
        return turn

    def _group(
        self, action: Action, groups: dict[str, TargetGroup], sent: dict[str, str]
    ) -> tuple[TargetGroup | None, list[str]]:
        named = groups_of(action)
        config = action.forward_config
        sticky = config.target_group_stickiness_config if config else None
        arns = [one.target_group_arn for one in named]
        if not (sticky and sticky.enabled):
            return groups.get(self._weighted(named) or ""), []
        kept = next((arn for arn in arns if sent.get("AWSALBTG") == _token(arn)), None)
        arn = kept or self._weighted(named) or ""
        return groups.get(arn), _cookie("AWSALBTG", _token(arn), sticky.duration_seconds or 3600)

    def _weighted(self, named: Sequence[WeightedGroup]) -> str | None:
        weights = [1 if one.weight is None else one.weight for one in named]
        if not sum(weights):
            return None
        if len(named) == 1:
            return named[0].target_group_arn
        turn = self._turn("|".join(one.target_group_arn for one in named), sum(weights))
        for one, weight in zip(named, weights, strict=True):
            if turn < weight:
                return one.target_group_arn
            turn -= weight
        return None

    def _target(self, group: TargetGroup, sent: dict[str, str]) -> tuple[Target | None, list[str]]:
        pool = eligible(group, self._state_of)
        if not pool:
            return None, []
        options = group.attributes
        if (
            str(options.get("stickiness.enabled", "false")).lower() != "true"
            or options.get("stickiness.type", "lb_cookie") != "lb_cookie"
        ):
            return pool[self._turn(group.arn, len(pool))], []
        tokens = {_token(group.arn, one.id, one.port): one for one in pool}
        kept = tokens.get(sent.get("AWSALB", ""))
        target = kept or pool[self._turn(group.arn, len(pool))]
        seconds = int(options.get("stickiness.lb_cookie.duration_seconds", 86400))
        return target, _cookie("AWSALB", _token(group.arn, target.id, target.port), seconds)
