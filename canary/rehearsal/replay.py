"""Replay outcomes through the planned alarms, minute by minute, and collect their messages.

The evaluator is `alarm_evaluator`, which the emulator uses for deployed alarms as well.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from alarm_evaluator import (
    ALARM,
    INSUFFICIENT_DATA,
    OK,
    State,
    breaches,
    evaluate,
    evaluation_range,
    holds,
    parse_rule,
)
from canary.alarms.composites import CompositePlan, Route
from canary.alarms.plan import AlarmPlan, Alarms
from canary.comparison.history import KEPT
from canary.comparison.windows import DOWN_CRITICAL, UNSTABLE, down_after
from canary.model import Frozen
from canary.model.schedule import MINUTE


class Minute(Frozen, frozen=True, kw_only=True):
    """One minute: whether a run completed, which checks failed, which needed a second attempt."""

    completed: bool = True
    failed: frozenset[str] = frozenset()
    unstable: frozenset[str] = frozenset()
    deploying: bool = False
    state_lost: bool = False  # the canary could not read its previous report


class AlarmMessage(Frozen, frozen=True):
    """A message of an alarm to a person, or to a ticket, at a minute of the replay."""

    minute: int
    alarm: str
    route: Route
    state: State


class Rehearsal(Frozen, frozen=True, kw_only=True):
    """The messages of a replay of so many minutes."""

    minutes: int
    messages: tuple[AlarmMessage, ...]

    def pages(self) -> tuple[AlarmMessage, ...]:
        """Return the messages that wake a person: paging alarms that went into ALARM."""
        return tuple(m for m in self.messages if m.route is Route.PAGE and m.state == ALARM)

    def tickets(self) -> tuple[AlarmMessage, ...]:
        """Return the messages that open a ticket."""
        return tuple(m for m in self.messages if m.route is Route.TICKET and m.state == ALARM)


def rehearse(alarms: Alarms, outcomes: Iterator[Minute], critical: frozenset[str]) -> Rehearsal:
    """Replay outcomes, one a minute, through every alarm and composite."""
    judges = [_Judge(plan) for plan in alarms.alarms]
    composites = [_CompositeJudge(plan) for plan in alarms.composites]
    cadences = _cadences(alarms)
    memory = _Memory(critical)
    messages: list[AlarmMessage] = []
    minute = -1
    for minute, outcome in enumerate(outcomes):
        rests = frozenset(check for check, runs in cadences.items() if minute % runs)
        memory.add(outcome, rests)
        states = {}
        for judge in judges:
            plan = judge.plan
            changed = plan.check not in rests and judge.evaluate(memory.value(plan, outcome))
            states[plan.name] = judge.state
            if changed and plan.route in (Route.PAGE, Route.TICKET):
                messages.append(AlarmMessage(minute, plan.name, plan.route, judge.state))
        for composite in composites:
            if state := composite.evaluate(states, minute):
                of = composite.plan
                messages.append(AlarmMessage(minute, of.name, of.route, state))
    return Rehearsal(minutes=minute + 1, messages=tuple(messages))


def _cadences(alarms: Alarms) -> dict[str, int]:
    """Return the blocking checks, and the number of runs of which each is asked in one."""
    period = next((p.period for p in alarms.alarms if p.key == "heartbeat"), MINUTE)
    runs = {p.check: p.period // period for p in alarms.alarms if p.check}
    return {check: number for check, number in runs.items() if number > 1}


class _Memory:
    """The history that the canary keeps between runs: each check's last outcomes."""

    def __init__(self, critical: frozenset[str]) -> None:
        self._critical = critical
        self._bad: dict[str, str] = {}  # outcomes of checks that failed recently, newest last
        self._metrics: dict[str, float] = {}

    def add(self, outcome: Minute, rests: frozenset[str] = frozenset()) -> None:
        """Add one run's outcomes; a minute without a run adds nothing, nor a check that rests."""
        if not outcome.completed:
            return
        for check in (outcome.failed | outcome.unstable | self._bad.keys()) - rests:
            letter = "F" if check in outcome.failed else "f" if check in outcome.unstable else "P"
            kept = (self._bad.get(check, "") + letter)[-KEPT:]
            self._bad[check] = kept
        self._bad = {c: o for c, o in self._bad.items() if set(o[-15:]) != {"P"}}
        judged = {c: o.replace("f", "P") for c, o in self._bad.items()}
        self._metrics = {
            "RunCompleted": 1.0,
            "CriticalFailed": float(len(outcome.failed & self._critical)),
            "CriticalDown": float(
                sum(c in self._critical and down_after(o, DOWN_CRITICAL) for c, o in judged.items())
            ),
            "UnstableChecks": float(
                sum(
                    sum(x in "Ff" for x in o[-UNSTABLE.runs :]) >= UNSTABLE.bad
                    for o in self._bad.values()
                )
            ),
            "StateLost": float(outcome.state_lost),
        }
        if outcome.state_lost:
            self._bad = {}

    def value(self, plan: AlarmPlan, outcome: Minute) -> float | None:
        """Return the value of the alarm's metric in this minute, None for no data point."""
        name = plan.series[0].name
        if name == "DeployInProgress":
            return 1.0 if outcome.deploying else None
        if not outcome.completed:
            return None
        if plan.check:
            return float(plan.check in outcome.failed)
        return self._metrics.get(name, 0.0)


