"""The figures of a scenario over many incidents, and the table of all."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from canary.model import Config
from tests.replayed.clock import Message, Replay, alarms
from tests.replayed.outcomes import Canary, Delays, Happens, point_series
from tests.replayed.scenarios import SCENARIOS, START, Scenario
from tests.replayed.template import Template

USUAL = Delays()
WARM = 20
"""Minutes of runs before the alarms are judged: they had warmed up before."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Figures over many incidents; times in minutes since an incident's start, or its end."""

    scenario: str
    incidents: int
    told: tuple[float, ...]  # by anything, of the incidents that were told
    paged: tuple[float, ...]
    cleared: tuple[float, ...]  # after the end, until no page is open
    pages: float  # an incident
    tickets: float


def replayed(
    template: Template,
    config: Config,
    happens: Happens,
    minutes: int,
    seed: int,
    delays: Delays = USUAL,
) -> list[Message]:
    """Return the messages of so many minutes."""
    chance = random.Random(seed)
    canary = Canary(config=config, happens=happens, chance=chance, delays=delays)
    clock = Replay(template, chance)
    for minute in range(minutes):
        for point, of, arrives in canary.run(minute):
            clock.put(point_series(point), of, point.value, arrives)
        if minute >= WARM:
            clock.minute(minute)
    return clock.messages


def row(template: Template, config: Config, scenario: Scenario, incidents: int, seed: int) -> Row:
    """Return the figures of so many incidents of a scenario."""
    happens = scenario.make(config)
    end = START + scenario.length
    seen = [
        replayed(template, config, happens, end + scenario.after, seed * 1000 + n)
        for n in range(incidents)
    ]
    pages = [alarms(m, "page") for m in seen]
    tickets = [alarms(m, "ticket") for m in seen]
    return Row(
        scenario=scenario.name,
        incidents=incidents,
        told=_firsts([[*p, *t] for p, t in zip(pages, tickets, strict=True)]),
        paged=_firsts(pages),
        cleared=tuple(c for m in seen if (c := _cleared(m, end)) is not None),
        pages=round(statistics.fmean(map(len, pages)), 2),
        tickets=round(statistics.fmean(map(len, tickets)), 2),
    )


def _firsts(found: Sequence[Sequence[Message]]) -> tuple[float, ...]:
    firsts = (min((m.at for m in one), default=None) for one in found)
    return tuple(f - START for f in firsts if f is not None)


def _cleared(messages: Sequence[Message], end: int) -> float | None:
    """Return the minutes from the end until the last page was closed."""
    closed = [m.at for m in messages if m.route == "page" and m.state == "OK"]
    opened = [m.at for m in alarms(messages, "page")]
    return max(closed) - end if closed and opened and max(closed) > max(opened) else None


def share(values: Sequence[float], of: float) -> float:
    """Return a percentile, "nearest rank"."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * of) - 1, 0)]


def times(values: Sequence[float], of: int) -> str:
    """Return "median / 95th percentile" and how many of the incidents have none."""
    if not values:
        return "never"
    text = f"{statistics.median(values):.1f} / {share(values, 0.95):.1f}"
    return text if len(values) == of else f"{text} ({of - len(values)} of {of} never)"


def lines(rows: Sequence[Row]) -> str:
    """Return the table as Markdown."""
    head = "| scenario | told | paged | cleared | pages an incident | tickets an incident |"
    body = [
        f"| {r.scenario} | {times(r.told, r.incidents)} | {times(r.paged, r.incidents)}"
        f" | {times(r.cleared, r.incidents)} | {r.pages} | {r.tickets} |"
        for r in rows
    ]
    return "\n".join((head, "|---|---|---|---|---|---|", *body))


def table(template: Template, config: Config, incidents: int, seed: int = 1) -> list[Row]:
    """Return the rows of all scenarios."""
    return [row(template, config, s, incidents, seed) for s in SCENARIOS]
