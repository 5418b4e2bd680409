"""`rehearse`: replay patterns or real runs through the planned alarms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import click

from canary.adapters.store.protocol import StoreError
from canary.alarms.plan import Alarms, plan_alarms
from canary.cli.options import (
    PRINTS,
    FiniteRange,
    WrongUseError,
    as_json,
    environment_option,
    format_option,
    loaded,
    place_of,
    table,
)
from canary.cli.reports import decoded, store_at
from canary.config.toml_file import is_file
from canary.model import Config, Report, Severity
from canary.model.schedule import schedule_period
from canary.mutes.scopes import covers
from canary.rehearsal import patterns, recorded
from canary.rehearsal.patterns import Figures, Pattern, RealIncident, Setting
from canary.rehearsal.replay import Minute, rehearse

ALL = "all"
MOST_RUNS = 10_080  # a week of minutes; each run is one read of the store


HELP = """\
Replay outcomes through an environment's alarms, before they are deployed.

Replays days of one run a minute through the alarms that a deployment would make, with an evaluator
that follows CloudWatch's rules. Prints how often the alarms would page, how soon, and how often
twice for one incident.

\b
Patterns:
{patterns}

\b
Examples:
  python -m canary rehearse --environment development
  python -m canary rehearse --pattern noise --days 90 --p 0.01
  python -m canary rehearse --history environment --days 2
""".format(patterns="\n".join(f"  {p.name:13} {p.description}" for p in patterns.PATTERNS))


@click.command(
    "rehearse",
    help=HELP,
    short_help="Show whether the alarms would have paged.",
    epilog=PRINTS,
)
@environment_option
@click.option(
    "--pattern",
    type=click.Choice((*patterns.BY_NAME, ALL)),
    default=ALL,
    metavar="PATTERN",
    help="What happens to the platform or to the canary: a name below, or all.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=7,
    show_default=True,
    metavar="N",
    help="Number of days to replay.",
)
@click.option(
    "--p",
    type=FiniteRange(0, 1),
    default=0.005,
    show_default=True,
    help="Probability that a check fails in a run by chance (pattern noise).",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Seed of the generated failures."
)
@click.option(
    "--history",
    metavar="FILE_OR_STORE",
    help='Replay real runs instead: a report.json, a folder, an s3:// address, or "environment".',
)
@format_option()
def rehearse_alarms(
    environment: str, pattern: str, days: int, p: float, seed: int, history: str | None, form: str
) -> None:
    """Replay outcomes through the alarms of an environment."""
    config = loaded(environment)
    alarms = plan_alarms(config, "function", config.environment.run.budget)
    if history is not None:
        found = _of_history(config, alarms, history, days)
    else:
        chosen = patterns.PATTERNS if pattern == ALL else (patterns.BY_NAME[pattern],)
        setting = _setting(config, days, p, seed)
        found = [_rehearsed(config, alarms, one, setting) for one in chosen]
    if form == "json":
        click.echo(as_json(found))
    else:
        click.echo(_as_table(found, schedule_period(config.environment.schedule.expression)))


def _setting(config: Config, days: int, p: float, seed: int) -> Setting:
    return Setting(
        checks=[c.id for c in config.checks],
        critical=sorted(critical(config)),
        targets=frozenset([c.id for c in config.checks if c.kind == "target_group"][:1]),
        days=days,
        p=p,
        seed=seed,
    )


def critical(config: Config) -> frozenset[str]:
    """Return the checks that may wake people: critical ones that are not muted."""
    mutes = config.environment.mutes
    return frozenset(
        c.id
        for c in config.checks
        if c.severity is Severity.CRITICAL and not any(covers(m, c.id, c) for m in mutes)
    )


def _rehearsed(config: Config, alarms: Alarms, pattern: Pattern, setting: Setting) -> Figures:
    found = rehearse(alarms, patterns.outcomes(pattern, setting), critical(config))
    return patterns.figures(pattern.name, found, patterns.incidents(pattern, setting.days))


def _of_history(config: Config, alarms: Alarms, place: str, days: int) -> list[Figures]:
    found = _read(config, place, days)
    if not found:
        raise WrongUseError(f"no runs of the last {days} days in {place}")
    real: tuple[RealIncident, ...] = recorded.incidents(found, critical(config))
    rehearsal = rehearse(alarms, iter(found), critical(config))
    return [patterns.figures("history", rehearsal, real)]


def _read(config: Config, place: str, days: int) -> list[Minute]:
    path = Path(place)
    if is_file(path):
        return recorded.from_history(decoded(path.read_bytes(), place))
    period = schedule_period(config.environment.schedule.expression)
    return list(recorded.outcomes(_reports(config, place, days), period))


def _reports(config: Config, place: str, days: int) -> list[Report]:
    """Return the runs of the last days, oldest first, without those that cannot be read."""
    where = place_of(place, config.environment)
    store = store_at(where, config.environment)
    since = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).strftime("runs/%Y%m%dt%H%M%S")
    found: list[Report] = []
    try:
        names = [n for n in store.names(MOST_RUNS) if n >= since]
        for name in reversed(names):
            try:
                found.append(decoded(store.read(name) or b"", name))
            except WrongUseError as error:
                click.echo(error.format_message(), err=True)
    except StoreError as error:
        raise WrongUseError(str(error)) from error
    click.echo(f"{len(found)} runs from {store.place}", err=True)
    return found


HEADS = (
    "pattern",
    "inci-\ndents",
    "un-\nseen",
    "pages/\nmonth",
    "false\npages",
    "tickets/\nmonth",
    "seen\nafter",
    "paged\nafter",
    "clear\nafter",
    "page\ntwice",
    "esca-\nlated",
)


def _as_table(found: Iterable[Figures], period_s: int) -> str:
    rows = [
        (
            f.pattern, str(f.incidents), str(f.unnoticed), f"{f.pages_per_month:g}",
            str(f.false_pages), f"{f.tickets_per_month:g}", _time(f.noticed_after),
            _time(f.paged_after), _time(f.cleared_after), f"{f.duplicates:g}", f"{f.escalations:g}",
        )
        for f in found
    ]  # fmt: skip
    unit = "minutes" if period_s == 60 else f"runs, of which there is one in {period_s} s"
    spans = sorted({f.days for f in found})
    over = ", ".join(f"{d:g} days" if d >= 1 else f"{d * 1440:.0f} minutes" for d in spans)
    return (
        f"{table(HEADS, rows)}\n\n"
        f"Over {over}; a month has {patterns.MONTH_DAYS} days. Times are medians in {unit}:\n"
        "from the start of an incident to its first message (seen) and its page (paged), and\n"
        "from its end until the page is OK again (clear). Page twice: further pages of\n"
        "the same alarm for one incident. Escalated: pages of further alarms for it."
    )


def _time(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
