"""`show` and `history`: read stored reports."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from canary.adapters.store.open_store import open_store
from canary.adapters.store.protocol import Store, StoreError, latest_name, run_name
from canary.cli.options import (
    WrongUseError,
    as_json,
    environment_option,
    format_option,
    loaded,
    on_screen,
    one_row,
    out_folder,
    place_of,
    render,
    screen,
)
from canary.model import (
    CheckHistory,
    Environment,
    Report,
)
from canary.report import ReportError
from canary.report import json as canonical
from canary.report.text import when

if TYPE_CHECKING:
    from canary.control_plane.state import PlatformState

RUN_ID = re.compile(r"[0-9A-Za-z._-]{1,100}")
FORMS = ("text", "json", "markdown", "html", "junit")

READS = "Exit status: 0 whatever the result of the report, 2 wrong usage or no such report."

store_option = click.option(
    "--store",
    metavar="PLACE",
    help='Where reports are stored: "environment" for the deployed canary\'s store, an s3:// '
    "address or a folder; default: the local runs' folder, then the deployed canary's store.",
)


@click.command(short_help="Show a report.", epilog=READS)
@click.argument("run_or_file", default="latest", metavar="[RUN_OR_FILE]")
@environment_option
@store_option
@format_option(*FORMS)
def show(run_or_file: str, environment: str, store: str | None, form: str) -> None:
    """Show a report, given by file, run id or "latest".

    \b
    Examples:
      python -m canary show latest --environment development --store environment
      python -m canary show out/development/report.json --format markdown
      python -m canary show latest --store s3://bucket/canary
    """
    report, read = found(run_or_file, environment, store)
    state = state_of(report, read)
    if report.platform is None and state is not None:
        report = msgspec.structs.replace(report, platform=msgspec.to_builtins(state))
    click.echo(render(report, form, _again(run_or_file, report, store)).rstrip("\n"))


def _again(run_or_file: str, report: Report, store: str | None) -> str:
    """Return the arguments that show this report again: its file, or its run where it was found.

    The latest report is another one in a minute, so that its id stands for it.
    """
    if Path(run_or_file).is_file():
        return shlex.quote(run_or_file)
    place = f" --store {shlex.quote(store)}" if store is not None else ""
    return f"{report.run.id} --environment {shlex.quote(report.run.environment)}{place}"


@click.command(short_help="Show the last outcomes of each check.", epilog=READS)
@click.argument("checks", nargs=-1, metavar="[CHECK]...")
@environment_option
@store_option
@format_option()
def history(checks: tuple[str, ...], environment: str, store: str | None, form: str) -> None:
    """Show the last outcomes of each check, newest last: at most sixty.

    P passed, F failed, E could not be judged, S was skipped. The columns before them are the
    present status, its start, and the usual latency.

    \b
    Examples:
      python -m canary history --environment development
      python -m canary history registry.health registry.ready
    """
    kept = fetch("latest", environment, store).history
    unknown = [c for c in checks if c not in kept]
    if unknown:
        raise WrongUseError(f"no history of {', '.join(unknown)}")
    chosen = {name: kept[name] for name in (checks or sorted(kept))}
    if form == "json":
        click.echo(as_json(chosen))
        return
    wide = max(map(len, chosen), default=0)
    head = f"{'check':{wide}}  {'now':5}  {'since (UTC)':17}  {'usual':>8}  last runs, newest last"
    click.echo(on_screen((head, *(_line(name, known, wide) for name, known in chosen.items()))))


def _line(name: str, known: CheckHistory, wide: int) -> str:
    """Return a row; a narrow terminal shows as many of the newest runs as fit."""
    import statistics

    usual = f"{statistics.median(known.latency_ms):.0f} ms" if known.latency_ms else "-"
    since = when(known.since).removesuffix(" UTC")
    row = f"{name:{wide}}  {known.last_status.value:5}  {since:17}  {usual:>8}  "
    room = max(1, screen() - len(row)) if screen() else len(known.outcomes)
    left = len(known.outcomes) - room
    if left <= 0:
        return row + known.outcomes
    mark = f"(+{left}) "  # older outcomes that do not fit
    return row + mark + known.outcomes[-max(1, room - len(mark)) :]


def fetch(run_or_file: str, environment: str, store: str | None) -> Report:
    """Return a report by file, run id or "latest", or end with exit status 2."""
    return found(run_or_file, environment, store)[0]


ReadState = Callable[[str], "PlatformState"]


def state_of(report: Report, read: ReadState) -> PlatformState | None:
    """Return the control plane that a report holds or names, None where it cannot be read."""
    from canary.comparison.previous import previous_state
    from canary.comparison.states import StateError

    try:
        return previous_state(report, read)
    except (StateError, StoreError) as error:
        click.echo(one_row(f"the control plane of run {report.run.id}: {error}"), err=True)
        return None


def _no_state(_name: str) -> PlatformState:
    from canary.comparison.states import StateError

    raise StateError("a file names its state, and only a store has it")


def found(run_or_file: str, environment: str, store: str | None) -> tuple[Report, ReadState]:
    """Return a report, and what reads the states of the place where it was found."""
    path = Path(run_or_file)
    try:
        if path.is_file():
            return decoded(path.read_bytes(), run_or_file), _no_state
    except OSError as error:
        raise WrongUseError(f"{run_or_file[:100]}: {error.strerror}") from error
    if "/" in run_or_file or path.suffix:
        raise WrongUseError(f"{run_or_file[:100]}: no such file")
    if not RUN_ID.fullmatch(run_or_file):
        raise WrongUseError(f"no report {run_or_file!r}: neither a file nor the id of a run")
    where = loaded(environment).environment
    name = latest_name(where.name) if run_or_file == "latest" else run_name(run_or_file)
    tried = []
    for place in [place_of(store, where)] if store is not None else places(where):
        tried.append(place)
        opened = store_at(place, where)
        try:
            data = opened.read(name)
        except StoreError as error:
            raise WrongUseError(str(error)) from error
        if data is not None:
            click.echo(f"Read from {place}", err=True)
            return decoded(data, f"{place}/{name}"), functools.partial(_read_state, opened)
    raise WrongUseError(f"no report {run_or_file} (searched {', '.join(tried)})")


def _read_state(store: Store, name: str) -> PlatformState:
    from canary.wiring.states import read_state

    return read_state(store, name)


def places(environment: Environment) -> list[str]:
    """Return the stores that are searched in turn: the local runs', the deployed canary's."""
    local = str(out_folder(None, environment.name) / "store")
    return [local, environment.report_store]


def store_at(place: str, environment: Environment) -> Store:
    """Return the store at a place, with the environment's region and account."""
    return open_store(place, functools.partial(_client, environment))


def _client(environment: Environment) -> Any:
    from canary.adapters.aws.clients import Clients

    return Clients(environment).client("s3")


def decoded(data: bytes, name: str) -> Report:
    """Return a report from its bytes, or end with the problem and exit status 2."""
    try:
        return canonical.load(data)
    except ReportError as error:
        raise WrongUseError(f"{name}: {error}") from error
