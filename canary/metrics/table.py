"""One table: every metric that the canary publishes. Alarms and widgets are made from it.

The design (three levels, fixed dimensions, no run id, host or reason as a dimension) keeps the
number of custom metrics, which is what costs, at one a check plus a handful.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

NAMESPACE = "HokusaiCanary"
MOST_OWN = 400
"""Checks with an alarm of their own, since a CloudFormation template holds 500 resources in all.

Of more checks the most severe have one, and a metric in every run; the others have a metric while
they fail and a little longer. A custom metric is paid for by the hours in which it has data.
"""


class Unit(StrEnum):
    """CloudWatch's units, as EMF writes them."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"
    PERCENT = "Percent"


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric: its dimensions are names only, in the order in which they are written."""

    name: str
    unit: Unit
    dimensions: tuple[str, ...]
    meaning: str


RUN = ("Environment",)
SUITE = ("Environment", "Suite")
CHECK = ("Environment", "Check")


def _metric(name: str, unit: Unit, dimensions: tuple[str, ...], meaning: str) -> Metric:
    return Metric(name=name, unit=unit, dimensions=dimensions, meaning=meaning)


METRICS: tuple[Metric, ...] = (
    _metric("RunCompleted", Unit.COUNT, RUN, "1 for each run that judged its checks."),
    _metric("RunDuration", Unit.MILLISECONDS, RUN, "From the start of a run to its report."),
    _metric("RequestsSent", Unit.COUNT, RUN, "HTTP requests of the run, retries not counted."),
    _metric("CriticalFailed", Unit.COUNT, RUN, "Critical checks that failed in this run, raw."),
    _metric(
        "CriticalDown",
        Unit.COUNT,
        RUN,
        "Critical checks that failed 3 times in a row and have not passed 3 times in a row since.",
    ),
    _metric(
        "ChecksDown",
        Unit.COUNT,
        RUN,
        "Checks of any severity that failed in 3 of 5 runs and have not passed 3 times since.",
    ),
    _metric("ChecksErrored", Unit.COUNT, RUN, "Checks, not muted, that could not be judged."),
    _metric("ChecksSkipped", Unit.COUNT, RUN, "Checks that were not tried: a need, or no time."),
    _metric(
        "UnstableChecks",
        Unit.COUNT,
        RUN,
        "Checks whose first attempt failed in 4 or more of their own last 10 runs.",
    ),
    _metric("CleanupResidue", Unit.COUNT, RUN, "Things that the canary made and left behind."),
    _metric("OrphansRemoved", Unit.COUNT, RUN, "Things of crashed runs that were cleared away."),
    _metric("ReadingsDenied", Unit.COUNT, RUN, "Control plane readings refused by IAM."),
    _metric("RunsStarved", Unit.COUNT, RUN, "1 when the canary had too little CPU, else 0."),
    _metric("StateLost", Unit.COUNT, RUN, "1 when the previous report could not be used, else 0."),
    _metric("Score", Unit.PERCENT, SUITE, "Share of a suite's checks that passed."),
    _metric(
        "CheckFailed",
        Unit.COUNT,
        CHECK,
        "1 when the check failed, 0 when it passed, no value when it was skipped or undecided;"
        f" of more than {MOST_OWN} checks the most severe, and what failed of late.",
    ),
)

BY_NAME: dict[str, Metric] = {m.name: m for m in METRICS}
