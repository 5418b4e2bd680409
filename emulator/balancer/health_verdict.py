"""Compute a target's health from its probes, with AWS's states and reason codes.

Source: "Health checks for Application Load Balancer target groups".
"""

from __future__ import annotations

import msgspec


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one probe; code only if the target answered."""

    passed: bool
    reason: str | None = None
    code: int | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A target's state as DescribeTargetHealth shows it; a healthy one has no reason."""

    state: str
    reason: str | None = None
    description: str | None = None


REGISTERING = Verdict(
    state="initial",
    reason="Elb.RegistrationInProgress",
    description="Target registration is in progress",
)
CHECKING = Verdict(
    state="initial",
    reason="Elb.InitialHealthChecking",
    description="Initial health checks in progress",
)
HEALTHY = Verdict(state="healthy")
UNUSED = Verdict(
    state="unused",
    reason="Target.NotInUse",
    description="Target group is not configured to receive traffic from the load balancer",
)
DRAINING = Verdict(
    state="draining",
    reason="Target.DeregistrationInProgress",
    description="Target deregistration is in progress",
)
MISMATCH, TIMEOUT, FAILED = (
    "Target.ResponseCodeMismatch",
    "Target.Timeout",
    "Target.FailedHealthChecks",
)
_DESCRIPTIONS = {TIMEOUT: "Request timed out", FAILED: "Health checks failed"}


def code_matches(matcher: str, code: int) -> bool:
    """Return whether a code is in a matcher: codes and ranges, comma-listed."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= code <= int(high or low):
            return True
    return False


def _unhealthy(failures: list[Probe]) -> Verdict:
    last = failures[-1]
    reason = last.reason or FAILED
    if reason == MISMATCH:
        codes = dict.fromkeys(probe.code for probe in failures if probe.code is not None)
        listed = ",".join(str(code) for code in codes)
        text = f"Health checks failed with these codes: [{listed}]"
    else:
        text = _DESCRIPTIONS[reason]
    return Verdict(state="unhealthy", reason=reason, description=text)


def health_verdict(before: Verdict, run: list[Probe], healthy: int, unhealthy: int) -> Verdict:
    """Return the verdict after one or more probes of the same result, oldest first.

    One pass is enough for a new target; everything else needs its threshold in a row.
    """
    if run[-1].passed:
        needed = 1 if before.state in ("initial", "unused") else healthy
        return HEALTHY if before.state == "healthy" or len(run) >= needed else before
    if before.state == "unhealthy" or len(run) >= unhealthy:
        return _unhealthy(run[-unhealthy:])
    return before if before.state == "healthy" else CHECKING
