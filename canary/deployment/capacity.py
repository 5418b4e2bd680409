"""Estimate for N checks a minute: shards, concurrency, metrics, alarms, dollars.

A calculation for planning (`plan --checks N`), not a measurement: the figures of one check
(requests, latency, CPU, bytes) are assumptions, named here so that they can be discussed. Shards,
their concurrency, and which checks have a metric and an alarm are as deployed.
"""

from __future__ import annotations

import math

from canary.deployment import cost, prices
from canary.deployment.counts import FAILING
from canary.metrics.table import MOST_OWN
from canary.model import Frozen, Profile
from canary.sharding.split import AT_ONCE, SHARD

RUNS = prices.HOURS * 60  # one a minute
RUNS_A_DAY = 1_440
LATENCY_S = 0.06  # of a check of one request behind a load balancer
CONCURRENCY = 16
MEMORY_GB = 1.0
CPU_SHARE = 1024 / 1769  # vCPU at 1,024 MB (AWS: 1,769 MB is one vCPU)
# seconds of one vCPU for each check, measured: docs/decisions/0006
CPU_S = 0.0006  # a request of the client
PLAN_CPU_S = 0.000_05
CONCLUDE_CPU_S = 0.000_45  # masking, history, comparison, report
START_S = 0.5  # of every function: reading its inputs, writing its results
CHILD_S = 0.2  # a map's child until its function is invoked
READ_S = 0.015  # a shard's results out of the store, one after the other
BUDGET_S = 50.0  # of a minute
ONE_FUNCTION = 2_000  # with more checks a single run leaves no time for a slow platform
ONE_MACHINE = 25_000  # with more checks one function cannot conclude in time and in memory
INSIGHTS_SERIES = 500  # a query returns at most (CloudWatch: Metrics Insights quotas)
OWN_METRICS, OWN_ALARMS, COMPOSITES = 18, 12, 5  # of each environment, whatever it checks
# bytes of an endpoint check: in the report as gzip (242 to 254 of 2,000 to 500 checks with a full
# history, measured on 30 November 2026), in its page, in a metric's document of the log
REPORT_BYTES, PAGE_BYTES, METRIC_BYTES = 250, 400, 300
SHARD_BYTES = 1_550  # a result of a shard, which is stored plain
REPORT_DAYS, SPREAD_DAYS = 90, 2
EXPRESS_GB = 64 / 1024  # the least that is billed
PUTS = cost.puts(Profile.FULL, 60)
METRIC_TIERS = ((10_000, 0.30), (240_000, 0.10), (750_000, 0.05))


class ScalePlan(Frozen, frozen=True, kw_only=True):
    """The estimate for one size; times in seconds, costs in dollars a month."""

    checks: int
    shape: str  # "single" or "map"
    environments: int  # each with its own stack
    shards: int  # of all environments
    checks_per_shard: int
    parallel: int  # functions at the same time, of all environments
    shard_s: float
    run_s: float
    metrics: int
    metric_design: str
    alarms: int
    alarm_design: str
    insights: int  # Metrics Insights alarms for failing checks without an alarm of their own
    dollars: dict[str, float]

    @property
    def total(self) -> float:
        """Return the total cost."""
        return round(sum(self.dollars.values()), 2)


def simulate(checks: int) -> ScalePlan:
    """Return the estimate for so many checks a minute. Raises ValueError for less than one."""
    if checks < 1:
        raise ValueError("--checks must be 1 or more")
    stacks = math.ceil(checks / ONE_MACHINE)
    each = math.ceil(checks / stacks)  # checks of one environment
    single = checks <= ONE_FUNCTION
    shards = 1 if single else math.ceil(each / SHARD)
    shard = math.ceil(each / shards)
    probing = START_S + _probing(shard)
    planning, concluding = START_S + _cpu(each, PLAN_CPU_S), _concluding(each, shards)
    waves = math.ceil(shards / AT_ONCE)
    spread = planning + waves * (CHILD_S + probing) + concluding
    alone = probing + _cpu(each, PLAN_CPU_S + CONCLUDE_CPU_S)
    busy = alone if single else planning + shards * probing + concluding
    rest = _rest(each)
    return ScalePlan(
        checks=checks,
        shape="single" if single else "map",
        environments=stacks,
        shards=stacks * shards,
        checks_per_shard=shard,
        parallel=stacks * min(shards, AT_ONCE),
        shard_s=round(probing, 1),
        run_s=round(alone if single else spread, 1),
        metrics=stacks * _metrics(each),
        metric_design=_metric_design(rest),
        alarms=stacks * _alarms(each),
        alarm_design=_alarm_design(rest),
        insights=stacks * _insights(rest),
        dollars=_dollars(each, stacks, 0 if single else shards, busy, probing),
    )


