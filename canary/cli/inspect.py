"""`list`, `plan`, `permissions` and `schema`: commands that carry nothing out."""

from __future__ import annotations

import datetime as dt

import click
import msgspec

from canary.cli.estimate import estimate
from canary.cli.options import (
    PRINTS,
    WrongUseError,
    as_json,
    environment_option,
    format_option,
    loaded,
    on_screen,
    selected,
    selection_options,
)
from canary.config.schema import check_file, environment_file
from canary.deployment import cost, prices
from canary.deployment.counts import Counts, counted
from canary.deployment.permissions import Row, rows
from canary.model import Config, Environment, Profile
from canary.model.schedule import schedule_period
from canary.plan import Plan, PlanError, Selection, make_plan
from canary.probes.plugged import ALL_KINDS, working


@click.command("list", short_help="List the checks of an environment.", epilog=PRINTS)
@environment_option
@format_option()
def list_checks(environment: str, form: str) -> None:
    """List the checks of an environment: id, severity, suite, title.

    \b
    Examples:
      python -m canary list --environment development
      python -m canary list --format json | jq -r '.[].id'
    """
    config = loaded(environment)
    if form == "json":
        click.echo(as_json(config.checks))
        return
    wide = max((len(check.id) for check in config.checks), default=0)
    click.echo(
        on_screen(
            f"{check.id:{wide}} {check.severity.value:8} {check.suite.value:14} {check.title}"
            for check in config.checks
        )
    )


@click.command(short_help="Show what a run would do, and the monthly cost.", epilog=PRINTS)
@environment_option
@selection_options
@click.option(
    "--checks",
    "sizes",
    metavar="N|all",
    help="Instead, estimate resources and cost for N checks a minute (all: 100 to 100,000).",
)
@format_option()
def plan(
    environment: str, only: tuple[str, ...], suites: tuple[str, ...], sizes: str | None, form: str
) -> None:
    """Show what a run would do: order, time, requests, and the monthly cost.

    Sends no request to the platform or to AWS. Prices are list prices of us-east-1.

    \b
    Examples:
      python -m canary plan --environment development
      python -m canary plan --suite authentication
      python -m canary plan --checks 10000
      python -m canary plan --checks all
    """
    if sizes is not None:
        estimate(sizes, form)
        return
    config = loaded(environment)
    now = dt.datetime.now(dt.UTC)
    try:
        chosen = Selection(only=selected("--only", only), suites=selected("--suite", suites))
        made = make_plan(config, ALL_KINDS, {}, now, chosen)
    except PlanError as error:
        raise WrongUseError(str(error)) from error
    counts = counted(config)
    bill = cost.monthly(config, made, counts)
    profiles = by_profile(config, made)
    if form == "json":
        found = {"plan": made, "metrics": counts.metrics, "monthly": bill, "profiles": profiles}
        click.echo(as_json({**found, "keyed_requests_an_hour": hourly_keyed(config)}))
    else:
        lines = _described(made, counts, bill, hourly_keyed(config), profiles)
        click.echo(on_screen([*lines, *_disabled(config.environment)]))


def hourly_keyed(config: Config) -> int:
    """Return the number of requests with a key that the schedule sends in an hour."""
    period = schedule_period(config.environment.schedule.expression)
    return round(
        sum(
            ALL_KINDS[c.kind].requests_with_key(c.spec) * 3600 / max(c.every, period)
            for c in config.checks
        )
    )


def by_profile(config: Config, made: Plan) -> dict[str, float]:
    """Return what the environment would cost a month in each profile, in dollars."""
    found: dict[str, float] = {}
    for profile in Profile:
        where = msgspec.structs.replace(config.environment, profile=profile)
        chosen = msgspec.structs.replace(config, environment=where)
        found[profile.value] = cost.total(cost.monthly(chosen, made, counted(chosen)))
    return found


def _described(
    made: Plan,
    counts: Counts,
    bill: tuple[cost.Line, ...],
    keyed: int,
    profiles: dict[str, float],
) -> list[str]:
    lines = [
        f"{p.check.id:44} {p.requests:3} requests  about {p.expected_ms:6.0f} ms"
        + (f"  needs {', '.join(p.needs)}" if p.needs else "")
        + ("  blocking: asked alone" if p.check.blocking else "")
        for p in made.order
    ]
    return [
        *lines,
        "",
        f"{len(made.order)} checks, {made.requests} requests, longest chain about"
        f" {made.expected_ms / 1000:.1f} s, {counts.metrics} custom metrics",
        f"budget {made.budget_s:.0f} s, of which clean-up {made.cleanup_reserve_s:.0f} s and"
        f" publishing {made.publish_reserve_s:.0f} s",
        f"{made.keyed} of the requests carry a key; the schedule sends {keyed} of them an hour,",
        "which the keys' rate limits and credits must allow",
        "",
        *(f"{line.item:22} {line.dollars:8.2f} $ a month  {line.how}" for line in bill),
        f"{'together':22} {cost.total(bill):8.2f} $ a month",
        f"(list prices of us-east-1, compared on {prices.COMPARED}; free tiers not subtracted, but"
        " that of the dashboard)",
        "",
        *(f"{name} {dollars:.2f} $ a month" for name, dollars in profiles.items()),
    ]


def _disabled(environment: Environment) -> list[str]:
    """Return a line for each reason why checks do not run in this environment."""
    by_reason: dict[str, list[str]] = {}
    for check_id, reason in sorted(environment.disable.items()):
        by_reason.setdefault(reason, []).append(check_id)
    return [f"not run, because {why}: {', '.join(ids)}" for why, ids in by_reason.items()]


@click.command(short_help="Print the IAM policy of the function's role.", epilog=PRINTS)
@environment_option
@format_option()
def permissions(environment: str, form: str) -> None:
    """Print the IAM policy of the deployed function's role, one action and resource a line.

    The deployment makes the role from the same list. The id of the topics' key is known only after
    the deployment; it is printed as KEY_OF_THE_TOPICS.

    \b
    Examples:
      python -m canary permissions --environment development
    """
    config = loaded(environment)
    found = rows(config)
    click.echo(as_json(found) if form == "json" else "\n".join(map(_permission, found)))


def _permission(row: Row) -> str:
    """Return a row of the policy as a line of text."""
    conditions = [
        f"{operator} {key} {value}"
        for operator, tests in row.condition.items()
        for key, value in tests.items()
    ]
    denied = "  denied" if row.effect == "Deny" else ""
    where = f"  where {' and '.join(conditions)}" if conditions else ""
    return f"{row.action:48} {row.resource}{denied}{where}"


@click.command(short_help="Print the JSON Schema of check or environment files.", epilog=PRINTS)
@click.argument("what", type=click.Choice(("check", "environment")))
def schema(what: str) -> None:
    """Print the JSON Schema of a check file or an environment file, for editors.

    \b
    Examples:
      python -m canary schema check > check.schema.json
      python -m canary schema environment > environment.schema.json
    """
    kinds = working(ALL_KINDS)
    made = check_file(kinds) if what == "check" else environment_file(kinds)
    click.echo(as_json(made))
