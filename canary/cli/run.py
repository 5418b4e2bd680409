"""`run`: run the checks once and write the reports into a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canary.cli.options import (
    EXIT,
    WrongUseError,
    environment_option,
    exit_status,
    fail_on_option,
    format_option,
    loaded,
    one_row,
    out_folder,
    place_of,
    render,
    selection_options,
)
from canary.model import Config, Report, Status
from canary.pipeline import run_once
from canary.plan import PlanError, Selection
from canary.runner import RunRequest

if TYPE_CHECKING:
    from canary.adapters.store.protocol import Store
    from canary.runner import Progress

FORMS = ("text", "json", "markdown", "junit")
FILES = {"report.json": "json", "report.md": "markdown", "report.html": "html"}

HELP = """\
Run the checks once and write report.json, report.md, report.html and junit.xml.

Progress goes to stderr, the report to stdout. The run is compared with the previous run in the
store. A run of selected checks (--only, --suite) does not become the latest run.

\b
Exit status:
  0  every check passed (a muted check does not count)
  1  some check failed
  2  wrong usage or configuration
  3  the canary could not judge some check

\b
Variables:
  CANARY_ENVIRONMENT  the default of --environment
  NO_COLOR            turns colours off
  AWS_PROFILE, …      credentials, as for the AWS CLI

\b
Examples:
  python -m canary run --environment development
  python -m canary run --only registry.health --only registry.ready
  python -m canary run --suite authentication --format markdown
  python -m canary run --fail-on high --format junit
"""


@click.command(help=HELP, short_help="Run the checks once and write the reports.")
@environment_option
@selection_options
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the reports; default: out/<environment>.",
)
@format_option(*FORMS)
@click.option(
    "--store",
    metavar="PLACE",
    help='Store of the runs: "environment" for the deployed canary\'s store, an s3:// address '
    "or a folder; default: OUT/store.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0, 900),
    default=0.0,
    help="Seconds for the whole run; default: the environment's budget.",
)
@fail_on_option
@click.option("--quiet", "-q", is_flag=True, help="Print no progress on stderr.")
def run(
    environment: str,
    only: tuple[str, ...],
    suites: tuple[str, ...],
    out: Path | None,
    form: str,
    store: str | None,
    budget: float,
    fail_on: str | None,
    quiet: bool,
) -> None:
    """Run the checks once and write the reports."""
    config = loaded(environment)
    folder = out_folder(out, config.environment.name)
    place = place_of(store, config.environment) if store else str(folder / "store")
    selection = Selection(only=only, suites=suites)
    request = RunRequest(selection=selection, trigger="command line", budget_s=budget)
    try:
        folder.mkdir(parents=True, exist_ok=True)  # before the run: its report would be lost
    except OSError as error:
        raise WrongUseError(f"--out {folder}: {error.strerror}") from error
    report, page, problems = _carried_out(config, place, request, quiet)
    try:
        write_all(report, folder, page)
    except OSError as error:
        problems.append(f"reports could not be written: {error}")
    for problem in problems:
        click.echo(one_row(problem), err=True)
    click.echo(render(report, form).rstrip("\n"))
    click.echo(f"Reports: {folder}", err=True)
    sys.exit(status_of(report, fail_on))


def status_of(report: Report, fail_on: str | None) -> int:
    """Return the exit status of a report."""
    if fail_on is None:
        return EXIT[report.run.status]
    awake = [r for r in report.results if not r.muted]
    failed = [r.severity for r in awake if r.status is Status.FAIL]
    unknown = [r.severity for r in awake if r.status in (Status.ERROR, Status.SKIP)]
    return exit_status(failed, unknown, fail_on)


def _carried_out(
    config: Config, place: str, request: RunRequest, quiet: bool
) -> tuple[Report, str, list[str]]:
    """Return the report of one run, its page with history or "", and the publishing problems."""
    from canary.cli.progress import RunDisplay
    from canary.publish import Published, publish_report
    from canary.wiring.run import make_ports, make_runtime

    runtime, done = make_runtime(config, place), Published()
    with RunDisplay(quiet=quiet) as display:

        def on_progress(progress: Progress) -> None:
            display.on_progress(runtime.redactor.clean(progress))  # stderr is published, too

        try:
            report = run_once(make_ports(runtime), config, request, on_progress=on_progress)
        except PlanError as error:
            raise WrongUseError(str(error)) from error
        publish_report(runtime, report, done, latest=request.whole)
        if not done.stored:
            click.echo("report that could not be stored: see --out", err=True)
        kept = _kept_page(runtime.store, report) if done.latest else ""
    return report, kept, done.problems


def _kept_page(store: Store, report: Report) -> str:
    """Return the page that this run left in the store, with the history of the runs before it.

    "" where it cannot be read, or where another run has written its own since.
    """
    from canary.adapters.store.protocol import StoreError, latest_page

    try:
        page = (store.read(latest_page(report.run.environment)) or b"").decode()
    except StoreError:
        return ""
    return page if report.run.id in page else ""


def write_all(report: Report, folder: Path, page: str = "") -> None:
    """Write the report in every form; `page` is its HTML where that was rendered already."""
    for name, form in {**FILES, "junit.xml": "junit"}.items():
        text = page if page and form == "html" else render(report, form)
        (folder / name).write_text(text, encoding="utf-8")
