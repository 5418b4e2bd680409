"""Would these alarms have paged? Replays outcomes through the planned alarms, minute by minute.

Pure: a pattern of outcomes and the alarm plan in, pages out. The judging is `canary.alarms`, the
same evaluator that the sandbox runs over deployed alarms.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from canary.alarm_plan import AlarmPlan, Alarms, Reach
from canary.alarms import ALARM, INSUFFICIENT_DATA, OK, State, breaches, evaluate, evaluation_range
from canary.model import Frozen

LOOK_BACK = 10  # runs that count for a check's stability, as in `metrics`
UNSTABLE_AT = 4


class Outcome(Frozen, frozen=True, kw_only=True):
    """One minute: whether a run completed, which checks failed, which needed a second attempt."""

    completed: bool = True
    failed: frozenset[str] = frozenset()
    unstable: frozenset[str] = frozenset()
    deploying: bool = False


class Page(Frozen, frozen=True, kw_only=True):
    """A message that woke somebody, or opened a ticket, at a minute of the replay."""

    minute: int
    alarm: str
    reach: Reach
    state: State


class Rehearsal(Frozen, frozen=True, kw_only=True):
    """What a replay of so many minutes led to."""

    minutes: int
    messages: tuple[Page, ...]

    def pages(self) -> tuple[Page, ...]:
        """Return what woke a person: messages of paging alarms that went into ALARM."""
        return tuple(m for m in self.messages if m.reach is Reach.PAGE and m.state == ALARM)

    def tickets(self) -> tuple[Page, ...]:
        """Return what opened a ticket."""
        return tuple(m for m in self.messages if m.reach is Reach.TICKET and m.state == ALARM)


Pattern = Callable[[int], Outcome]


def rehearse(alarms: Alarms, outcomes: Iterator[Outcome], critical: frozenset[str]) -> Rehearsal:
    """Replay outcomes, one a minute, through every alarm and the composite page."""
    judges = [_Judge(plan) for plan in alarms.alarms]
    page = _PageJudge(alarms)
    recent: list[frozenset[str]] = []
    messages: list[Page] = []
    minute = -1
    for minute, outcome in enumerate(outcomes):
        recent = [*recent[-(LOOK_BACK - 1) :], outcome.unstable | outcome.failed]
        values = _values(outcome, critical, recent)
        states = {}
        for judge in judges:
            changed = judge.look(values(judge.plan))
            states[judge.plan.name] = judge.state
            if changed and judge.plan.reach in (Reach.PAGE, Reach.TICKET):
                messages.append(_page(minute, judge.plan.name, judge.plan.reach, judge.state))
        if state := page.look(states, minute):
            messages.append(_page(minute, alarms.page.name, Reach.PAGE, state))
    return Rehearsal(minutes=minute + 1, messages=tuple(messages))


def _page(minute: int, alarm: str, reach: Reach, state: State) -> Page:
    return Page(minute=minute, alarm=alarm, reach=reach, state=state)


def _values(
    outcome: Outcome, critical: frozenset[str], recent: Sequence[frozenset[str]]
) -> Callable[[AlarmPlan], float | None]:
    """Return what each alarm's metric shows in this minute; None: no data point."""
    counts = {check: sum(check in r for r in recent) for r in recent for check in r}
    shown: dict[str, float] = {
        "CriticalFailed": float(len(outcome.failed & critical)),
        "UnstableChecks": float(sum(n >= UNSTABLE_AT for n in counts.values())),
        "RunCompleted": 1.0,
    }

    def value(plan: AlarmPlan) -> float | None:
        name = plan.series[0].name
        if name == "DeployInProgress":
            return 1.0 if outcome.deploying else None
        if not outcome.completed:
            return None
        if plan.check:
            return float(plan.check in outcome.failed)
        return shown.get(name, 0.0)

    return value


class _Judge:
    """One alarm over time: keeps its evaluation range and its state."""

    def __init__(self, plan: AlarmPlan) -> None:
        self.plan = plan
        self.state: State = INSUFFICIENT_DATA
        self._points: list[bool | None] = []
        self._quiet = 0

    def look(self, value: float | None) -> bool:
        """Take one period's value; return whether the state changed (the first OK is no change)."""
        if value is None and self.plan.expression.startswith("FILL"):
            value = 0.0 if any(p is not None for p in self._points) else None
        width = evaluation_range(self.plan.periods)
        point = (
            None if value is None else breaches(value, self.plan.comparison, self.plan.threshold)
        )
        self._quiet = self._quiet + 1 if point is False else 0
        self._points = [*self._points[-(width - 1) :], point]
        before = self.state
        if self._quiet >= width:  # the whole range is well: nothing to weigh
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


class _PageJudge:
    """The composite page with its suppressor: it may delay a page, and it ends."""

    def __init__(self, alarms: Alarms) -> None:
        self._plan = alarms.page
        self._announced: State = OK
        self._since: int | None = None
        self._released: int | None = None

    def look(self, states: dict[str, State], minute: int) -> State | None:
        """Return the state to announce now, or None."""
        ringing = any(states[name] == ALARM for name in self._plan.children)
        state: State = ALARM if ringing else OK
        if states.get(self._plan.suppressor) == ALARM:
            self._released = minute
            return None
        if self._released is not None:
            if (minute - self._released) * 60 < self._plan.extension_s:
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
        return (minute - self._since) * 60 >= self._plan.wait_s


def noise(checks: Sequence[str], p: float, minutes: int, seed: int) -> Iterator[Outcome]:
    """Yield independent failures: each check fails a minute with probability p."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, nothing secret
    for _ in range(minutes):
        failed = frozenset(c for c in checks if chance.random() < p)
        yield Outcome(failed=failed, unstable=failed)


def outage(
    checks: Sequence[str], start: int, length: int, minutes: int, share: float = 1.0, seed: int = 1
) -> Iterator[Outcome]:
    """Yield minutes in which, from `start` on, each run sees the fault with probability `share`."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, nothing secret
    for minute in range(minutes):
        hit = start <= minute < start + length and chance.random() < share
        failed = frozenset(checks) if hit else frozenset()
        yield Outcome(failed=failed, unstable=failed)


def silence(start: int, minutes: int) -> Iterator[Outcome]:
    """Yield minutes in which the canary is dead from `start` on."""
    for minute in range(minutes):
        yield Outcome(completed=minute < start)


def deploys(checks: Sequence[str], days: int, broken_minutes: int = 4) -> Iterator[Outcome]:
    """Yield days with one announced deployment of ten minutes that fails for some of them."""
    for minute in range(days * 1440):
        at = minute % 1440 - 600
        deploying = 0 <= at < 10
        failed = frozenset(checks) if 2 <= at < 2 + broken_minutes else frozenset()
        yield Outcome(failed=failed, deploying=deploying)


def flapping(checks: Sequence[str], up: int, down: int, minutes: int) -> Iterator[Outcome]:
    """Yield minutes that are down for `down` and up for `up`, over and over."""
    for minute in range(minutes):
        failed = frozenset(checks) if minute % (up + down) < down else frozenset()
        yield Outcome(failed=failed, unstable=failed)
