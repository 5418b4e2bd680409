"""Replay outcomes through the planned alarms, minute by minute, and collect their messages.

The evaluator is `alarm_evaluator`, which the emulator uses for deployed alarms as well. Points come
as late as `Delays` says, periods are judged when they are complete, and each alarm at its own
second of the minute. Not modelled: CloudWatch itself being down, clocks that differ, and how soon
a message reaches a person.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from alarm_evaluator import ALARM, INSUFFICIENT_DATA, OK, State
from canary.alarms.composites import Route
from canary.alarms.plan import AlarmPlan, Alarms
from canary.model import Frozen
from canary.rehearsal.delays import USUAL, Arrivals, Delays
from canary.rehearsal.judges import CompositeJudge, Judge
from canary.rehearsal.memory import Memory, slot_of
from canary.rehearsal.memory import Minute as Minute

ANNOUNCED_S = 5.0
"""Seconds until a point that a pipeline puts itself can be read."""
NOTIFY = (Route.PAGE, Route.TICKET)


class AlarmMessage(Frozen, frozen=True):
    """A message of an alarm to a person, or to a ticket, at a minute with its fraction."""

    minute: float
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


def rehearse(
    alarms: Alarms,
    outcomes: Iterator[Minute],
    critical: frozenset[str],
    delays: Delays = USUAL,
    seed: int = 1,
) -> Rehearsal:
    """Replay outcomes, one a minute, through every alarm and composite."""
    replay = _Replay(alarms, critical, delays, random.Random(seed))  # noqa: S311 - a simulation
    number = -1
    for number, outcome in enumerate(outcomes):
        replay.run(number, outcome)
        replay.judge(number)
    return Rehearsal(minutes=number + 1, messages=tuple(replay.messages))


class _Replay:
    def __init__(
        self, alarms: Alarms, critical: frozenset[str], delays: Delays, chance: random.Random
    ) -> None:
        self._slot = slot_of(alarms)
        made = [Judge(plan, self._slot, chance.uniform(0, 60)) for plan in alarms.alarms]
        self._judges = sorted(made, key=lambda j: j.phase)
        self._composites = [CompositeJudge(plan) for plan in alarms.composites]
        self._memory = Memory(alarms, critical)
        self._arrivals = Arrivals(delays, chance)
        self._states: dict[str, State] = {}
        self.messages: list[AlarmMessage] = []

    def run(self, number: int, outcome: Minute) -> None:
        """Let one run print its points: those of the run in one document, those of each check."""
        begin = float(number * self._slot)
        self._memory.add(number, outcome)
        ended = self._arrivals.ended(begin, bool(outcome.failed))
        of_run = self._arrivals.arrives(ended)
        for judge in self._judges:
            value = self._memory.value(judge.plan, outcome)
            if value is not None:
                arrives = self._arrives(judge.plan, begin, ended, of_run)
                if arrives is not None:
                    judge.put(number, value, arrives)

    def _arrives(
        self, plan: AlarmPlan, begin: float, ended: float, of_run: float | None
    ) -> float | None:
        if plan.series[0].name == "DeployInProgress":
            return begin + ANNOUNCED_S
        return self._arrivals.arrives(ended) if plan.check else of_run

    def judge(self, number: int) -> None:
        """Evaluate every alarm at its second of the minute, and composites after each change."""
        begin = float(number * self._slot)
        for judge in self._judges:
            now, before = begin + judge.phase, judge.state
            changed = judge.evaluate(number, now)
            if changed:
                plan, state = judge.plan, judge.state
                self._states[plan.name] = state
                if plan.route in NOTIFY and not (before == INSUFFICIENT_DATA and state == OK):
                    self._tell(now, plan.name, plan.route, state)
            if changed or any(c.waits for c in self._composites):
                self._look(now)
        self._look(begin + self._slot)

    def _look(self, now: float) -> None:
        for composite in self._composites:
            state = composite.evaluate(self._states, now)
            if state and composite.plan.route in NOTIFY:
                self._tell(now, composite.plan.name, composite.plan.route, state)

    def _tell(self, now: float, alarm: str, route: Route, state: State) -> None:
        self.messages.append(AlarmMessage(round(now / self._slot, 2), alarm, route, state))


def noise(checks: Sequence[str], p: float, minutes: int, seed: int) -> Iterator[Minute]:
    """Yield independent failures: each check fails in each minute with probability p."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, nothing secret
    for _ in range(minutes):
        failed = frozenset(c for c in checks if chance.random() < p)
        yield Minute(failed=failed, unstable=failed)


def outage(
    checks: Sequence[str], start: int, length: int, minutes: int, share: float = 1.0, seed: int = 1
) -> Iterator[Minute]:
    """Yield minutes in which, from `start` on, each check fails by itself with a probability."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, nothing secret
    for minute in range(minutes):
        hit = start <= minute < start + length
        failed = frozenset(c for c in checks if hit and chance.random() < share)
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


def skipped(checks: Sequence[str], start: int, length: int, minutes: int) -> Iterator[Minute]:
    """Yield minutes in which, from `start` on, checks cannot be tried."""
    for minute in range(minutes):
        during = start <= minute < start + length
        yield Minute(skipped=frozenset(checks if during else ()))
