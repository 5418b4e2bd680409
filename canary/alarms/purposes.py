"""The alarms on metrics of a whole run: which metric, window and meaning each has."""

from __future__ import annotations

from enum import StrEnum

from canary.alarms.composites import Route
from canary.comparison.windows import DOWN
from canary.metrics.table import MOST_OWN
from canary.model import Frozen


class Missing(StrEnum):
    """How an alarm treats a period without data."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"
    MISSING = "missing"


class Purpose(Frozen, frozen=True, kw_only=True):
    """An alarm on one metric of a run, and when it goes into ALARM."""

    key: str
    metric: str
    when: str
    datapoints: int = DOWN.bad
    periods: int = DOWN.runs
    threshold: float = 0.0
    route: Route = Route.TICKET
    missing: Missing = Missing.NOT_BREACHING


PURPOSES: tuple[Purpose, ...] = (
    Purpose(
        key="critical-down",
        metric="CriticalDown",
        when="a critical check is down in its own window",
        datapoints=1,
        periods=1,
        route=Route.VIA_COMPOSITE,
        missing=Missing.IGNORE,
    ),
    Purpose(
        key="critical-failed-long",
        metric="CriticalFailed",
        when="a critical check failed ten runs in a row; never suppressed, needs no state",
        datapoints=10,
        periods=10,
        route=Route.PAGE,
        missing=Missing.IGNORE,
    ),
    Purpose(
        key="canary-errors",
        metric="ChecksErrored",
        when="the canary could not judge some check: the reason is in the canary itself",
    ),
    Purpose(
        key="unstable",
        metric="UnstableChecks",
        when="a check often needs a second attempt: one of several targets may be bad",
    ),
    Purpose(
        key="residue",
        metric="CleanupResidue",
        when="the canary left test data on the platform",
        # only flows that clean up count it, every few minutes: one of ten periods is enough
        datapoints=1,
        periods=10,
    ),
    Purpose(
        key="near-timeout",
        metric="RunDuration",
        when="a run takes more than 70 % of its time limit",
    ),
    Purpose(
        key="state-lost",
        metric="StateLost",
        when="the previous report could not be read, written or compared with",
    ),
)

THE_REST = Purpose(
    key="checks-down",
    metric="ChecksDown",
    when=f"checks are down in their own windows (only {MOST_OWN} checks have an alarm each)",
    datapoints=1,
    periods=1,
    missing=Missing.IGNORE,
)
