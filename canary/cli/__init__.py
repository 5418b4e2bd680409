"""The command line: results go to stdout, progress and problems to stderr.

Exit status: 0 all passed, 1 some check failed, 2 wrong usage or configuration, 3 the canary could
not tell.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

import click

import canary
from canary.cli import catalogue, gate, inspect, rehearse, reports, run
from canary.cli.options import EXIT
from canary.model import Status

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """Commands of which a bug does not say that a check failed, as Python's own status 1 would."""

    def invoke(self, ctx: click.Context) -> Any:
        """Carry the command out."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception:  # noqa: BLE001 - the last boundary: told in full, and with its own status
            traceback.print_exc()
            sys.exit(EXIT[Status.ERROR])


@click.group(
    cls=Commands,
    context_settings=CONTEXT,
    epilog="Exit status: 0 well, 1 some check failed, 2 wrong usage or configuration, 3 the canary "
    "could not tell. Variables: CANARY_ENVIRONMENT names the environment, NO_COLOR turns colours "
    "off.",
)
@click.version_option(canary.__version__, package_name="hokusai-canary")
def main() -> None:
    """A synthetic canary for an ML platform that names the cause.

    Checks say what must hold (canary/checks/*.toml), environments say where
    (canary/environments/*.toml). Results go to stdout, progress and problems to stderr.
    """


for command in (
    run.run,
    gate.gate,
    inspect.list_checks,
    inspect.plan,
    inspect.validate,
    reports.show,
    reports.compare,
    reports.history,
    rehearse.rehearse_alarms,
    inspect.permissions,
    inspect.schema,
    catalogue.catalogue,
):
    main.add_command(command)
