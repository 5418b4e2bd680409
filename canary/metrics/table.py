"""The table of all metrics that the canary publishes; alarms and widgets use it.

The design (three levels, fixed dimensions, no run id, host or reason as a dimension) keeps the
number of custom metrics, which causes the cost, at one for each check and a few more.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from canary.comparison.windows import BLIND, DOWN_CRITICAL, LAST_RESORT, OFTEN, RECOVERED, UNSTABLE

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
    Metric(
        "RunCompleted",
        Unit.COUNT,
        RUN,
        "1 for each run, 0 if no critical check could be judged.",
    ),
    Metric("RunDuration", Unit.MILLISECONDS, RUN, "From the start of a run to its report."),
    Metric("RequestsSent", Unit.COUNT, RUN, "HTTP requests of the run, retries not counted."),
    Metric("CriticalFailed", Unit.COUNT, RUN, "Critical checks that failed in this run."),
    Metric(
        "CriticalDown",
        Unit.COUNT,
        RUN,
        f"Critical checks that failed {DOWN_CRITICAL.runs} times in a row, or {OFTEN[0]} times of"
        f" {OFTEN[1]}, and have not passed {RECOVERED} times in a row since; 1 at least where they"
        f" fail in turn in {LAST_RESORT.bad} of {LAST_RESORT.runs} runs.",
    ),
    Metric(
        "ChecksDown",
        Unit.COUNT,
        RUN,
        "Checks of any severity that are down, each in its own window.",
    ),
    Metric(
        "ChecksBlind",
        Unit.COUNT,
        RUN,
        f"Critical checks that were not tried for {BLIND} runs, and no failure that pages is why.",
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
        f" {UNSTABLE.runs} runs, without the failures of an outage.",
    ),
    Metric(
        "CleanupResidue", Unit.COUNT, RUN, "Test objects that the canary made and could not remove."
    ),
    Metric("OrphansRemoved", Unit.COUNT, RUN, "Test objects of crashed runs that were removed."),
    Metric("ReadingsDenied", Unit.COUNT, RUN, "Readings of the control plane that IAM refused."),
    Metric("RunsStarved", Unit.COUNT, RUN, "1 when the canary had too little CPU, else 0."),
    Metric(
        "StateLost",
        Unit.COUNT,
        RUN,
        "1 when the previous report could not be used, or this one not become the latest; else 0.",
    ),
    Metric(
        "SuiteDown",
        Unit.COUNT,
        SUITE,
        "Checks of the suite that are down in their own windows and have no alarm each; 0 while a"
        " critical check is down, which the page reports.",
    ),
    Metric("Score", Unit.PERCENT, SUITE, "Share of a suite's checks that passed."),
    Metric(
        "CheckFailed",
        Unit.COUNT,
        CHECK,
        "1 when the check failed, 0 when it passed or is muted, no value when it was skipped or"
        f" undecided; in profile full every check, of more than {MOST_OWN} the most severe, in"
        " standard the critical ones; the others for as long as they fail and six runs after.",
    ),
)

BY_NAME: dict[str, Metric] = {m.name: m for m in METRICS}
