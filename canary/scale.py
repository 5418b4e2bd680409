"""What N checks a minute would take: shards, concurrency, metrics, alarms, dollars. On paper.

A simulation for planning (`plan --checks N`), no promise: the figures of one check (requests,
latency, CPU) are assumptions that stand here by name, so that they can be argued with.
"""

from __future__ import annotations

import math

from canary.cost import ALARM, COMPOSITE, HOURS, LAMBDA_GB_S, LAMBDA_REQUEST, LOG_GB, S3_GET, S3_PUT
from canary.model import Frozen

RUNS = HOURS * 60  # one a minute
LATENCY_S = 0.06  # of a check of one request behind a load balancer
CPU_S = 0.0006  # client CPU of one request at one vCPU (docs/performance.md)
CONCURRENCY = 16
MEMORY_GB = 1.0
CPU_SHARE = 1024 / 1769  # vCPU at 1,024 MB (AWS: 1,769 MB is one vCPU)
START_S = 0.5  # of every run: reading what is there, writing what was found
BUDGET_S = 30.0  # of a minute, so that a slow platform still fits
SHARD = 500
ONE_FUNCTION = 2_000  # beyond this a single run leaves no room for a slow platform
STATIC_ALARMS = 500
FAILING = 0.01  # share of checks that fail at one time and so have a metric
INSIGHTS_METRICS = 10_000  # a Metrics Insights query reads at most this many (AWS quotas)
TRANSITION = 0.025 / 1_000  # a state transition of a standard workflow
EXPRESS = 1.00 / 1_000_000  # a child of a distributed map run as express workflow
METRIC_TIERS = ((10_000, 0.30), (240_000, 0.10), (750_000, 0.05))
COMPOSITES = 5  # the page, and a ticket for each suite


class ScalePlan(Frozen, frozen=True, kw_only=True):
    """The plan for one size; times in seconds, money in dollars a month."""

    checks: int
    shape: str  # "single" or "map"
    shards: int
    checks_per_shard: int
    parallel: int  # functions at once
    shard_s: float
    run_s: float
    metrics: int
    metric_design: str
    alarms: int
    alarm_design: str
    dollars: dict[str, float]

    @property
    def total(self) -> float:
        """Return the whole bill."""
        return round(sum(self.dollars.values()), 2)


def simulate(checks: int) -> ScalePlan:
    """Return the plan for this many checks a minute; ValueError for less than one."""
    if checks < 1:
        raise ValueError("--checks must be 1 or more")
    single = checks <= ONE_FUNCTION
    shards = 1 if single else math.ceil(checks / SHARD)
    each = math.ceil(checks / shards)
    shard_s = _seconds(each)
    parallel = shards if single else min(shards, max(1, math.ceil(shards * shard_s / BUDGET_S)))
    waves = math.ceil(shards / parallel)
    metrics, design = _metrics(checks)
    alarms, alarm_design = _alarms(checks)
    return ScalePlan(
        checks=checks,
        shape="single" if single else "map",
        shards=shards,
        checks_per_shard=each,
        parallel=parallel,
        shard_s=round(shard_s, 1),
        run_s=round(waves * shard_s + (0 if single else 2 * START_S), 1),
        metrics=metrics,
        metric_design=design,
        alarms=alarms,
        alarm_design=alarm_design,
        dollars=_dollars(checks, shards, shard_s, metrics, alarms, single=single),
    )


def _seconds(checks: int) -> float:
    """Return how long one function takes: waiting, or CPU, whichever is longer."""
    waiting = checks * LATENCY_S / CONCURRENCY
    working = checks * CPU_S / CPU_SHARE
    return START_S + max(waiting, working)


def _metrics(checks: int) -> tuple[int, str]:
    if checks <= STATIC_ALARMS:
        return checks + 18, "one metric a check"
    return math.ceil(
        checks * FAILING
    ) + 18, "metrics of failing checks only, about 1 % at a time; counts for the rest"


def _alarms(checks: int) -> tuple[int, str]:
    if checks <= STATIC_ALARMS:
        return checks + 12, "one alarm a check"
    failing = math.ceil(checks * FAILING)
    if failing <= INSIGHTS_METRICS:
        return failing + 12, "one Metrics Insights alarm over what fails (billed by metric read)"
    return 100 + 12, "counts by suite and service; contributors by name in the report"


def _dollars(
    checks: int, shards: int, shard_s: float, metrics: int, alarms: int, *, single: bool
) -> dict[str, float]:
    calls = RUNS * (shards + (0 if single else 2))
    logs = (
        RUNS * (checks * (300 if checks <= STATIC_ALARMS else 300 * FAILING) + shards * 1_600) / 1e9
    )
    bill = {
        "metrics": _tiered(metrics),
        "alarms": alarms * ALARM + COMPOSITES * COMPOSITE,
        "functions": calls * (LAMBDA_REQUEST + shard_s * MEMORY_GB * LAMBDA_GB_S),
        "logs": logs * LOG_GB,
        "reports": RUNS * (2 + (0 if single else shards)) * (S3_PUT + S3_GET),
    }
    if not single:
        bill["workflow"] = RUNS * (shards * EXPRESS + 6 * TRANSITION)
    return {k: round(v, 2) for k, v in bill.items()}


def _tiered(metrics: int) -> float:
    left, price = metrics, 0.0
    for size, each in METRIC_TIERS:
        taken = min(left, size)
        price += taken * each
        left -= taken
    return price + left * 0.02
