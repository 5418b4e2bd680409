"""One run: its request, its start, its deadlines, and what its checks share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import msgspec

from canary.comparison.previous import Previous, left_behind, rate_limited
from canary.model import Config, Followed, Frozen, Residue, Result
from canary.plan import Plan, Selection
from canary.runner.muted import Muted
from canary.runner.observation import Observation
from canary.runner.ports import Ports
from canary.runner.rate_limit import RateLimitBackoff
from canary.runner.turns import Turns

GATE = "gate"
"""The trigger of a run that a pipeline starts after a deployment."""
GRACE = 0.4
"""Seconds that a probe gets beyond its time-out to record its own failure."""


class RunRequest(Frozen, frozen=True, kw_only=True):
    """Which checks to run, for whom and how long; `budget_s` 0 takes the environment's own."""

    selection: Selection = Selection()
    trigger: str = "manual"
    scheduled_at: str = ""
    budget_s: float = 0.0
    reuse_rest: bool = False
    """The run stands for the whole environment: checks that it skips keep their last result."""
    followed: tuple[Followed, ...] = ()
    """The changes of the platform for which it runs."""

    aside: bool = False
    """Started by a person or a pipeline beside the schedule: its outcomes fill no window."""

    @property
    def whole(self) -> bool:
        """Return whether the report covers the whole environment."""
        return self.reuse_rest or not self.selection.narrow


class RunStart(Frozen, frozen=True, kw_only=True):
    """A planned run: its id, its start, its plan and what it takes from the previous run."""

    config: Config
    plan: Plan
    run_id: str
    started: dt.datetime
    start: float  # of the monotonic clock
    request: RunRequest = RunRequest()
    previous: Previous = Previous()
    reused: dict[str, Result] = msgspec.field(default_factory=dict)
    """Check id -> last result of a check that is not due."""

    muted: Muted = Muted()


class Times(Frozen, frozen=True, kw_only=True):
    """The deadlines of one run, in seconds of the monotonic clock."""

    start: float
    probing: float  # no probing later than this
    cleanup: float  # no clean-up later than this
    end: float  # published by then


def times(plan: Plan, start: float) -> Times:
    """Return the deadlines; a budget too small for the reserves leaves half of it to probing."""
    end = start + plan.budget_s
    half, reserves = plan.budget_s / 2, plan.cleanup_reserve_s + plan.publish_reserve_s
    share = half / reserves if reserves > half else 1.0
    cleanup = end - plan.publish_reserve_s * share
    return Times(
        start=start, probing=cleanup - plan.cleanup_reserve_s * share, cleanup=cleanup, end=end
    )


class RunContext:
    """One run under way: what its coordinator and all its checks share."""

    def __init__(self, ports: Ports, start: RunStart, on_news: Callable[[], None]) -> None:
        self.ports, self.plan, self.run_id = ports, start.plan, start.run_id
        self.environment = start.config.environment
        self.muted = start.muted.checks
        self.times = times(start.plan, start.start)
        self.http = ports.http(start.run_id)
        self.backoff = RateLimitBackoff(ports.clock, rate_limited(start.previous.report))
        limits = self.environment.run
        self.turns = Turns(ports.clock, limits, self.times.start, self.times.probing)
        self.on_news = on_news  # wakes the coordinator
        self.observation = Observation(ports.observe, on_news)
        self.left_behind = left_behind(start.previous.report)
        self.residue: list[Residue] = []  # appended to by every check's thread

    def left(self, until: float) -> float:
        """Return the seconds until a moment of the monotonic clock, 0 when it has passed."""
        return max(until - self.ports.clock.monotonic(), 0.0)

    def since_start_ms(self, moment: float) -> float:
        """Return the milliseconds from the start of the run to a moment."""
        return (moment - self.times.start) * 1000
