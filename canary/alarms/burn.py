"""Alarms on how fast the error budget burns: an option beside the windows of single checks.

Two windows each, a long one that shows that it matters and a short one that shows that it goes on,
with the factors of Google's SRE Workbook, "Alerting on SLOs", method 6:
https://sre.google/workbook/alerting-on-slos/. The goal is `slo`, over the critical checks. A budget
is spent by any failures, so noise spends it, too: docs/reliability.md has how often that pages.
"""

from __future__ import annotations

from collections.abc import Iterator

from canary.alarms.composites import Route
from canary.alarms.machinery import Series, Watched
from canary.alarms.purposes import Purpose
from canary.model import FASTEST_BURN, Environment
from canary.model.schedule import MINUTE, schedule_period

PAIRS = ((FASTEST_BURN, 60, 5), (6.0, 360, 30))
"""How many times faster than allowed, and the minutes of the long and of the short window."""


def key(minutes: int) -> str:
    """Return the key of the alarm on a window."""
    return f"burn-{minutes}m"


def of_budget(environment: Environment, critical: int) -> Iterator[Watched]:
    """Yield the alarms on windows of the error budget of so many critical checks."""
    if not environment.burn_rates or not critical:
        return
    runs_s = schedule_period(environment.schedule.expression)
    where = {"Environment": environment.name}
    for factor, *windows in PAIRS:
        for minutes in windows:
            period = max(minutes * MINUTE, runs_s)
            most = critical * period / runs_s * factor * (100 - environment.slo) / 100
            yield Watched(
                purpose=Purpose(
                    key=key(minutes),
                    metric="",
                    when=f"critical checks spend the error budget {factor:g} times faster than"
                    f" allowed, over {minutes} minutes",
                    datapoints=1,
                    periods=1,
                    threshold=round(most, 3),
                    route=Route.VIA_COMPOSITE,
                    runbook="burn",
                ),
                series=Series(id="m", name="CriticalFailed", dimensions=where, stat="Sum"),
                period=period,
            )


def pairs(environment: Environment, critical: int) -> tuple[tuple[str, str], ...]:
    """Return the keys of the alarms that page where both ring."""
    if not environment.burn_rates or not critical:
        return ()
    return tuple((key(long), key(short)) for _, long, short in PAIRS)
