"""The table of all metrics that the canary publishes; alarms and widgets use it.

The design (three levels, fixed dimensions, no run id, host or reason as a dimension) keeps the
number of custom metrics, which causes the cost, at one for each check and a few more.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from canary.comparison.windows import DOWN, DOWN_CRITICAL, RECOVERED, UNSTABLE

NAMESPACE = "HokusaiCanary"
MOST_OWN = 400
"""Checks with an alarm each: a CloudFormation template has at most 500 resources.

Of more checks the most severe have an alarm, and a metric in every run; the others have a metric
while they fail and a little longer. AWS charges a custom metric for the hours with data.
"""


class Unit(StrEnum):
    """CloudWatch's units, as EMF writes them."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"
    PERCENT = "Percent"


class Metric(msgspec.Struct, frozen=True):
    """One metric; `dimensions` are the names in the order in which they are written."""

    name: str
    unit: Unit
    dimensions: tuple[str, ...]
    meaning: str


RUN = ("Environment",)
SUITE = ("Environment", "Suite")
CHECK = ("Environment", "Check")


METRICS: tuple[Metric, ...] = (
    Metric("RunCompleted", Unit.COUNT, RUN, "1 for each run that judged its checks."),
    Metric("RunDuration", Unit.MILLISECONDS, RUN, "From the start of a run to its report."),
    Metric("RequestsSent", Unit.COUNT, RUN, "HTTP requests of the run, retries not counted."),
    Metric("CriticalFailed", Unit.COUNT, RUN, "Critical checks that failed in this run."),
    Metric(
        "CriticalDown",
        Unit.COUNT,
        RUN,
        f"Critical checks that failed {DOWN_CRITICAL.runs} times in a row and have not passed"
        f" {RECOVERED} times in a row since.",
    ),
    Metric(
        "ChecksDown",
        Unit.COUNT,
        RUN,
        f"Checks of any severity that failed in {DOWN.bad} of {DOWN.runs} runs and have not passed"
        f" {RECOVERED} times since.",
    ),
    Metric(
        "ChecksErrored", Unit.COUNT, RUN, "Checks, not muted, that could not be judged (ERROR)."
    ),
    Metric(
        "ChecksSkipped",
        Unit.COUNT,
        RUN,
        "Checks that were not tried: a needed check failed, or no time.",
    ),
    Metric(
        "UnstableChecks",
        Unit.COUNT,
        RUN,
        f"Checks whose first attempt failed in {UNSTABLE.bad} or more of their own last"
        f" {UNSTABLE.runs} runs.",
    ),
    Metric(
        "CleanupResidue", Unit.COUNT, RUN, "Test objects that the canary made and could not remove."
    ),
    Metric("OrphansRemoved", Unit.COUNT, RUN, "Test objects of crashed runs that were removed."),
    Metric("ReadingsDenied", Unit.COUNT, RUN, "Readings of the control plane that IAM refused."),
    Metric("RunsStarved", Unit.COUNT, RUN, "1 when the canary had too little CPU, else 0."),
    Metric("StateLost", Unit.COUNT, RUN, "1 when the previous report could not be used, else 0."),
    Metric("Score", Unit.PERCENT, SUITE, "Share of a suite's checks that passed."),
    Metric(
        "CheckFailed",
        Unit.COUNT,
        CHECK,
        "1 when the check failed, 0 when it passed, no value when it was skipped or undecided;"
        f" of more than {MOST_OWN} checks the most severe, and those that failed recently.",
    ),
)

BY_NAME: dict[str, Metric] = {m.name: m for m in METRICS}
