"""`run`: run the checks once and write the reports into a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from canary.adapters.files import replace_together
from canary.adapters.process import interruption
from canary.cli.options import (
    EXIT,
    FiniteRange,
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
    selected,
    selection_options,
    writable,
)
from canary.model import Config, Report, Residue, Status, spared
from canary.pipeline import run_once
from canary.plan import PlanError, Selection
from canary.runner import RunInterruptedError, RunRequest

if TYPE_CHECKING:
    from canary.adapters.store.protocol import Store
    from canary.publish import Published
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
  3  the canary could not judge some check, or could not write what it found
  129, 130, 143  interrupted by SIGHUP, SIGINT (Ctrl-C) or SIGTERM, after cleaning up
  141  the reader of stdout has gone

\b
Variables:
  CANARY_ENVIRONMENT  the default of --environment
  CANARY_HOME         the default of --config
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
    type=click.Path(file_okay=False),
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
    type=FiniteRange(0, 900),
    default=0.0,
    help="Seconds for the whole run; default: the environment's budget.",
)
@fail_on_option
@click.option("--quiet", "-q", is_flag=True, help="Print no progress on stderr.")
def run(
    environment: str,
    only: tuple[str, ...],
    suites: tuple[str, ...],
    out: str | None,
    form: str,
    store: str | None,
    budget: float,
    fail_on: str | None,
    quiet: bool,
) -> None:
    """Run the checks once and write the reports."""
    interruption.left_behind = left_behind(())
    selection = Selection(only=selected("--only", only), suites=selected("--suite", suites))
    config = loaded(environment, selection.names)
    if out == "":
        raise WrongUseError("--out: is empty (valid: a folder)")
    folder = out_folder(out, config.environment.name)
    place = str(folder / "store") if store is None else place_of(store, config.environment)
    # a bucket's windows belong to the deployed canary, those of a folder to this desk
    deployed = place.startswith("s3://")
    request = RunRequest(
        selection=selection, trigger="command line", budget_s=budget, aside=deployed
    )
    writable(folder, "--out")  # before the run: its report would be lost
    if not place.startswith("s3://"):
        writable(Path(place), "--store")
    report, page, done = _carried_out(config, place, request, quiet)
    written = ""
    with done.part("reports"), interruption.whole():
        write_all(report, folder, page)
        written = interruption.left_behind = f"Reports: {folder}"
    for problem in done.problems:
        click.echo(one_row(problem), err=True)
    click.echo(render(report, form).rstrip("\n"))
    if written:
        click.echo(written, err=True)
    sys.exit(EXIT[Status.ERROR] if done.failed else status_of(report, fail_on))


def left_behind(residue: Iterable[Residue], unfinished: Iterable[str] = ()) -> str:
    """Return what an interrupted run leaves behind, on the platform and on this disk."""
    left = [f"{r.kind} {r.name} {r.reason}" for r in residue if not r.removed]
    what = "; ".join((*left, *unfinished))
    return f"no report was written; {f'left behind: {what}' if what else 'nothing is left behind'}"


def status_of(report: Report, fail_on: str | None) -> int:
    """Return the exit status of a report."""
    if fail_on is None:
        return EXIT[report.run.status]
    not_asked = spared(report.results)
    awake = [r for r in report.results if not r.muted and r.check_id not in not_asked]
    failed = [r.severity for r in awake if r.status is Status.FAIL]
    unknown = [r.severity for r in awake if r.status in (Status.ERROR, Status.SKIP)]
    return exit_status(failed, unknown, fail_on)


def _carried_out(
    config: Config, place: str, request: RunRequest, quiet: bool
) -> tuple[Report, str, Published]:
    """Return the report of one run, its page with history or "", and what was published."""
    from canary.cli.progress import RunDisplay
    from canary.publish import Published, publish_report
    from canary.wiring.run import make_ports, make_runtime

    runtime, done = make_runtime(config, place), Published()
    ports = msgspec.structs.replace(make_ports(runtime), stoppable=interruption.stoppable)
    with RunDisplay(quiet=quiet) as display:

        def on_progress(progress: Progress) -> None:
            display.on_progress(runtime.redactor.clean(progress))  # stderr is published, too

        def on_judged(judged: Report) -> None:
            interruption.left_behind = runtime.redactor.text(left_behind(judged.residue))

        try:
            report = run_once(ports, config, request, on_judged, on_progress)
        except PlanError as error:
            raise WrongUseError(str(error)) from error
        except RunInterruptedError as stopped:
            text = f"{stopped}, {left_behind(stopped.residue, stopped.unfinished)}"
            click.echo(one_row(runtime.redactor.text(text)), err=True)
            sys.exit(EXIT[Status.ERROR])  # the status of the signal takes its place
        publish_report(runtime, report, done, latest=request.whole)
        kept = _kept_page(runtime.store, report) if done.latest else ""
    return report, kept, done


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
    """Write the report in every form, or in none; `page` is its HTML if that exists already."""
    forms = {**FILES, "junit.xml": "junit"}
    texts = {
        name: page if page and form == "html" else render(report, form)
        for name, form in forms.items()
    }
    replace_together(folder, texts)
