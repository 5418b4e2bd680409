"""Monthly cost of an environment's canary, from list prices of us-east-1."""

from __future__ import annotations

import math

from canary.model import Config, Frozen, Network
from canary.plan import Plan
from canary.sharding.split import SHARD

HOURS = 730
# Prices: AWS's public pricing pages for us-east-1, free tiers not subtracted.
METRIC = 0.30  # a custom metric a month, first 10,000
ALARM = 0.10  # a standard alarm's metric a month
COMPOSITE = 0.50
LAMBDA_GB_S = 0.0000133334  # arm64
LAMBDA_REQUEST = 0.20 / 1_000_000
SCHEDULE = 1.00 / 1_000_000
S3_PUT = 0.005 / 1_000
S3_GET = 0.0004 / 1_000
LOG_GB = 0.50
SECRET = 0.40
TRANSITION = 0.025 / 1_000  # a state transition of a standard workflow
TRANSITIONS = 5  # the start and the four states of a run
EXPRESS = 1.00 / 1_000_000  # a child of a distributed map run as express workflow
DASHBOARD = 3.00  # a month; an account's first three are free
KEY = 1.00  # a customer managed KMS key a month: the key of the topics
ENDPOINT_HOUR = 0.01  # an interface endpoint in one zone
ENDPOINTS = (
    "secretsmanager", "ecs", "elasticloadbalancing", "ec2", "logs", "monitoring", "sns", "events",
    "servicediscovery", "acm", "ssm", "cloudtrail",
)  # fmt: skip
"""Services that the function calls through interface endpoints if there is no NAT."""
S3_GB = 0.023  # a month
REPORT_BYTES_RUN = 60_000  # the control plane
REPORT_BYTES_CHECK = 2_700
PAGE_BYTES_CHECK = 3_500
OLD_VERSIONS_DAYS = 7  # of files that each run overwrites: the latest report and its page
LOG_BYTES_RUN = 1_600
LOG_BYTES_CHECK = 300


class Line(Frozen, frozen=True, kw_only=True):
    """One item of the cost, in dollars a month."""

    item: str
    dollars: float
    how: str


PUTS, GETS = 8, 5
"""Calls of a run to the store: report, latest report, message state, pages; their old versions."""


class Counts(Frozen, frozen=True, kw_only=True):
    """Numbers of the things that AWS bills by number."""

    metrics: int
    alarms: int  # without the composites
    composites: int
    period_s: int  # seconds between two runs


def monthly(config: Config, plan: Plan, counts: Counts) -> tuple[Line, ...]:
    """Return the monthly cost of an environment by item."""
    metrics, alarms, period_s = counts.metrics, counts.alarms, counts.period_s
    runs = HOURS * 3600 / period_s
    checks = len(config.checks)
    seconds = max(plan.expected_ms / 1000 * 1.2, 1.0)
    memory = config.environment.deployment.memory_mb / 1024
    logs = runs * (LOG_BYTES_RUN + LOG_BYTES_CHECK * checks) / 1e9
    secrets = sum(bool(p.secret) for p in config.environment.principals.values())
    lines = [
        _line("custom metrics", metrics * METRIC, f"{metrics} metrics"),
        _line(
            "alarms",
            alarms * ALARM + counts.composites * COMPOSITE,
            f"{alarms} and {counts.composites} composite ones",
        ),
        _line(
            "function",
            runs * (seconds * memory * LAMBDA_GB_S + LAMBDA_REQUEST),
            f"{runs:.0f} runs of {seconds:.1f} s at {memory:.2g} GB",
        ),
        _line("schedule", runs * SCHEDULE, f"{runs:.0f} invocations"),
        _line("reports", runs * (PUTS * S3_PUT + GETS * S3_GET), f"{runs:.0f} reports and pages"),
        _storage(config, 86_400 / period_s),
        _line("logs", logs * LOG_GB, f"{logs:.2f} GB"),
        _line("secrets", secrets * SECRET, f"{secrets} secrets"),
        _line("dashboard", DASHBOARD, "one; an account's first three are free"),
        _line("key", KEY, "the KMS key of the topics"),
    ]
    if config.environment.deployment.scale == "map":
        shards = math.ceil(checks / SHARD)
        price = runs * (TRANSITIONS * TRANSITION + shards * EXPRESS)
        lines.append(_line("workflow", price, f"{runs:.0f} runs of {shards} shards"))
    network = config.environment.network
    if network.create_endpoints:  # endpoints of the platform are on its own bill
        number = zones(network)
        price = endpoints_dollars(number)
        lines.append(_line("interface endpoints", price, f"{len(ENDPOINTS)} in {number} zones"))
    return tuple(lines)


def _storage(config: Config, runs_a_day: float) -> Line:
    """Return the cost of kept reports and of old versions of overwritten files."""
    checks, days = len(config.checks), config.environment.deployment.report_days
    report = REPORT_BYTES_RUN + REPORT_BYTES_CHECK * checks
    latest = report + PAGE_BYTES_CHECK * checks
    stored = runs_a_day * (report * days + latest * OLD_VERSIONS_DAYS) / 1e9
    return _line("storage", stored * S3_GB, f"{stored:.0f} GB, reports of {days} days")


def zones(network: Network) -> int:
    """Return the number of zones with an interface endpoint; subnets may share a zone."""
    return max(len(set(network.availability_zones)), 1)


def endpoints_dollars(number: int) -> float:
    """Return the monthly cost of all interface endpoints in so many zones."""
    return len(ENDPOINTS) * number * ENDPOINT_HOUR * HOURS


def _line(item: str, dollars: float, how: str) -> Line:
    return Line(item=item, dollars=round(dollars, 2), how=how)
