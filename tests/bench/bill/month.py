"""A month's bill from counted runs and a template, beside what `plan` says."""

from __future__ import annotations

import datetime as dt
import json
import statistics
from typing import Any

import msgspec

from canary.deployment import cost, prices
from canary.deployment.counts import counted
from canary.model import Config, Profile
from canary.plan import make_plan
from canary.probes import KINDS

Run = dict[str, Any]
Template = dict[str, Any]
RUNS = prices.HOURS * 60
"""Runs of a month, one a minute."""
LAMBDA_LOG = 700
"""Bytes of the two lines that Lambda itself logs for a run (START and REPORT as JSON)."""
TLS_AWS, TLS_PLATFORM = 6_000, 3_500
"""Bytes of a TLS handshake that the twin does not send: all of AWS's, whose end points have four
certificates in a chain; of a load balancer's the two that ACM's chain has more than the twin's."""
HEADERS = 1.06
"""Bytes on the wire, of TCP and IP too, for a byte that a connection carries."""


def of_runs(runs: list[Run], template: Template, config: Config) -> dict[str, float]:
    """Return the bill by item, as far as runs and template tell it."""
    healthy = [r for r in runs if r["status"] == "PASS"]

    def mean(read: Any) -> float:
        return statistics.fmean(map(read, healthy))

    seconds = statistics.median(r["seconds"] for r in healthy)
    memory = config.environment.deployment.memory_mb / 1024
    found = {
        "custom metrics": len({m for r in healthy for m in r["metrics"]}) * prices.METRIC,
        "function": RUNS * (seconds * memory * prices.LAMBDA_GB_S + prices.LAMBDA_REQUEST),
        "schedule": RUNS * prices.SCHEDULE,
        "reports": RUNS
        * (mean(lambda r: len(r["puts"])) * prices.S3_PUT + mean(_gets) * prices.S3_GET),
        "storage": mean(lambda r: _stored(r, config)) * prices.S3_GB / 1e9,
        "logs": RUNS * (mean(lambda r: r["log"]) + LAMBDA_LOG) / 1e9 * prices.LOG_GB,
        "NAT": RUNS * mean(passed) / 1e9 * prices.NAT_GB,
    }
    return found | _of_template(template)


def _gets(run: Run) -> float:
    return float(run["gets"])


def passed(run: Run) -> float:
    """Return the bytes of a run that a NAT gateway would process."""
    carried = sum(run["bytes"].values()) + run["platform_bytes"]
    tls = sum(run["connections"].values()) * TLS_AWS + run["platform_connections"] * TLS_PLATFORM
    return float((carried + tls) * HEADERS)


def _stored(run: Run, config: Config) -> float:
    """Return the bytes that are kept if each run writes what this one did."""
    reports = sum(size for path, size in run["puts"] if "/runs/" in path)
    others = sum(size for path, size in run["puts"] if "/runs/" not in path)
    days = config.environment.deployment.report_days
    return float(1_440 * (reports * days + others * cost.OLD_VERSIONS_DAYS))


def _of_template(template: Template) -> dict[str, float]:
    kinds: dict[str, list[dict[str, Any]]] = {}
    for resource in template["Resources"].values():
        kinds.setdefault(resource["Type"], []).append(resource.get("Properties", {}))
    series = sum(_series(alarm) for alarm in kinds["AWS::CloudWatch::Alarm"])
    composites = len(kinds["AWS::CloudWatch::CompositeAlarm"])
    statements = [s for p in kinds["AWS::IAM::Policy"] for s in p["PolicyDocument"]["Statement"]]
    (own,) = (s["Resource"] for s in statements if s.get("Sid") == "Principals")
    (board,) = kinds["AWS::CloudWatch::Dashboard"]
    return {
        "alarms": series * prices.ALARM + composites * prices.COMPOSITE,
        "secrets": (1 if isinstance(own, str) else len(own)) * prices.SECRET,
        "key": len(kinds.get("AWS::KMS::Key", ())) * prices.KEY,
        "dashboard": 0.0 if _drawn(board) <= prices.FREE_DASHBOARD_METRICS else prices.DASHBOARD,
    }


def _series(alarm: dict[str, Any]) -> int:
    """Return how many metrics an alarm reads: AWS bills each."""
    return sum("MetricStat" in m for m in alarm.get("Metrics", ())) or 1


def _drawn(board: dict[str, Any]) -> int:
    """Return the metrics that a dashboard draws, those of its alarms among them."""
    parts = board["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(p if isinstance(p, str) else "arn" for p in parts))
    shown = [w["properties"] for w in body["widgets"]]
    return sum(len(p.get("metrics", ())) + len(p.get("alarms", ())) for p in shown)


def planned(config: Config) -> dict[str, float]:
    """Return the bill by item as `plan` prints it."""
    plan = make_plan(config, KINDS, {}, dt.datetime.now(dt.UTC))
    return {line.item: line.dollars for line in cost.monthly(config, plan, counted(config))}


def in_profile(config: Config, profile: Profile) -> Config:
    """Return a configuration in another profile."""
    where = msgspec.structs.replace(config.environment, profile=profile)
    return msgspec.structs.replace(config, environment=where)


def table(both: dict[str, tuple[dict[str, float], dict[str, float]]]) -> str:
    """Return the rows: an item, and for each profile what was counted and what is planned."""
    items = dict.fromkeys(i for pair in both.values() for bill in pair for i in bill)
    head = "| item | " + " | ".join(f"{p}, counted | {p}, plan" for p in both) + " |"
    rows = [head, "|---" * (2 * len(both) + 1) + "|"]
    for item in items:
        cells = (f"{bill.get(item, 0.0):.2f}" for pair in both.values() for bill in pair)
        rows.append(f"| {item} | " + " | ".join(cells) + " |")
    sums = (f"**{sum(bill.values()):.2f}**" for pair in both.values() for bill in pair)
    return "\n".join([*rows, "| **together** | " + " | ".join(sums) + " |"])
