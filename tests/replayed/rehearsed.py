"""The same incidents through `rehearse`, which has the rules of `alarm_evaluator`."""

from __future__ import annotations

import random
from collections.abc import Iterator

from canary.alarms.plan import plan_alarms
from canary.model import Check, Config, Severity, Status
from canary.rehearsal.replay import Minute, rehearse
from tests.replayed.outcomes import Happens, needs_first
from tests.replayed.scenarios import START, Scenario


def rehearsed(config: Config, scenario: Scenario, many: int) -> tuple[float, ...]:
    """Return the minutes from the start of each of so many incidents until its first page."""
    alarms = plan_alarms(config, "fn", config.environment.run.budget)
    critical = frozenset(c.id for c in config.checks if c.severity is Severity.CRITICAL)
    order, length = needs_first(config.checks), START + scenario.length
    firsts: list[float] = []
    for seed in range(many):
        minutes = _minutes(order, scenario.make(config), length, random.Random(seed))
        pages = rehearse(alarms, minutes, critical, seed=seed).pages()
        firsts += [min(p.minute for p in pages) - START] if pages else []
    return tuple(firsts)


def _minutes(
    order: list[Check], happens: Happens, length: int, chance: random.Random
) -> Iterator[Minute]:
    """Yield which checks fail; one whose need fails is not tried, and its need tells why."""
    for minute in range(length):
        bad: set[str] = set()
        failed: set[str] = set()
        for check in order:
            if bad.intersection(check.needs):
                bad.add(check.id)
            elif happens.finds(check, minute, chance) is Status.FAIL:
                bad.add(check.id)
                failed.add(check.id)
        yield Minute(failed=frozenset(failed), unstable=frozenset(failed))
