"""`serve`: run the schedule in this process, and serve pages and metrics."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canary.adapters.log import Log
from canary.adapters.process import interruption
from canary.cli.options import (
    WrongUseError,
    environment_option,
    loaded,
    out_folder,
    place_of,
    writable,
)
from canary.model import Environment

if TYPE_CHECKING:
    from canary.serve.status import Board
    from canary.wiring.run import Runtime

LOCAL = "127.0.0.1:8090"
THREADS = 4
HELP = """\
Run the checks by the environment's schedule, and serve the pages and metrics.

For whoever has no AWS Lambda, or has Prometheus: this process runs the schedule, keeps reports and
pages in a folder (or in a bucket), and answers on one address:

\b
  /              all environments that share the store
  /latest        the page of the latest run
  /metrics       for Prometheus
  /health        200 while runs come, else 503 with the reason

Nobody has to sign in: the pages show causes, commands and names of resources. So it listens on
this machine alone; put a proxy with sign-in before it, and name another address only then.

\b
Exit status:
  2              wrong usage or configuration
  129, 130, 143  ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM, after cleaning up

\b
Examples:
  python -m canary serve --environment development
  python -m canary serve --environment development --listen 127.0.0.1:9100 --store reports
"""


@click.command(help=HELP, short_help="Run the schedule here, serve pages and metrics.")
@environment_option
@click.option(
    "--store",
    metavar="PLACE",
    help="Store of the runs: an s3:// address or a folder; default: out/<environment>/store.",
)
@click.option(
    "--listen",
    default=LOCAL,
    show_default=True,
    metavar="HOST:PORT",
    help="Address on which pages and metrics are served; port 0 takes a free one.",
)
def serve(environment: str, store: str | None, listen: str) -> None:
    """Run the schedule, and serve pages and metrics, until a signal ends the process."""
    import prometheus_client  # noqa: F401 - asked here, so that no scrape fails later
    import waitress  # type: ignore[import-untyped]  # noqa: F401 - has no types

    from canary.serve.runs import Runs, every
    from canary.serve.status import Board
    from canary.wiring.run import make_runtime

    at = address(listen)
    config = loaded(environment)
    _known(config.environment, environment)
    runtime = make_runtime(config, _place(store, config.environment))
    board = Board(runtime.clock.now())
    served = _serving(runtime, board, at, listen)
    click.echo(
        f"Serving {config.environment.name} on {served} (store: {runtime.store.place})", err=True
    )
    runs = Runs(runtime, board, interruption.stoppable, Log())
    for one in every(runtime, board, time.sleep):
        runs.carry_out(one)


def _known(environment: Environment, file: str) -> None:
    """End with exit status 2 where the moments of a schedule cannot be told."""
    from canary.serve.timetable import is_known

    for key in ("expression", "slow_expression"):
        found = getattr(environment.schedule, key)
        if found and not is_known(found):
            text = f"{file}: schedule.{key}: {found}: serve knows rates and times of every day"
            raise WrongUseError(text)


def _place(store: str | None, environment: Environment) -> str:
    """Return the store, with its folder made."""
    folder = str(out_folder(None, environment.name) / "store")
    place = folder if store is None else place_of(store, environment)
    if not place.startswith("s3://"):
        writable(Path(place), "--store")
    return place


def _serving(runtime: Runtime, board: Board, at: tuple[str, int], listen: str) -> str:
    """Serve in a thread, and return the addresses."""
    from waitress.server import create_server  # type: ignore[import-untyped]  # has no types

    from canary.serve.site import Site

    site = Site(runtime.store, runtime.environment, board, runtime.clock.now)
    try:
        server = create_server(site, host=at[0], port=at[1], threads=THREADS, ident=None)
    except OSError as error:
        raise WrongUseError(f"--listen {listen}: {error.strerror or error}") from error
    threading.Thread(target=server.run, name="pages", daemon=True).start()
    return " and ".join(addresses(server))


def address(text: str) -> tuple[str, int]:
    """Return host and port of "HOST:PORT"; raises WrongUseError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise WrongUseError(f"--listen: {text[:100]} is no address (valid: HOST:PORT)")
    return host, int(port)


def addresses(server: object) -> list[str]:
    """Return the addresses that a server of waitress listens on; a name may have several."""
    one = (getattr(server, "effective_host", ""), getattr(server, "effective_port", 0))
    pairs = getattr(server, "effective_listen", [one])
    return [f"http://{f'[{host}]' if ':' in host else host}:{port}/" for host, port in pairs]
