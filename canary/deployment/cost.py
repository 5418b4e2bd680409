"""Monthly cost of an environment's canary, from list prices of us-east-1."""

from __future__ import annotations

import math

from canary.control_plane.edge.counters import BALANCER, TARGET
from canary.deployment import prices
from canary.deployment.counts import Counts
from canary.model import Config, Environment, Frozen, Network, Profile
from canary.plan import Plan
from canary.report.refresh import PAGES, REFRESH_S
from canary.sharding.split import SHARD

POLLS = 2 * 5 * prices.HOURS * 180
"""Requests a month to the two queues of changes: Lambda asks with five long polls of 20 seconds.

Lambda guide, "Using Lambda with Amazon SQS", "Polling and batching behavior".
"""
FAILING_RUNS = 0.01
"""Share of runs that find a failure, seven hours of a month: they alone ask CloudWatch for metrics.

All else that is read after a failure costs nothing, but for DescribeSecret: 0.02 $ a month for 11.
"""
STORE_METRICS = 2
"""Metrics that are asked of a database or cache: its room and its connections (observe/stores)."""
TRANSITIONS = 5  # the start and the four states of a run
ENDPOINTS = (
    "secretsmanager", "ecs", "elasticloadbalancing", "ec2", "logs", "monitoring", "sns", "events",
    "servicediscovery", "acm", "ssm", "cloudtrail",
    "rds", "elasticache", "wafv2", "application-autoscaling",
)  # fmt: skip
"""Services that the function calls through interface endpoints if there is no NAT."""
# Bytes in the bucket after a month of runs, JSON packed (test_stored_bytes.py holds them to 3 %):
# 70 checks have a report of 27 KB, a page of 102 KB and an archive of 20 KB. Index, its page and
# badge have 12 KB for one environment.
REPORT_BYTES_RUN, REPORT_BYTES_CHECK = 2_000, 360
PAGES_BYTES_RUN, PAGES_BYTES_CHECK = 27_000, 1_350
INDEX_BYTES = 12_000
OLD_VERSIONS_DAYS = 7  # of files that each run overwrites: the latest report, pages, the archive
LOG_BYTES_RUN = 1_600
LOG_BYTES_DOCUMENT = 300
# Bytes through a NAT gateway for the readings of AWS, and for each planned request of a check:
# counted on the wire between the canary and a twin on 2026-11-30 (tests/bench/bill). Added are what
# the twin does not send: 6,000 bytes for each of AWS's TLS handshakes (11 of a run), 3,500 for the
# longer chain of a load balancer's certificate (31), and 6 % for the heads of TCP and IP.
NAT_BYTES_RUN, NAT_BYTES_REQUEST = 250_000, 2_200
STORE_READ_BYTES = 40_000  # archive and index that a run reads, and the store's own TLS


class Line(Frozen, frozen=True, kw_only=True):
    """One item of the cost, in dollars a month."""

    item: str
    dollars: float
    how: str


EACH_RUN, GETS = 2, 6
"""Calls of a run to the store: the report and the latest one; what it reads.

Read are the latest report, its head, stored mutes, what was told, archive and index.
"""
PAGE_FILES = 2
"""The page of the latest run and the archive of its plots."""
INDEX_FILES = 3
"""The index, its page and the badge, which are written again while nothing changes."""


def puts(profile: Profile, period_s: int) -> float:
    """Return how many objects a healthy run writes, on average."""
    index = INDEX_FILES * min(period_s / REFRESH_S, 1.0)
    return EACH_RUN + PAGE_FILES * _pages_a_run(profile, period_s) + index


def _pages_a_run(profile: Profile, period_s: int) -> float:
    every_s = PAGES[profile].every_s
    return min(period_s / every_s, 1.0) if every_s else 1.0


def monthly(config: Config, plan: Plan, counts: Counts) -> tuple[Line, ...]:
    """Return the monthly cost of an environment by item."""
    environment, period_s = config.environment, counts.period_s
    runs = prices.HOURS * 3600 / period_s
    seconds = max(plan.expected_ms / 1000 * 1.2, 1.0)
    memory = environment.deployment.memory_mb / 1024
    logs = runs * (LOG_BYTES_RUN + LOG_BYTES_DOCUMENT * counts.documents) / 1e9
    written = puts(environment.profile, period_s)
    lines = [
        _line("custom metrics", counts.metrics * prices.METRIC, f"{counts.metrics} metrics"),
        _line(
            "alarms",
            counts.alarms * prices.ALARM + counts.composites * prices.COMPOSITE,
            f"{counts.alarms} and {counts.composites} composite",
        ),
        _line(
            "function",
            runs * (seconds * memory * prices.LAMBDA_GB_S + prices.LAMBDA_REQUEST),
            f"{runs:.0f} runs of {seconds:.1f} s at {memory:.2g} GB",
        ),
        _line("schedule", runs * prices.SCHEDULE, f"{runs:.0f} invocations"),
        _line(
            "reports",
            runs * (written * prices.S3_PUT + GETS * prices.S3_GET),
            f"{runs:.0f} runs that write {written:.2g} objects each",
        ),
        _storage(config, 86_400 / period_s),
        _line("logs", logs * prices.LOG_GB, f"{logs:.2f} GB"),
        _line("secrets", counts.secrets * prices.SECRET, f"{counts.secrets} of the canary's own"),
        _dashboard(counts),
        *((CHANGES,) if environment.follows else ()),
        *_failing_runs(environment, runs),
    ]
    if counts.keys:
        lines.append(_line("key", counts.keys * prices.KEY, "the KMS key of the topics"))
    lines += _workflow(config, runs)
    return (*lines, *_way_out(environment.network, runs, plan.requests, stored(config, period_s)))


