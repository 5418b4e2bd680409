"""`catalogue`: checks, kinds, metrics, alarms and causes on one page, made from the code."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from canary import config
from canary.alarms.plan import AlarmPlan, Alarms, plan_alarms
from canary.cli.options import WrongUseError
from canary.diagnose.causes import CAUSES
from canary.metrics.table import METRICS, NAMESPACE
from canary.model import Check, Config, Suite, names
from canary.probes.base.api import Kind

FILE = Path("docs") / "catalogue.md"
HEAD = """# Catalogue

Made from the code by `make docs`; a test keeps it current. What each check asks in detail stands in
`canary/checks/*.toml`.
"""


@click.command(
    short_help="Print checks, kinds, metrics, alarms and causes.",
    epilog="Exit status: 0 well, 1 the page is not current (--check), 2 wrong usage.",
)
@click.option("--write", is_flag=True, help=f"Write {FILE} anew.")
@click.option("--check", is_flag=True, help=f"Fail (status 1) if {FILE} is not current.")
def catalogue(write: bool, check: bool) -> None:
    """Print the catalogue of checks, kinds, metrics, alarms and causes, or keep its page.

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
        path.write_text(text, encoding="utf-8")
        click.echo(f"{FILE} is written")
    elif check:
        current = path.read_text(encoding="utf-8") if path.is_file() else ""
        if current != text:
            raise click.ClickException(f"{FILE} is not current: make docs")
        click.echo(f"{FILE} is current")
    else:
        click.echo(text.rstrip("\n"))


def find(kinds: Mapping[str, Kind]) -> str:
    """Return the catalogue of the checks and environments that are in the project."""
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
    """Return the catalogue as Markdown; alarms are those of an environment as the example."""
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
        "The link leads to the runbook. A check runs every minute unless another cadence stands"
        " here; opt-in checks run where an environment's `enable` names them.\n"
    )
    for suite in Suite:
        own = [c for c in checks if c.suite is suite]
        yield f"### {suite.value.capitalize()}: {len(own)}\n"
        yield from _table(
            ("check", "what holds", "kind", "severity", "cadence"), [_check(c) for c in own]
        )


def _check(check: Check) -> tuple[str, ...]:
    link = check.runbook.removeprefix("docs/")
    cadence = "" if check.every == 60 else f"{check.every} s"
    notes = ", ".join(n for n in (cadence, "opt-in" if check.opt_in else "") if n)
    return (
        f"[`{check.id}`]({link})",
        check.title,
        f"`{check.kind}`",
        check.severity.value,
        notes or "each run",
    )


def _kinds(kinds: Mapping[str, Kind]) -> Iterator[str]:
    yield "## Kinds\n"
    yield "One way of checking each, in `canary/probes/`. Keys are those of `[check.spec]`.\n"
    rows = [
        (
            f"`{k.name}`",
            k.summary,
            ", ".join(f"`{f.encode_name}`" for f in msgspec.structs.fields(k.spec)),
        )
        for k in kinds.values()
    ]
    yield from _table(("kind", "what it looks at", "keys"), rows)


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
        "One for each check, which rings at 3 of 5 failing periods; those of critical checks ring"
        " at 3 of 3 and take part in the page. They reach people through the composites alone."
        " Beside them:\n"
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
    yield from _table(("alarm", "meaning", "window", "reaches"), rows)


def _meaning(alarm: AlarmPlan) -> str:
    return alarm.description.partition(" Runbook:")[0]


def _window(alarm: AlarmPlan) -> str:
    return f"{alarm.series[0].name}, {alarm.datapoints} of {alarm.periods} periods"


def _causes() -> Iterator[str]:
    yield "## Causes\n"
    yield "What a diagnosis may name; how it is found is in [diagnosis](diagnosis.md).\n"
    for family, causes in CAUSES.items():
        yield f"### Causes: {family}\n"
        yield from _table(("cause", "meaning"), [(f"`{c}`", says) for c, says in causes.items()])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
