"""Which alarms and metrics an environment has, by its profile (docs/decisions/0018).

`full` gives each check an alarm. `standard` gives one to the critical checks and one to each suite.
`lean` has ten alarms on what a run counts over all checks, and one composite: the page. In each of
them every check reaches an alarm that tells somebody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from canary.alarms.purposes import THE_REST, Purpose
from canary.comparison.windows import Window, down_after
from canary.metrics import profile as metrics
from canary.metrics.table import CHECK, METRICS, NAMESPACE
from canary.model import Check, Frozen, Profile, Suite, by_severity

MOST_LEAN = 10
"""Alarms of the profile lean."""
LEAN_FIRST = (
    "heartbeat",
    "critical-down",
    "critical-failed-long",
    "checks-down",
    "state-lost",
    "canary-errors",
    "critical-flapping",
    "checks-blind",
    "residue",
    "unstable",
)
"""What the profile lean never goes without."""
LEAN_NEVER = (
    "near-timeout", "lambda-errors", "lambda-throttles",
    "executions-failed", "executions-timed-out", "changes-late", "follow-errors",
    "deploy-in-progress", "deploy-too-long",
)  # fmt: skip
"""What it leaves to the heartbeat, which misses a run that was cut short, failed or never began.

Changes that are not followed are seen by the next run of the schedule. Announced deployments hold
no page back, which would take a second composite: ECS's own need no announcement.
"""


def with_own_alarm(profile: Profile, checks: Iterable[Check]) -> list[Check]:
    """Return the checks with an alarm each, the most severe first."""
    ranked = sorted(checks, key=lambda c: by_severity(c.severity, c.id))
    return list(metrics.own(profile, ranked))


def has_tickets(profile: Profile) -> bool:
    """Return whether composites gather the alarms of each suite's checks."""
    return profile is Profile.FULL


class Counted(Frozen, frozen=True, kw_only=True):
    """A check whose state an alarm's metric counts.

    `period` is that of its points, `every` that of its runs while it passes, in seconds.
    """

    check: str
    period: int
    window: Window
    every: int


def down(counts: Iterable[Counted], outcomes: Mapping[str, str]) -> float:
    """Return how many of the checks are down after their outcomes ("f" passed at last)."""
    bad = ((outcomes.get(c.check, "").replace("f", "P"), c.window) for c in counts)
    return float(sum(down_after(kept, window) for kept, window in bad if kept))


class Part(Frozen, frozen=True, kw_only=True):
    """Checks without an alarm each, and the one alarm that tells of them."""

    purpose: Purpose
    checks: tuple[Check, ...]
    suite: str = ""


def parts(profile: Profile, checks: Iterable[Check]) -> tuple[Part, ...]:
    """Return who tells of the checks without an alarm each: one alarm, or one for each suite."""
    rest = sorted(checks, key=lambda c: c.id)
    if profile is not Profile.STANDARD:
        return (Part(purpose=THE_REST, checks=tuple(rest)),) if rest else ()
    suites = {suite: tuple(c for c in rest if c.suite is suite) for suite in Suite}
    return tuple(
        Part(purpose=_of_suite(suite.value), checks=own, suite=suite.value)
        for suite, own in suites.items()
        if own
    )


def _of_suite(suite: str) -> Purpose:
    """Return the alarm on the checks of a suite that have none each.

    Its metric has their windows already, and leaves to the page what the page reports.
    """
    return msgspec.structs.replace(
        THE_REST,
        key=f"suite-{suite}",
        metric="SuiteDown",
        when=f"a check of the suite {suite} is down in its own window, and no page reports it",
        runbook="ticket",
    )


def kept(profile: Profile, keys: Sequence[str]) -> frozenset[str]:
    """Return which alarms on what a run counts the profile has, of all that are planned."""
    if profile is not Profile.LEAN:
        return frozenset(keys)
    others = [k for k in keys if k not in (*LEAN_FIRST, *LEAN_NEVER)]
    ordered = [k for k in (*LEAN_FIRST, *others) if k in keys]
    return frozenset(ordered[:MOST_LEAN])


def holds_page(profile: Profile) -> bool:
    """Return whether an announced deployment holds the page back."""
    return profile is not Profile.LEAN


def selection(profile: Profile, read: Iterable[tuple[str, str]]) -> metrics.Selection:
    """Return what is published, where alarms read these (namespace, metric)."""
    if profile is Profile.FULL:
        every = frozenset(m.name for m in METRICS)
        return metrics.Selection(profile=profile, names=every - {"SuiteDown"})
    names = {name for namespace, name in read if namespace == NAMESPACE}
    if profile is Profile.STANDARD:  # also where no check is critical: what fails has a metric
        names |= {m.name for m in METRICS if m.dimensions == CHECK}
    return metrics.Selection(profile=profile, names=frozenset(names))
