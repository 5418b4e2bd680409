"""Named patterns of outcomes for a rehearsal of the alarms, and its figures."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from alarm_evaluator import ALARM
from canary.model import Frozen
from canary.rehearsal import replay
from canary.rehearsal.replay import AlarmMessage, Minute, Rehearsal

DAY, START = 1440, 600  # minutes
MONTH_DAYS = 30
SLACK = 20  # minutes after its end in which a message still belongs to an incident


class RealIncident(Frozen, frozen=True, kw_only=True):
    """A real incident, in minutes of the replay; `end` is the first good minute."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The environment and the parameters that a pattern is made for."""

    checks: Sequence[str]
    critical: Sequence[str]
    targets: frozenset[str]  # the check of the bad target's health, if there is one
    days: int
    p: float  # chance of an independent failure, a check and minute
    seed: int


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A pattern of minutes; each day has an incident of `length` minutes, 0 for none."""

    name: str
    description: str
    length: int
    make: Callable[[Setting, int], Iterator[Minute]]
    """Setting, number of the day -> the outcomes of that day."""


class Figures(Frozen, frozen=True, kw_only=True):
    """Figures of a rehearsal; times are medians in minutes, None if it never happened."""

    pattern: str
    days: float
    incidents: int
    unnoticed: int  # incidents without a page or a ticket
    pages_per_month: float
    false_pages: int  # pages outside every incident
    tickets_per_month: float
    noticed_after: float | None  # by a page or a ticket
    paged_after: float | None
    cleared_after: float | None  # from the incident's end until no page is open
    duplicates: float  # further pages of the same alarm for one incident
    escalations: float  # pages of further alarms for one incident


def _hard(setting: Setting, share: float, length: int, seed: int) -> Iterator[Minute]:
    return replay.outage(setting.checks, START, length, DAY, share=share, seed=seed)


def _one_bad(setting: Setting, day: int) -> Iterator[Minute]:
    """Yield a day in which a third of the runs reaches the bad target, and each reads its health.

    The balancer calls a target unhealthy after two checks of 30 s (AWS's defaults).
    """
    met = _hard(setting, 0.34, 60, setting.seed * 1000 + day)
    for minute, outcome in enumerate(met):
        read = setting.targets if START + 1 <= minute < START + 60 else frozenset()
        failed = outcome.failed | read
        yield Minute(failed=failed, unstable=failed)


def _bursts(setting: Setting, day: int) -> Iterator[Minute]:
    """Yield a day in which the network fails for a minute or two, six times."""
    chance = random.Random(setting.seed * 1000 + day)  # noqa: S311 - a simulation, nothing secret
    left = 0
    for _ in range(DAY):
        if left == 0 and chance.random() < 6 / DAY:
            left = chance.choice((1, 2))
        failed = frozenset(setting.checks) if left else frozenset()
        left = max(left - 1, 0)
        yield Minute(failed=failed, unstable=failed)


def _flapping(setting: Setting, length: int, down: int = 4) -> Iterator[Minute]:
    """Yield a day with an incident that is down for some minutes, then up for one, and so on."""
    flaps = list(replay.flapping(setting.critical, up=1, down=down, minutes=length))
    for minute in range(DAY):
        at = minute - START
        yield flaps[at] if 0 <= at < length else Minute()


def _noise(name: str, description: str, p: float | None = None) -> Pattern:
    """Return a pattern of independent failures with the probability asked for, or its own."""

    def make(setting: Setting, day: int) -> Iterator[Minute]:
        chance = setting.p if p is None else p
        return replay.noise(setting.checks, chance, DAY, setting.seed * 1000 + day)

    return Pattern(name=name, description=description, length=0, make=make)


PATTERNS: tuple[Pattern, ...] = (
    _noise("noise", "each check fails now and then, independently of the others"),
    _noise("noise-0.1", "the same, with probability 0.1 % for a check and run", 0.001),
    _noise("noise-1", "the same, with probability 1 % for a check and run", 0.01),
    Pattern(
        name="bursts",
        description="everything fails for a minute or two, six times a day",
        length=0,
        make=_bursts,
    ),
    Pattern(
        name="outage",
        description="everything is down for 20 minutes a day",
        length=20,
        make=lambda s, _: _hard(s, 1.0, 20, s.seed),
    ),
    Pattern(
        name="one-of-three",
        description="one target of three is bad for an hour a day; target health shows it",
        length=60,
        make=_one_bad,
    ),
    Pattern(
        name="one-unread",
        description="the same, but target health cannot be read",
        length=60,
        make=lambda s, day: _hard(s, 0.34, 60, s.seed * 1000 + day),
    ),
    Pattern(
        name="flapping",
        description="down for four minutes of five, for an hour a day",
        length=60,
        make=lambda s, _: _flapping(s, 60),
    ),
    Pattern(
        name="two-of-three",
        description="down in two runs of three, for an hour a day",
        length=60,
        make=lambda s, _: _flapping(s, 60, down=2),
    ),
    Pattern(
        name="skipped",
        description="no critical check can be tried, for an hour a day",
        length=60,
        make=lambda s, _: replay.skipped(s.critical, START, 60, DAY),
    ),
    Pattern(
        name="deploys",
        description="an announced deployment a day that fails for four of its ten minutes",
        length=0,
        make=lambda s, _: replay.deploys(s.checks, 1),
    ),
    Pattern(
        name="silence",
        description="the canary itself does not run for 30 minutes a day",
        length=30,
        make=lambda _s, _d: replay.silence(START, 30, DAY),
    ),
)
BY_NAME: dict[str, Pattern] = {p.name: p for p in PATTERNS}


def outcomes(pattern: Pattern, setting: Setting) -> Iterator[Minute]:
    """Yield the pattern's minutes, day after day."""
    for day in range(setting.days):
        yield from pattern.make(setting, day)


def incidents(pattern: Pattern, days: int) -> tuple[RealIncident, ...]:
    """Return the real incidents of a pattern in so many days."""
    if not pattern.length:
        return ()
    starts = (day * DAY + START for day in range(days))
    return tuple(RealIncident(start=s, end=s + pattern.length) for s in starts)


def figures(name: str, rehearsal: Rehearsal, real: Sequence[RealIncident]) -> Figures:
    """Return the figures of a rehearsal, compared with the real incidents."""
    pages, tickets = rehearsal.pages(), rehearsal.tickets()
    days = rehearsal.minutes / DAY
    month = MONTH_DAYS / days if days else 0.0
    own = [[p for p in pages if _of(p, i)] for i in real]
    noticed = [_first((*pages, *tickets), i) for i in real]
    repeated = [len(found) - len({p.alarm for p in found}) for found in own]
    further = [max(len({p.alarm for p in found}) - 1, 0) for found in own]
    return Figures(
        pattern=name,
        days=round(days, 4),
        incidents=len(real),
        unnoticed=noticed.count(None),
        pages_per_month=round(len(pages) * month, 1),
        false_pages=sum(not any(_of(p, i) for i in real) for p in pages),
        tickets_per_month=round(len(tickets) * month, 1),
        noticed_after=_median(noticed),
        paged_after=_median([_first(pages, i) for i in real]),
        cleared_after=_median(
            [_cleared(rehearsal, found, i) for found, i in zip(own, real, strict=True)]
        ),
        duplicates=_mean(repeated),
        escalations=_mean(further),
    )


def _of(page: AlarmMessage, incident: RealIncident) -> bool:
    return incident.start <= page.minute < incident.end + SLACK


def _first(pages: Sequence[AlarmMessage], incident: RealIncident) -> float | None:
    return min((p.minute - incident.start for p in pages if _of(p, incident)), default=None)


def _cleared(
    rehearsal: Rehearsal, pages: Sequence[AlarmMessage], incident: RealIncident
) -> float | None:
    """Return the minutes from the incident's end until the last of its pages went back to OK."""
    ends = [_back_to_ok(rehearsal, name, incident) for name in {p.alarm for p in pages}]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _back_to_ok(rehearsal: Rehearsal, alarm: str, incident: RealIncident) -> float | None:
    """Return the minutes from the end until the alarm was OK, 0 if before, None if never."""
    own = [m for m in rehearsal.messages if m.alarm == alarm]
    open_at_end = [m.state == ALARM for m in own if m.minute < incident.end][-1:]
    after = [m for m in own if m.minute >= incident.end]
    if open_at_end == [False] and not any(_of(m, incident) and m.state == ALARM for m in after):
        return 0
    return min((m.minute - incident.end for m in after if m.state != ALARM), default=None)


def _median(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return round(statistics.median(known), 1) if known else None


def _mean(values: Sequence[int]) -> float:
    return round(statistics.fmean(values), 2) if values else 0.0
