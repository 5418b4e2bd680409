"""`catalogue`: checks, kinds, metrics, alarms and causes on one page, made from the code."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from canary import config
from canary.adapters.files import replace_together
from canary.alarms.plan import AlarmPlan, Alarms, plan_alarms
from canary.cli.options import WrongUseError
from canary.comparison.windows import DOWN, DOWN_BLOCKING, DOWN_CRITICAL, Window
from canary.diagnose.causes import CAUSES
from canary.metrics.table import METRICS, NAMESPACE
from canary.model import Check, Config, Suite, names
from canary.probes.base.api import Kind

FILE = Path("docs") / "catalogue.md"
HEAD = """# Catalogue

Generated from the code by `make docs`; a test requires that it is up to date. The details of each
check are in `canary/checks/*.toml`.
"""


@click.command(
    short_help="Print all checks, kinds, metrics, alarms and causes.",
    epilog="Exit status: 0 success, 1 the page is not up to date (--check), 2 wrong usage.",
)
@click.option("--write", is_flag=True, help=f"Write {FILE}.")
@click.option("--check", is_flag=True, help=f"Fail (exit status 1) if {FILE} is not up to date.")
def catalogue(write: bool, check: bool) -> None:
    """Print the catalogue of checks, kinds, metrics, alarms and causes, or update its page.

    \b
    Examples:
      python -m canary catalogue
      python -m canary catalogue --write
      python -m canary catalogue --check
    """
    from canary.probes import KINDS

    try:
        text = find(KINDS)
    except config.ConfigError as error:
        raise WrongUseError(str(error)) from error
    path = config.HERE.parent / FILE
    if write:
        replace_together(path.parent, {path.name: text})
        click.echo(f"{FILE} is written")
    elif check:
        current = path.read_text(encoding="utf-8") if path.is_file() else ""
        if current != text:
            raise click.ClickException(f"{FILE} is not up to date: run make docs")
        click.echo(f"{FILE} is up to date")
    else:
        click.echo(text.rstrip("\n"))


def find(kinds: Mapping[str, Kind]) -> str:
    """Return the catalogue of the checks and environments in the project."""
    problems: list[str] = []
    sources = [
        source
        for path in sorted(config.CHECKS.glob("*.toml"))
        for source in config.check_file(path, kinds, problems)
    ]
    if problems:
        raise config.ConfigError(problems)
    first = min(config.ENVIRONMENTS.glob("*.toml")).stem
    known = config.load(first, authoring=False)
    return render([s.check for s in sources], kinds, known)


def render(checks: Sequence[Check], kinds: Mapping[str, Kind], example: Config) -> str:
    """Return the catalogue as Markdown; alarms are those of the example's environment."""
    name = example.environment.name
    alarms = plan_alarms(example, names.own(name), example.environment.run.budget)
    parts = (
        [HEAD],
        _checks(checks),
        _kinds(kinds),
        _metrics(),
        _alarms(alarms, name),
        _causes(),
    )
    return "\n".join(itertools.chain.from_iterable(parts))


def _checks(checks: Sequence[Check]) -> Iterator[str]:
    yield "## Checks\n"
    yield (
        "The link leads to the runbook. A check runs every minute unless the table has another"
        " interval; opt-in checks run only in environments whose `enable` lists them. A blocking"
        " check is asked alone, after the light checks that it needs passed quickly.\n"
    )
    for suite in Suite:
        own = [c for c in checks if c.suite is suite]
        yield f"### {suite.value.capitalize()}: {len(own)}\n"
        yield from _table(
            ("check", "expectation", "kind", "severity", "interval"), [_check(c) for c in own]
        )


def _check(check: Check) -> tuple[str, ...]:
    link = check.runbook.removeprefix("docs/")
    interval = "" if check.every == 60 else f"{check.every} s"
    load = check.load.value if check.blocking else ""
    notes = ", ".join(n for n in (interval, load, "opt-in" if check.opt_in else "") if n)
    return (
        f"[`{check.id}`]({link})",
        check.title,
        f"`{check.kind}`",
        check.severity.value,
        notes or "each run",
    )


def _kinds(kinds: Mapping[str, Kind]) -> Iterator[str]:
    yield "## Kinds\n"
    yield "Each kind is one way of checking (`canary/probes/`); its keys stand in `[check.spec]`.\n"
    rows = [
        (
            f"`{k.name}`",
            k.summary,
            ", ".join(f"`{f.encode_name}`" for f in msgspec.structs.fields(k.spec)),
        )
        for k in kinds.values()
    ]
    yield from _table(("kind", "what it checks", "keys"), rows)


def _metrics() -> Iterator[str]:
    yield "## Metrics\n"
    yield f"Namespace `{NAMESPACE}`.\n"
    rows = [(f"`{m.name}`", m.unit.value, ", ".join(m.dimensions), m.meaning) for m in METRICS]
    yield from _table(("metric", "unit", "dimensions", "meaning"), rows)


def _alarms(alarms: Alarms, environment: str) -> Iterator[str]:
    def plain(name: str) -> str:
        return f"`{name.replace(f'-{environment}-', '-NAME-')}`"

    yield "## Alarms\n"
    yield (
        f"Each check has an alarm: a critical one after {_of(DOWN_CRITICAL)} failing periods, as a"
        f" part of the page, any other after {_of(DOWN)}, a blocking one after"
        f" {_of(DOWN_BLOCKING)} of its own intervals. These alarms notify people only through the"
        " composites. All other alarms:\n"
    )
    rows = [
        (plain(c.name), c.description.partition(" Runbook:")[0], "composite", c.route.value)
        for c in alarms.composites
    ]
    rows += [
        (plain(a.name), _meaning(a), _window(a), a.route.value)
        for a in alarms.alarms
        if not a.check
    ]
    yield from _table(("alarm", "meaning", "window", "route"), rows)


def _of(window: Window) -> str:
    return f"{window.bad} of {window.runs}"


def _meaning(alarm: AlarmPlan) -> str:
    return alarm.description.partition(" Runbook:")[0]


def _window(alarm: AlarmPlan) -> str:
    return f"{alarm.series[0].name}, {alarm.datapoints} of {alarm.periods} periods"


def _causes() -> Iterator[str]:
    yield "## Causes\n"
    yield "The causes that a diagnosis can name; [diagnosis](diagnosis.md) explains how.\n"
    for family, causes in CAUSES.items():
        yield f"### Causes: {family}\n"
        yield from _table(("cause", "meaning"), [(f"`{c}`", says) for c, says in causes.items()])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
