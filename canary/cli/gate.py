"""`gate`: run the deployed canary once, so that a pipeline stops if checks fail."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable
from typing import Any

import click

from canary.adapters.aws.lambda_invoke import Busy, InvokeError, invoke
from canary.adapters.aws.step_functions import execute
from canary.adapters.process import interruption
from canary.cli.options import (
    EXIT,
    FiniteRange,
    as_json,
    environment_option,
    exit_status,
    fail_on_option,
    format_option,
    loaded,
    one_row,
)
from canary.model import Config, Severity, Status, names

BUSY_WAIT_S = 120.0
PAUSE_S = 5.0
POLL_S = 1.0  # between two reads of an execution's state
MARGIN_S = 30.0  # the function's time beyond its run's budget, and the network
STEPS = 3  # of a sharded run, each of which may take a function's time
EVENT = {"trigger": "gate"}


@click.command(short_help="Run the deployed canary once, and fail if checks fail.")
@environment_option
@fail_on_option
@click.option(
    "--patience",
    type=FiniteRange(0),
    default=BUSY_WAIT_S,
    show_default=True,
    help="Seconds to wait while another run is in progress.",
)
@format_option()
def gate(environment: str, fail_on: str | None, patience: float, form: str) -> None:
    """Run the deployed canary once and fail if checks fail.

    Use it at the end of a deployment: the function hokusai-canary-ENVIRONMENT runs every check
    from inside the VPC, and the gate prints its summary with the causes. Only one run can be in
    progress; while a scheduled run is, the gate waits and tries again. Needs
    lambda:InvokeFunction on that function. If the run is sharded over functions
    (deployment.scale = "map"), it needs states:StartExecution and states:ListExecutions on the
    state machine and states:DescribeExecution on its executions instead.

    \b
    Exit status:
      0  every check passed
      1  some check failed
      2  wrong usage or configuration
      3  the canary could not judge some check, or could not be invoked
      129, 130, 143  interrupted by SIGHUP, SIGINT or SIGTERM; the run goes on in AWS
      141  the reader of stdout has gone

    \b
    Examples:
      python -m canary gate --environment development
      python -m canary gate --environment development --fail-on high --format json
    """
    config = loaded(environment)
    name = names.own(config.environment.name)
    interruption.left_behind = f"a run of {name} that has begun goes on in AWS"
    spread = config.environment.deployment.scale == "map"
    try:
        found = summary_of((_machine if spread else _function)(config, name), patience)
    except InvokeError as error:
        click.echo(one_row(str(error)), err=True)
        sys.exit(EXIT[Status.ERROR])
    click.echo(as_json(found) if form == "json" else described(name, found))
    sys.exit(status_of(found, config, fail_on))


def _function(config: Config, name: str) -> Callable[[], dict[str, Any]]:
    from canary.adapters.aws.clients import Clients

    client = Clients(config.environment, config.environment.run.budget + MARGIN_S).client("lambda")
    return lambda: invoke(client, name, EVENT).summary


def _machine(config: Config, name: str) -> Callable[[], dict[str, Any]]:
    """Return a function that runs one execution of the state machine of a sharded run."""
    from canary.adapters.aws.clients import Clients

    environment = config.environment
    client = Clients(environment).client("stepfunctions")
    arn = environment.arn("states", f"stateMachine:{name}")
    most = STEPS * (environment.run.budget + MARGIN_S)

    def once() -> dict[str, Any]:
        end = time.monotonic() + most
        return execute(client, arn, {**EVENT, "mode": "plan"}, lambda: _waited(end)).summary

    return once


def _waited(end: float) -> bool:
    time.sleep(min(POLL_S, max(end - time.monotonic(), 0)))
    return time.monotonic() < end


def summary_of(invoke: Callable[[], dict[str, Any]], patience: float) -> dict[str, Any]:
    """Return the function's summary; wait while another run is in progress."""
    end = time.monotonic() + patience
    while True:
        try:
            return invoke()
        except Busy as error:
            left = end - time.monotonic()
            if left <= 0:
                raise InvokeError(
                    f"the canary was busy with other runs for {patience:.0f} s"
                ) from error
            click.echo("The canary is busy with another run; waiting …", err=True)
            time.sleep(min(PAUSE_S, left))


def status_of(found: dict[str, Any], config: Config, fail_on: str | None) -> int:
    """Return the exit status of a summary; an unknown check counts as critical."""
    try:
        status = Status(found.get("status", ""))
    except ValueError:
        return EXIT[Status.ERROR]  # a stale run, or a summary from another version
    if fail_on is None:
        return EXIT[status]
    known = {c.id: c.severity for c in config.checks}
    today = dt.datetime.now(dt.UTC).date()
    muted = {m.check for m in config.environment.mutes if m.until >= today}

    def severities(key: str) -> list[Severity]:
        return [known.get(c, Severity.CRITICAL) for c in found.get(key, ()) if c not in muted]

    unknown = [*severities("errors"), *severities("skipped")]
    return exit_status(severities("failed"), unknown, fail_on)


def described(name: str, found: dict[str, Any]) -> str:
    """Return the summary for people: status, causes, checks, place of the report."""
    scores = "  ".join(f"{suite} {value:g} %" for suite, value in found.get("scores", {}).items())
    lines = [f"{name}: {found.get('status')}  run {found.get('run_id') or '-'}", scores]
    lines += [
        f"  cause: {d['cause']} in {d['service']} ({d['confidence'].lower()}): {d['resource']},"
        f" explains {len(d['explains'])}"
        for d in found.get("diagnoses", ())
    ]
    lines += [f"  failed: {check}" for check in found.get("failed", ())]
    lines += [f"  could not tell: {check}" for check in found.get("errors", ())]
    lines += [f"  not tried: {check}" for check in found.get("skipped", ())]
    lines += [f"  not asked, it would block: {check}" for check in found.get("not_asked", ())]
    lines += [f"  unexplained: {check}" for check in found.get("unexplained", ())]
    lines += [f"  note: {note}" for note in found.get("notes", ())]
    lines += [str(found[key]) for key in ("reason", "report") if found.get(key)]
    return "\n".join(one_row(line) for line in lines if line)
