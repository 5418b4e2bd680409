"""Alarms and composites of a replay: their points, their states, and who is told when."""

from __future__ import annotations

from alarm_evaluator import (
    ALARM,
    INSUFFICIENT_DATA,
    OK,
    Moment,
    Periods,
    State,
    Suppression,
    advance,
    breaches,
    evaluate,
    evaluation_range,
    holds,
    parse_rule,
)
from canary.alarms.composites import CompositePlan
from canary.alarms.plan import AlarmPlan

LATEST = 8
"""Periods after which no point of a period comes any more."""


class Judge:
    """One metric alarm: its points as they arrive, and its state."""

    def __init__(self, plan: AlarmPlan, slot_s: int, phase: float) -> None:
        self.plan, self.phase = plan, phase
        self.state: State = INSUFFICIENT_DATA
        self._slots = max(plan.period // slot_s, 1)  # of the schedule in one period of the alarm
        self._range = evaluation_range(plan.periods)
        self._kept = self._range * self._slots + LATEST
        self._points: dict[int, tuple[float, float]] = {}  # slot -> arrival, value
        self._bad = -self._kept  # the last slot with a breaching value
        self._filled = plan.expression.startswith("FILL")
        self._total = plan.series[0].stat == "Sum" and self._slots > 1

    def put(self, slot: int, value: float, arrives: float) -> None:
        """Add the value of a slot; it can be read from `arrives` on."""
        self._points[slot] = (arrives, value)
        self._points.pop(slot - 2 * self._kept, None)
        if self._breaches(value) or (self._total and value):
            self._bad = slot

    def evaluate(self, slot: int, now: float) -> bool:
        """Evaluate the periods before `slot`; return whether the state changed."""
        if self.state == OK and slot - self._bad > self._kept and not self._filled:
            return False  # nothing breaches that could be read: nothing to decide
        before, plan = self.state, self.plan
        points = [self._point(slot - n * self._slots, now) for n in range(self._range, 0, -1)]
        warm = slot >= min(self._points, default=slot) + self._range
        if before == INSUFFICIENT_DATA and not (self._points and (warm or not self._filled)):
            return False  # as WarmUpConfiguration says: a new heartbeat is no silence
        self.state = evaluate(points, plan.datapoints, plan.periods, plan.missing.value, before)
        return self.state != before

    def _point(self, first: int, now: float) -> bool | None:
        """Return whether a period breaches, by what has arrived; None without a point."""
        found = (self._points.get(slot) for slot in range(first, first + self._slots))
        values = [value for seen in found if seen for arrives, value in (seen,) if arrives <= now]
        if values:
            return self._breaches(sum(values) if self._total else max(values))
        return self._breaches(0.0) if self._filled and self._points else None

    def _breaches(self, value: float) -> bool:
        return breaches(value, self.plan.comparison, self.plan.threshold)


class CompositeJudge:
    """One composite alarm with its suppressor, which delays a message for a bounded time."""

    def __init__(self, plan: CompositePlan) -> None:
        self.plan = plan
        self._rule = parse_rule(plan.rule)
        self._periods = Periods(wait=plan.wait_s, extension=plan.extension_s)
        self._suppression = Suppression(announced=OK)

    @property
    def waits(self) -> bool:
        """Return whether time alone may make it speak."""
        return bool(self._suppression.suppressed_by)

    def evaluate(self, states: dict[str, State], now: float) -> State | None:
        """Return the state to announce now, or None; adds the composite's own state to `states`."""
        state: State = ALARM if holds(self._rule, states) else OK
        states[self.plan.name] = state
        suppressor = states.get(self.plan.suppressor, OK) if self.plan.suppressor else OK
        periods = self._periods if self.plan.suppressor else Periods(wait=0, extension=0)
        moment: Moment = advance(self._suppression, state, suppressor, now, periods)
        self._suppression = moment.suppression
        return moment.act
