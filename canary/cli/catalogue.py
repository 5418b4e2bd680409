"""`catalogue`: checks, kinds, metrics, alarms and causes, and AWS's messages, from the code."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from canary import config
from canary.adapters.files import replace_together
from canary.alarms.plan import AlarmPlan, Alarms, plan_alarms
from canary.cli.environments import home
from canary.cli.options import WrongUseError
from canary.cli.pages import reference
from canary.cli.pages.markdown_table import table
from canary.cli.pages.message_lists import DOCUMENT, placed
from canary.comparison.windows import DOWN, DOWN_BLOCKING, DOWN_CRITICAL, Window
from canary.config.home import shipped
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
@click.option("--write", is_flag=True, help=f"Write {FILE}, {reference.FILE} and {DOCUMENT}.")
@click.option("--reference", "keys", is_flag=True, help="Print the reference of all keys instead.")
@click.option("--check", is_flag=True, help="Fail (exit status 1) if one is not up to date.")
def catalogue(write: bool, check: bool, keys: bool) -> None:
    """Print the catalogue of checks, kinds, metrics, alarms and causes, or update its page.

    \b
    Examples:
      python -m canary catalogue
      python -m canary catalogue --write
      python -m canary catalogue --check
      python -m canary catalogue --reference
    """
    from canary.probes import KINDS
    from canary.probes.plugged import ALL_KINDS, working

    try:
        text = find(KINDS if write or check else working(ALL_KINDS))
    except config.ConfigError as error:
        raise WrongUseError(str(error)) from error
    root = config.HERE.parent
    if (write or check) and not (root / FILE).is_file():
        raise WrongUseError(f"{FILE} is only in the clone")
    if write:
        pages = _pages(root, text)
        replace_together((root / FILE).parent, {page.name: said for page, said in pages.items()})
        click.echo(f"{', '.join(map(str, pages))} are written")
    elif check:
        for file, wanted in _pages(root, text).items():
            if _read(root / file) != wanted:
                raise click.ClickException(f"{file} is not up to date: run make docs")
        click.echo("all pages are up to date")
    elif keys:
        click.echo(reference.find(working(ALL_KINDS)).rstrip("\n"))
    else:
        click.echo(text.rstrip("\n"))


def _pages(root: Path, text: str) -> dict[Path, str]:
    """Return each generated page with what it should say."""
    from canary.probes import KINDS

    return {
        FILE: text,
        DOCUMENT: placed(_read(root / DOCUMENT)),
        reference.FILE: reference.find(KINDS),
    }


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


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
    files = (*shipped().files, *home().files)
    known = config.load(str(files[0]), authoring=False) if files else None
    return render([s.check for s in sources], kinds, known)


def render(checks: Sequence[Check], kinds: Mapping[str, Kind], example: Config | None) -> str:
    """Return the catalogue as Markdown; alarms are those of the example's environment."""
    parts = (
        [HEAD],
        _checks(checks),
        _kinds(kinds),
        _metrics(),
        _alarms_of(example) if example is not None else (),
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
        yield from table(
            ("check", "expectation", "kind", "severity", "interval"), [_check(c) for c in own]
        )


def _check(check: Check) -> tuple[str, ...]:
    link = check.runbook.removeprefix("docs/")
    interval = "" if check.every == 60 else f"{check.every} s"
    load = check.load.value if check.blocking else ""
    notes = ", ".join(n for n in (interval, load, "opt-in" if check.opt_in else "") if n)
    return (
        f"[`{check.id}`]({link})" if link else f"`{check.id}`",
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
    yield from table(("kind", "what it checks", "keys"), rows)


def _metrics() -> Iterator[str]:
    yield "## Metrics\n"
    yield f"Namespace `{NAMESPACE}`.\n"
    rows = [(f"`{m.name}`", m.unit.value, ", ".join(m.dimensions), m.meaning) for m in METRICS]
    yield from table(("metric", "unit", "dimensions", "meaning"), rows)


def _alarms_of(example: Config) -> Iterator[str]:
    name = example.environment.name
    return _alarms(plan_alarms(example, names.own(name), example.environment.run.budget), name)


def _alarms(alarms: Alarms, environment: str) -> Iterator[str]:
    def plain(name: str) -> str:
        return f"`{name.replace(f'-{environment}-', '-NAME-')}`"

    yield "## Alarms\n"
    yield (
        f"Each check has an alarm, unless it has a window of its own: a critical one after"
        f" {_of(DOWN_CRITICAL)} failing periods, as a part of the page, any other after"
        f" {_of(DOWN)}, a blocking one after {_of(DOWN_BLOCKING)} of its own intervals. These"
        " alarms notify people only through the composites. All other alarms:\n"
    )
    rows = [
        (plain(c.name), c.description.partition(" Report: ")[0], "composite", c.route.value)
        for c in alarms.composites
    ]
    rows += [
        (plain(a.name), _meaning(a), _window(a), a.route.value)
        for a in alarms.alarms
        if not a.check
    ]
    yield from table(("alarm", "meaning", "window", "route"), rows)


def _of(window: Window) -> str:
    return f"{window.bad} of {window.runs}"


def _meaning(alarm: AlarmPlan) -> str:
    return alarm.description.partition(" Report: ")[0]


def _window(alarm: AlarmPlan) -> str:
    read = ", ".join(series.name for series in alarm.series)
    return f"{read}, {alarm.datapoints} of {alarm.periods} periods"


def _causes() -> Iterator[str]:
    yield "## Causes\n"
    yield "The causes that a diagnosis can name; [diagnosis](diagnosis.md) explains how.\n"
    for family, causes in CAUSES.items():
        yield f"### Causes: {family}\n"
        yield from table(("cause", "meaning"), [(f"`{c}`", says) for c, says in causes.items()])
