"""`plan --checks`: an estimate of resources and cost for many checks a minute."""

from __future__ import annotations

import click

from canary.cli.options import WrongUseError, as_json, table
from canary.deployment.capacity import ScalePlan, simulate

ALL = (100, 1_000, 10_000, 100_000)
HEADS = (
    "checks",
    "shape",
    "stacks",
    "shards",
    "at\nonce",
    "shard\ntakes",
    "run\ntakes",
    "metrics",
    "alarms",
    "$ a\nmonth",
)


def estimate(asked: str, form: str) -> None:
    """Print the estimate for the sizes asked for."""
    found = [_simulated(size) for size in sizes(asked)]
    click.echo(as_json(found) if form == "json" else _described(found))


def sizes(asked: str) -> tuple[int, ...]:
    """Return the sizes in `--checks`, or end with exit status 2."""
    if asked == "all":
        return ALL
    try:
        return tuple(int(part.replace("_", "")) for part in asked.split(","))
    except ValueError as error:
        raise WrongUseError(
            f"--checks: must be a number, numbers with commas, or all, not {asked[:100]}"
        ) from error


def _simulated(size: int) -> ScalePlan:
    try:
        return simulate(size)
    except ValueError as error:
        raise WrongUseError(str(error)) from error


def _described(found: list[ScalePlan]) -> str:
    rows = [
        (
            f"{p.checks:,}",
            p.shape,
            str(p.environments),
            f"{p.shards:,}",
            str(p.parallel),
            f"{p.shard_s:g} s",
            f"{p.run_s:g} s",
            f"{p.metrics:,}",
            f"{p.alarms + p.insights:,}",
            f"{p.total:,.2f}",
        )
        for p in found
    ]
    lines = [table(HEADS, rows), ""]
    for plan in found:
        bill = ", ".join(f"{item} {dollars:,.2f}" for item, dollars in plan.dollars.items())
        lines += [
            f"{plan.checks:,} checks a minute:",
            f"  metrics: {plan.metric_design}",
            f"  alarms: {plan.alarm_design}",
            f"  dollars: {bill}",
        ]
    lines += ["", "This is an estimate; canary/deployment/capacity.py lists its assumptions."]
    return "\n".join(lines)
