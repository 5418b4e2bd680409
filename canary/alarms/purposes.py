"""The alarms on metrics of a whole run: which metric, window and meaning each has."""

from __future__ import annotations

from enum import StrEnum

from canary.alarms.composites import Route
from canary.comparison.windows import DOWN, LAST_RESORT, OFTEN
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
    runbook: str = ""  # the heading in docs/runbooks/canary.md, "": the key


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
        when=f"a critical check failed in {LAST_RESORT.bad} of {LAST_RESORT.runs} runs; ends what"
        " holds the page back, needs no state",
        datapoints=LAST_RESORT.bad,
        periods=LAST_RESORT.runs,
        route=Route.VIA_COMPOSITE,
    ),
    Purpose(
        key="critical-flapping",
        metric="CriticalFailed",
        when=f"a critical check failed in {OFTEN[0]} of {OFTEN[1]} runs; needs no state",
        datapoints=OFTEN[0],
        periods=OFTEN[1],
        route=Route.VIA_COMPOSITE,
    ),
    Purpose(
        key="checks-blind",
        metric="ChecksBlind",
        when="a critical check could not be tried for three runs, and no page says why",
        datapoints=1,
        periods=1,
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
        when="the previous report could not be read, written or compared with, or the latest one"
        " not be moved",
    ),
)

DEPLOYING: tuple[Purpose, ...] = (
    Purpose(
        key="deploy-in-progress",
        metric="DeployInProgress",
        when="a deployment of the platform is in progress (delays the page, never cancels it)",
        datapoints=1,
        # what failed during a deployment needs ten good runs after it: that is no page
        periods=15,
        route=Route.NONE,
    ),
    Purpose(
        key="deploy-too-long",
        metric="DeployInProgress",
        when="a deployment has been announced for an hour: it holds the page back no longer",
        datapoints=55,
        periods=60,
    ),
)

THE_REST = Purpose(
    key="checks-down",
    metric="ChecksDown",
    when="checks are down in their own windows, of which not every one has an alarm of its own",
    datapoints=1,
    periods=1,
    missing=Missing.IGNORE,
)