class _Judge:
    """One metric alarm: keeps its evaluation range and its state."""

    def __init__(self, plan: AlarmPlan) -> None:
        self.plan = plan
        self.state: State = INSUFFICIENT_DATA
        self._points: list[bool | None] = []
        self._quiet = 0

    def evaluate(self, value: float | None) -> bool:
        """Evaluate one period's value; return whether the state changed (not for the first OK)."""
        if value is None and self.plan.expression.startswith("FILL"):
            value = 0.0 if any(p is not None for p in self._points) else None
        width = evaluation_range(self.plan.periods)
        point = (
            None if value is None else breaches(value, self.plan.comparison, self.plan.threshold)
        )
        self._quiet = self._quiet + 1 if point is False else 0
        self._points = [*self._points[-(width - 1) :], point]
        before = self.state
        if self._quiet >= width:  # the whole range is healthy: nothing to decide
            self.state = OK
        else:
            self.state = evaluate(
                self._points,
                self.plan.datapoints,
                self.plan.periods,
                self.plan.missing.value,
                before,
            )
        return self.state != before and not (before == INSUFFICIENT_DATA and self.state == OK)


class _CompositeJudge:
    """One composite alarm with its suppressor, which delays a message for a bounded time."""

    def __init__(self, plan: CompositePlan) -> None:
        self.plan = plan
        self._rule = parse_rule(plan.rule)
        self._announced: State = OK
        self._since: int | None = None
        self._released: int | None = None

    def evaluate(self, states: dict[str, State], minute: int) -> State | None:
        """Return the state to announce now, or None; adds the composite's own state to `states`."""
        state: State = ALARM if holds(self._rule, states) else OK
        states[self.plan.name] = state
        if states.get(self.plan.suppressor) == ALARM:
            self._released = minute
            return None
        if self._released is not None:
            if (minute - self._released) * 60 < self.plan.extension_s:
                return None
            self._released = None
        if state == self._announced:
            self._since = None
            return None
        if state == ALARM and not self._waited(minute):
            return None
        self._announced, self._since = state, None
        return state

    def _waited(self, minute: int) -> bool:
        if self._since is None:
            self._since = minute
        return (minute - self._since) * 60 >= self.plan.wait_s


def noise(checks: Sequence[str], p: float, minutes: int, seed: int) -> Iterator[Minute]:
    """Yield independent failures: each check fails in each minute with probability p."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, nothing secret
    for _ in range(minutes):
        failed = frozenset(c for c in checks if chance.random() < p)
        yield Minute(failed=failed, unstable=failed)


def outage(
    checks: Sequence[str], start: int, length: int, minutes: int, share: float = 1.0, seed: int = 1
) -> Iterator[Minute]:
    """Yield minutes in which, from `start` on, each run fails with probability `share`."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, nothing secret
    for minute in range(minutes):
        hit = start <= minute < start + length and chance.random() < share
        failed = frozenset(checks) if hit else frozenset()
        yield Minute(failed=failed, unstable=failed)


def silence(start: int, length: int, minutes: int) -> Iterator[Minute]:
    """Yield minutes of which the canary misses `length`, from `start` on."""
    for minute in range(minutes):
        yield Minute(completed=not start <= minute < start + length)


def deploys(checks: Sequence[str], days: int, broken_minutes: int = 4) -> Iterator[Minute]:
    """Yield days with one announced deployment of ten minutes, some of which fail."""
    for minute in range(days * 1440):
        at = minute % 1440 - 600
        deploying = 0 <= at < 10
        failed = frozenset(checks) if 2 <= at < 2 + broken_minutes else frozenset()
        yield Minute(failed=failed, deploying=deploying)


def flapping(checks: Sequence[str], up: int, down: int, minutes: int) -> Iterator[Minute]:
    """Yield minutes that fail for `down` and pass for `up`, repeatedly."""
    for minute in range(minutes):
        failed = frozenset(checks) if minute % (up + down) < down else frozenset()
        yield Minute(failed=failed, unstable=failed)
