"""The rules of a listener beside its baseline: which ones a lost path fell through."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import msgspec

from canary.control_plane.routing import default_rule, order, takes, winner
from canary.control_plane.state import Action, Listener, Rule
from canary.control_plane.unread import knows
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.routing.misroutes import Misroute, Need

_PARTS = ("conditions", "action", "earlier", "transforms", "priority")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A rule as it was and as it is; None where it was not, or is not, there."""

    was: Rule | None
    now: Rule | None

    @property
    def same(self) -> bool:
        """Return whether nothing of the rule changed."""
        was, now = self.was, self.now
        return bool(was and now) and all(getattr(was, p) == getattr(now, p) for p in _PARTS)

    @property
    def newer(self) -> bool:
        """Return whether a numbered rule is new, or stands or takes otherwise than it did."""
        was, now = self.was, self.now
        if now is None or not now.priority.isdigit():
            return False
        return was is None or (was.priority, was.conditions) != (now.priority, now.conditions)


def before(case: Case, listener: Listener) -> Listener | None:
    """Return a listener as it was, None where it or its rules were not read, then or now."""
    if not knows(listener, "rules"):
        return None
    was = well.listener(case, listener.arn)
    return was if was is not None and knows(was, "rules") and default_rule(was) else None


def pairs(was: Listener, now: Listener) -> tuple[Pair, ...]:
    """Return each rule as it was beside what it is: by its ARN, else by what it takes."""
    by_arn = {r.arn: r for r in now.rules}
    left, found = [r for r in now.rules if r.arn not in {w.arn for w in was.rules}], []
    for rule in was.rules:
        mate = by_arn.get(rule.arn) or next((r for r in left if _is_again(rule, r)), None)
        left = [r for r in left if r is not mate]
        found.append(Pair(was=rule, now=mate))
    return (*found, *(Pair(was=None, now=r) for r in left))


def _is_again(rule: Rule, other: Rule) -> bool:
    """Return whether a rule with another ARN is the same one, created again."""
    if "default" in (rule.priority, other.priority):
        return rule.priority == other.priority
    return rule.conditions == other.conditions


def lost(misroute: Misroute, was: Listener, known: tuple[Pair, ...]) -> list[Pair]:
    """Return the pairs that are at fault for the paths of a misroute, and changed.

    A path that lost its rule falls through every later rule that took it, down to the one that
    takes it now. What no lost path touched is nobody's fault, and stays.
    """
    found: list[Pair] = []
    for need in misroute.paths:
        found += [p for p in _touched(need, misroute.listener, was, known) if p not in found]
    return [p for p in known if p in found and not p.same]


def _touched(need: Need, now: Listener, was: Listener, known: tuple[Pair, ...]) -> list[Pair]:
    taken = winner(now, need.host, need.path, need.method)
    first = winner(was, need.host, need.path, need.method)
    ends = [p for p in known if (taken and p.now is taken) or (first and p.was is first)]
    last = next((p.was for p in known if p.now is taken), None)
    if taken is None or first is None or last is None or last.priority != taken.priority:
        return ends  # a rule that is new, or was moved, took the path by itself
    between = [
        p
        for p in known
        if p.was
        and order(first) < order(p.was) < order(last)
        and takes(p.was, need.host, need.path, need.method)
    ]
    return [*ends, *between]


def place_beside(place: int, kept: Set[int], used: Set[int]) -> int | None:
    """Return a free place just behind a taken one, else before it, among the same neighbours."""
    end = min((n for n in kept if n > place), default=50_001)
    start = max((n for n in kept if n < place), default=0)
    beside = [*range(place + 1, end), *range(place - 1, start, -1)]
    return next((n for n in beside if n not in used), None)


def same_action(one: Rule, other: Rule) -> bool:
    """Return whether two rules do the same, in whichever form AWS tells it."""
    return [_plain(a) for a in one.actions] == [_plain(a) for a in other.actions]


def _plain(action: Action) -> object:
    """Return what an action does; what has no field here is compared as AWS tells it."""
    known = ("forward", "redirect", "fixed-response")
    config = {} if action.type in known else action.config
    forwards = tuple(sorted((f.target_group, f.weight) for f in action.forwards))
    if len(forwards) == 1:
        forwards = ((forwards[0][0], 1),)
    return msgspec.structs.replace(action, config=config, forwards=(), order=0), forwards