def _workflow(config: Config, runs: float) -> tuple[Line, ...]:
    if config.environment.deployment.scale != "map":
        return ()
    shards = math.ceil(len(config.checks) / SHARD)
    price = runs * (TRANSITIONS * prices.TRANSITION + shards * prices.EXPRESS)
    return (_line("workflow", price, f"{runs:.0f} runs of {shards} shards"),)


def metrics_asked(environment: Environment) -> int:
    """Return for how many metrics a failing run asks CloudWatch, of what the file names.

    Groups that only a rule names, and further members of a store, come on top.
    """
    services = environment.services.values()
    balancers = len({s.load_balancer for s in services if s.load_balancer})
    groups = len({group for s in services for group in s.target_groups}) if balancers else 0
    stores = len({s.instance for s in services if s.instance})
    return balancers * len((*BALANCER, *TARGET)) + groups * len(TARGET) + stores * STORE_METRICS


def _failing_runs(environment: Environment, runs: float) -> tuple[Line, ...]:
    """Return the price of what is read after a failure; () where the file names nothing to ask."""
    asked = metrics_asked(environment)
    each = asked * prices.METRIC_READ
    how = (
        f"none while all is well; {FAILING_RUNS:.0%} of runs ask for {asked} metrics each"
        f" ({runs * each:.2f} if all did)"
    )
    return (_line("failing runs", runs * FAILING_RUNS * each, how),) if asked else ()


def total(bill: tuple[Line, ...]) -> float:
    """Return the sum of a bill in dollars a month."""
    return round(sum(line.dollars for line in bill), 2)


def _dashboard(counts: Counts) -> Line:
    """Return the dashboard's price: the one free tier that is taken off, for what fits into it."""
    free = counts.metrics <= prices.FREE_DASHBOARD_METRICS
    if free:
        return _line("dashboard", 0.0, "free: one of an account's first three, of 50 metrics")
    return _line("dashboard", prices.DASHBOARD, "one of more than 50 metrics")


class Stored(Frozen, frozen=True, kw_only=True):
    """Bytes that a run writes: its report, and what stands in for the one before."""

    report: float
    pages: float  # with archive and index; on average, where not each run writes them


def stored(config: Config, period_s: float) -> Stored:
    """Return the bytes that a healthy run writes, on average."""
    checks = len(config.checks)
    often = _pages_a_run(config.environment.profile, round(period_s))
    return Stored(
        report=REPORT_BYTES_RUN + REPORT_BYTES_CHECK * checks,
        pages=(PAGES_BYTES_RUN + PAGES_BYTES_CHECK * checks) * often
        + INDEX_BYTES * min(period_s / REFRESH_S, 1.0),
    )


def _way_out(network: Network, runs: float, requests: int, one: Stored) -> tuple[Line, ...]:
    """Return the price of the way out of the VPC; a NAT gateway's hours are the platform's."""
    if network.create_endpoints:  # endpoints of the platform are on its own bill
        number = zones(network)
        how = f"{len(ENDPOINTS)} in {number} zones"
        return (_line("interface endpoints", endpoints_dollars(number), how),)
    if network.egress != "nat":
        return ()
    passed = float(NAT_BYTES_RUN + NAT_BYTES_REQUEST * requests)
    if not network.route_tables:  # without a gateway endpoint the store is reached through it, too
        passed += 3 * one.report + one.pages + STORE_READ_BYTES  # the latest is read, too
    gigabytes = runs * passed / 1e9
    how = f"{gigabytes:.0f} GB through a gateway whose hours are the platform's"
    return (_line("NAT", gigabytes * prices.NAT_GB, how),)


def _storage(config: Config, runs_a_day: float) -> Line:
    """Return the cost of kept reports and of old versions of overwritten files."""
    days, one = config.environment.deployment.report_days, stored(config, 86_400 / runs_a_day)
    overwritten = one.report + one.pages
    kept = runs_a_day * (one.report * days + overwritten * OLD_VERSIONS_DAYS) / 1e9
    return _line("storage", kept * prices.S3_GB, f"{kept:.0f} GB, reports of {days} days")


def zones(network: Network) -> int:
    """Return the number of zones with an interface endpoint; subnets may share a zone."""
    return max(len(set(network.availability_zones)), 1)


def endpoints_dollars(number: int) -> float:
    """Return the monthly cost of all interface endpoints in so many zones."""
    return len(ENDPOINTS) * number * prices.ENDPOINT_HOUR * prices.HOURS


def _line(item: str, dollars: float, how: str) -> Line:
    return Line(item=item, dollars=round(dollars, 2), how=how)


CHANGES = _line("changes", POLLS * prices.SQS_REQUEST, "two queues; AWS's own events cost nothing")