def _cpu(checks: int, seconds: float) -> float:
    return checks * seconds / CPU_SHARE


def _probing(checks: int) -> float:
    """Return how long one function's checks take: waiting or CPU, whichever is longer."""
    return max(checks * LATENCY_S / CONCURRENCY, _cpu(checks, CPU_S))


def _concluding(checks: int, shards: int) -> float:
    return START_S + shards * READ_S + _cpu(checks, CONCLUDE_CPU_S)


def _rest(checks: int) -> int:
    """Return how many checks have neither an alarm nor a permanent metric of their own."""
    return max(checks - MOST_OWN, 0)


def _failing(rest: int) -> int:
    return math.ceil(rest * FAILING)


def _metrics(checks: int) -> int:
    return min(checks, MOST_OWN) + _failing(_rest(checks)) + OWN_METRICS


def _metric_design(rest: int) -> str:
    if not rest:
        return "one for each check"
    return f"one for each of the {MOST_OWN} most severe, and for those of the rest that fail (1 %)"


def _alarms(checks: int) -> int:
    return min(checks, MOST_OWN) + OWN_ALARMS + (checks > MOST_OWN)


def _alarm_design(rest: int) -> str:
    if not rest:
        return "one for each check"
    return (
        f"one for each of the {MOST_OWN} most severe, one on the number of checks that are down; "
        "for the rest Metrics Insights alarms, at the price of the metrics that they read"
    )


def _insights(rest: int) -> int:
    return math.ceil(_failing(rest) / INSIGHTS_SERIES)


def _dollars(
    each: int, stacks: int, shards: int, busy_s: float, shard_s: float
) -> dict[str, float]:
    """Return the cost by item; `shards` is 0 for one function, `busy_s` is for all functions."""
    calls = 1 if not shards else shards + 2
    failing = _failing(_rest(each))
    logged = each - _rest(each) + failing
    bytes_run = logged * METRIC_BYTES + calls * cost.LOG_BYTES_RUN
    bill = {
        "alarms": _alarms(each) * prices.ALARM + COMPOSITES * prices.COMPOSITE,
        "insights": failing * prices.ALARM,
        "functions": RUNS
        * (calls * prices.LAMBDA_REQUEST + busy_s * MEMORY_GB * prices.LAMBDA_GB_S),
        "schedule": RUNS * prices.SCHEDULE,
        "logs": RUNS * bytes_run / 1e9 * prices.LOG_GB,
        "reports": RUNS
        * ((PUTS + shards) * prices.S3_PUT + (cost.GETS + 2 * shards) * prices.S3_GET),
        "storage": _stored_gb(each, bool(shards)) * prices.S3_GB,
        "workflow": RUNS * (_workflow(shards, shard_s) if shards else 0.0),
    }
    bill = {"metrics": _tiered(stacks * _metrics(each))} | {k: v * stacks for k, v in bill.items()}
    return {k: round(v, 2) for k, v in bill.items() if round(v, 2)}


def _stored_gb(checks: int, spread: bool) -> float:
    """Return the size of the bucket: reports, old versions, results of shards."""
    kept = REPORT_BYTES * REPORT_DAYS + (REPORT_BYTES + PAGE_BYTES) * cost.OLD_VERSIONS_DAYS
    if spread:
        kept += SHARD_BYTES * SPREAD_DAYS
    return RUNS_A_DAY * checks * kept / 1e9


def _workflow(shards: int, shard_s: float) -> float:
    """Return the cost of one run of the state machine; AWS bills a child by 100 ms."""
    child_s = math.ceil((CHILD_S + shard_s) * 10) / 10
    child = prices.EXPRESS + child_s * EXPRESS_GB * prices.EXPRESS_GB_S
    return cost.TRANSITIONS * prices.TRANSITION + shards * child


def _tiered(metrics: int) -> float:
    left, price = metrics, 0.0
    for size, each in METRIC_TIERS:
        taken = min(left, size)
        price += taken * each
        left -= taken
    return price + left * 0.02
