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
from canary.comparison.rollouts import LONGEST
from canary.model import Config, Severity, Status, names
from canary.mutes.in_force import in_force

BUSY_WAIT_S = 120.0
PAUSE_S = 5.0
ROLLOUT_WAIT_S = LONGEST.total_seconds()  # a rollout explains failures for so long at most
ROLLOUT_PAUSE_S = 30.0  # each look is a run
POLL_S = 1.0  # between two reads of an execution's state
MARGIN_S = 30.0  # the function's time beyond its run's budget, and the network
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
@click.option(
    "--rollout-patience",
    type=FiniteRange(0),
    default=ROLLOUT_WAIT_S,
    show_default=True,
    help="Seconds to wait for the end of rollouts; 0 judges at once.",
)
@format_option()
def gate(
    environment: str, fail_on: str | None, patience: float, rollout_patience: float, form: str
) -> None:
    """Run the deployed canary once and fail if checks fail.

    Use it at the end of a deployment: the function hokusai-canary-ENVIRONMENT runs every check
    from inside the VPC, and the gate prints its summary with the causes, and the recipients who
    have not confirmed their subscription. While ECS rolls a service of the environment out, it
    waits and runs again: it judges what stands afterwards. While a scheduled run is in progress,
    it waits and tries again. Needs lambda:InvokeFunction on that function (with deployment.scale =
    "map" states:StartExecution and states:ListExecutions on the state machine and
    states:DescribeExecution on its executions) and sns:ListSubscriptionsByTopic on the topics.

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
        invoke = (_machine if spread else _function)(config, name)
        judged = rolled_out(lambda: summary_of(invoke, patience), rollout_patience)
    except InvokeError as error:
        click.echo(one_row(str(error)), err=True)
        sys.exit(EXIT[Status.ERROR])
    found = with_recipients(judged, config)
    click.echo(as_json(found) if form == "json" else described(name, found))
    sys.exit(status_of(found, config, fail_on))


def with_recipients(found: dict[str, Any], config: Config) -> dict[str, Any]:
    """Return a summary with the recipients that hear nothing; the platform is not to blame."""
    notify = config.environment.notify
    if not notify.page and not notify.ticket:
        return found
    from canary.adapters.aws.clients import Clients
    from canary.adapters.aws.recipients import deaf

    lines = list(deaf(Clients(config.environment).client("sns"), config.environment))
    return found | {"recipients": lines} if lines else found


def _function(config: Config, name: str) -> Callable[[], dict[str, Any]]:
    from canary.adapters.aws.clients import Clients

    client = Clients(config.environment, config.environment.run.budget + MARGIN_S).client("lambda")
    return lambda: invoke(client, name, EVENT).summary


def _machine(config: Config, name: str) -> Callable[[], dict[str, Any]]:
    """Return a function that runs one execution of the state machine of a sharded run."""
    from canary.adapters.aws.clients import Clients
    from canary.deployment.waves import limit_s

    environment = config.environment
    client = Clients(environment).client("stepfunctions")
    arn = environment.arn("states", f"stateMachine:{name}")
    most = limit_s(config) + MARGIN_S

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


def rolled_out(run: Callable[[], dict[str, Any]], patience: float) -> dict[str, Any]:
    """Return the summary of the first run in which no rollout is in progress.

    After `patience` seconds it is the summary of the last run, whatever is in progress.
    """
    found = run()
    end = time.monotonic() + patience
    while (under_way := _rollouts(found)) and (left := end - time.monotonic()) > 0:
        click.echo(one_row(f"{under_way} in progress; waiting for its end …"), err=True)
        time.sleep(min(ROLLOUT_PAUSE_S, left))
        found = run()
    return found


def _rollouts(found: dict[str, Any]) -> str:
    """Return the rollouts of a summary in words; one of an earlier version names none."""
    known = [r for r in found.get("rollouts") or () if isinstance(r, dict)]
    return ", ".join(f"the rollout {r.get('deployment')} of {r.get('service')}" for r in known)


def status_of(found: dict[str, Any], config: Config, fail_on: str | None) -> int:
    """Return the exit status of a summary; an unknown check counts as critical."""
    try:
        status = Status(found.get("status", ""))
    except ValueError:
        return EXIT[Status.ERROR]  # a stale run, or a summary from another version
    if fail_on is None:
        return EXIT[status]
    known = {c.id: c.severity for c in config.checks}
    muted = _muted(found, config)

    def severities(key: str) -> list[Severity]:
        return [known.get(c, Severity.CRITICAL) for c in found.get(key, ()) if c not in muted]

    unknown = [*severities("errors"), *severities("skipped")]
    return exit_status(severities("failed"), unknown, fail_on)


def _muted(found: dict[str, Any], config: Config) -> set[str]:
    """Return the muted checks of a summary; one of an earlier version does not name them."""
    if isinstance(told := found.get("muted"), list):
        return {str(check) for check in told}
    mutes = in_force(config.environment, dt.datetime.now(dt.UTC))
    return {c.id for c in config.checks if mutes.of(c.id, c)}


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
    under_way = _rollouts(found)
    lines += [f"  judged before its end: {under_way}"] if under_way else []
    lines += [f"  nobody is told: {line}" for line in found.get("recipients", ())]
    lines += [f"  muted: {mute}" for mute in found.get("mutes") or ()]
    lines += [f"  note: {note}" for note in found.get("notes", ())]
    lines += [str(found[key]) for key in ("reason", "report") if found.get(key)]
    return "\n".join(one_row(line) for line in lines if line)
