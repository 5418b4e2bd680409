"""What the canary's own alarms are for: each reads one metric of a run and says what it means."""

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
    """An alarm of the canary's own: which metric, and what it means when it rings."""

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
        when="the canary could not tell for some check: a matter for its own people",
    ),
    Purpose(
        key="unstable",
        metric="UnstableChecks",
        when="a check often needs a second attempt: one target of several may be bad",
    ),
    Purpose(
        key="residue",
        metric="CleanupResidue",
        when="the canary left something on the platform",
        # counted by the flows that clean up, which run every few minutes: once in ten is enough
        datapoints=1,
        periods=10,
    ),
    Purpose(
        key="near-timeout",
        metric="RunDuration",
        when="a run takes more than 70 % of the time after which it is ended",
    ),
    Purpose(
        key="state-lost",
        metric="StateLost",
        when="the previous report could not be read or written, or not be compared with",
    ),
)

THE_REST = Purpose(
    key="checks-down",
    metric="ChecksDown",
    when=f"checks are down in their own windows, of more than {MOST_OWN} not all have an alarm",
    datapoints=1,
    periods=1,
    missing=Missing.IGNORE,
)
