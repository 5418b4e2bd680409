"""CloudWatch's rules, a second time: an alarm's state, a composite's rule, and who is told when.

Sources: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", "Combining
alarms", "Alarm suppression". How many more periods than it judges CloudWatch reads is published
for one example only (three of five); two more are taken for every length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.replayed.template import Composite

BEYOND = 2
Point = bool | None
ALARM, OK, UNKNOWN = "ALARM", "OK", "INSUFFICIENT_DATA"


def state_after(
    points: Sequence[Point], needed: int, periods: int, missing: str, before: str
) -> str:
    """Return an alarm's state; points are oldest first: breaching, not breaching, or missing."""
    there = [p for p in points if p is not None][-periods:]
    bad, absent = there.count(True), periods - len(there)
    if absent <= 0 or missing == "notBreaching":
        return ALARM if bad >= needed else OK
    if missing == "breaching":
        return ALARM if bad + absent >= needed else OK
    if False in there:
        return ALARM if bad >= needed else OK
    # only breaching points, or none: an alarm as soon as the oldest is old enough
    oldest = next((n for n, p in enumerate(points) if p), len(points))
    if bad and len(points) - oldest >= needed and missing == "missing":
        return ALARM
    return before if missing == "ignore" else UNKNOWN


def compiled(rule: str) -> Callable[[Mapping[str, str]], bool]:
    """Return a composite's rule as a function of the states of all alarms."""
    names: list[tuple[str, str]] = []

    def child(found: re.Match[str]) -> str:
        names.append((found[2], found[1]))
        return f"is_({len(names) - 1})"

    text = re.sub(r'(ALARM|OK|INSUFFICIENT_DATA)\("([^"]+)"\)', child, rule)
    for word, instead in (("AND", "and"), ("OR", "or"), ("NOT", "not"), ("FALSE", "False")):
        text = re.sub(rf"\b{word}\b", instead, text)
    if not re.fullmatch(r"(is_|and|or|not|False|\d+|[() \n])+", text):
        raise ValueError(f"cannot read the rule {rule[:100]!r}")
    code = compile(text.strip(), "rule", "eval")

    def holds(states: Mapping[str, str]) -> bool:
        def is_(number: int) -> bool:
            name, state = names[number]
            return states.get(name) == state

        return bool(eval(code, {"__builtins__": {}, "is_": is_}))

    return holds


@dataclass
class Told:
    """A composite's actions: which state was told last, and for what it waits."""

    plan: Composite
    holds: Callable[[Mapping[str, str]], bool]
    told: str = OK
    waits_until: float = -1.0
    held: bool = False  # by the suppressor, or by its extension
    free_at: float = -1.0
    states: dict[str, str] = field(default_factory=dict)

    def look(self, states: dict[str, str], now: float) -> str:
        """Set the composite's state in `states`; return the state that is told now, or ""."""
        plan = self.plan
        state = states[plan.name] = ALARM if self.holds(states) else OK
        if not plan.suppressor:
            return self._tell(state)
        if states.get(plan.suppressor) == ALARM:
            self.held, self.free_at, self.waits_until = True, -1.0, -1.0
            return ""
        if self.held:
            self.free_at = now + plan.extension if self.free_at < 0 else self.free_at
            if now < self.free_at:
                return ""
            self.held = False
            return self._tell(state)
        if state == OK or self.told == ALARM:
            self.waits_until = -1.0
            return self._tell(state)
        if self.waits_until < 0:
            self.waits_until = now + plan.wait
        return self._tell(state) if now >= self.waits_until else ""

    def _tell(self, state: str) -> str:
        if state == self.told:
            return ""
        self.told = state
        return state
