"""The replay itself: points that arrive late, alarms that are judged each minute, and messages."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.replayed.cloudwatch import ALARM, BEYOND, OK, UNKNOWN, Point, Told, compiled, state_after
from tests.replayed.template import Metric, Series, Template

QUIET = 12
"""Minutes more than an alarm reads, after which no late point can come any more."""


@dataclass(frozen=True)
class Message:
    """A message to people: when (minutes of the replay), from which alarm, where, which state."""

    at: float
    alarm: str
    route: str
    state: str


@dataclass
class _Alarm:
    plan: Metric
    phase: float  # seconds of each minute at which CloudWatch judges it
    state: str = UNKNOWN
    steady: bool = False  # OK may be taken as it is while nothing breaches

    @property
    def reach(self) -> int:
        """Return the minutes that an evaluation reads."""
        return (self.plan.periods + BEYOND) * self.plan.minutes


@dataclass
class Replay:
    """CloudWatch for one template; call `minute` once a minute."""

    template: Template
    chance: random.Random
    messages: list[Message] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give each alarm its second of the minute."""
        made = [_Alarm(m, self.chance.uniform(0, 60)) for m in self.template.metrics]
        self._alarms = sorted(made, key=lambda a: a.phase)
        self._composites = [Told(c, compiled(c.rule)) for c in self.template.composites]
        self._points: dict[Series, dict[int, list[tuple[float, float]]]] = defaultdict(dict)
        self._bad: dict[str, int] = {}  # the last minute with a breaching value
        self._of = defaultdict(list)
        for alarm in self._alarms:
            self._of[alarm.plan.series].append(alarm)

    def put(self, series: Series, minute: int, value: float, arrives: float) -> None:
        """Add a point of a minute; `arrives` is in seconds of the replay."""
        alarms = self._of.get(series)
        if not alarms:
            return
        self._points[series].setdefault(minute, []).append((arrives, value))
        for alarm in alarms:
            if _breaches(alarm.plan, value) or (alarm.plan.total and value):
                self._bad[alarm.plan.name] = minute

    def minute(self, number: int) -> None:
        """Judge every alarm once, each at its second of this minute."""
        start = number * 60.0
        changed = True
        for alarm in self._alarms:
            now = start + alarm.phase
            changed = self._judge(alarm, number, now) or changed
            if changed or self._pending():
                self._look(now)
                changed = False
        self._look(start + 60)
        if number % 60 == 0:
            self._forget(number - 600)

    def _pending(self) -> bool:
        return any(c.waits_until >= 0 or c.held for c in self._composites)

    def _look(self, now: float) -> None:
        for composite in self._composites:
            plan = composite.plan
            if state := composite.look(self.states, now):
                self.messages.append(Message(now / 60, plan.name, plan.route, state))

    def _judge(self, alarm: _Alarm, number: int, now: float) -> bool:
        plan, before = alarm.plan, alarm.state
        last_bad = self._bad.get(plan.name, -10_000)
        idle = number - last_bad > alarm.reach + QUIET and not plan.filled
        if idle and alarm.state == OK:
            return False
        alarm.state = self._state(alarm, number, now)
        self.states[plan.name] = alarm.state
        if alarm.state == before:
            return False
        if plan.route and not (before == UNKNOWN and alarm.state == OK):
            self.messages.append(Message(now / 60, plan.name, plan.route, alarm.state))
        return True

    def _state(self, alarm: _Alarm, number: int, now: float) -> str:
        plan = alarm.plan
        seen = self._points.get(plan.series, {})
        points: list[Point] = []
        for period in range(plan.periods + BEYOND, 0, -1):
            first = number - period * plan.minutes  # complete periods only
            values = [
                value
                for minute in range(first, first + plan.minutes)
                for arrives, value in seen.get(minute, ())
                if arrives <= now
            ]
            if not values and plan.filled:
                values = [0.0]
            value = sum(values) if plan.total else max(values, default=0.0)
            points.append(_breaches(plan, value) if values else None)
        if alarm.state == UNKNOWN and all(p is None for p in points):
            return UNKNOWN
        return state_after(points, plan.needed, plan.periods, plan.missing, alarm.state)

    def _forget(self, before: int) -> None:
        for seen in self._points.values():
            for minute in [m for m in seen if m < before]:
                del seen[minute]


def _breaches(plan: Metric, value: float) -> bool:
    return value < plan.threshold if plan.below else value > plan.threshold


def alarms(messages: Iterable[Message], route: str) -> list[Message]:
    """Return the messages that open something on a route."""
    return [m for m in messages if m.route == route and m.state == ALARM]
