"""The deadlines of a run, in seconds of the monotonic clock."""

from __future__ import annotations

from canary.model import Frozen
from canary.plan import Plan

GRACE = 0.4
"""Seconds that a probe gets beyond its time-out to record its own failure."""


class Times(Frozen, frozen=True, kw_only=True):
    """The deadlines of one run."""

    start: float
    probing: float  # no probing later than this
    cleanup: float  # no clean-up later than this
    end: float  # published by then


def times(plan: Plan, start: float) -> Times:
    """Return the deadlines; a budget too small for the reserves leaves half of it to probing."""
    end = start + plan.budget_s
    reserves = plan.cleanup_reserve_s + plan.publish_reserve_s
    share = min(1.0, plan.budget_s / 2 / reserves) if reserves else 1.0
    cleanup = end - plan.publish_reserve_s * share
    return Times(
        start=start, probing=cleanup - plan.cleanup_reserve_s * share, cleanup=cleanup, end=end
    )
