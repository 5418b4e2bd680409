"""The command line: results go to stdout, progress and problems to stderr.

Exit status: 0 all checks passed, 1 some check failed, 2 wrong usage or configuration, 3 the canary
could not judge some check.
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
    """Commands whose bugs end with exit status 3: Python's own 1 would mean a failed check."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception:  # noqa: BLE001 - the last boundary: printed in full, with its own exit status
            traceback.print_exc()
            sys.exit(EXIT[Status.ERROR])


@click.group(
    cls=Commands,
    context_settings=CONTEXT,
    epilog="Exit status: 0 all checks passed, 1 some check failed, 2 wrong usage or configuration, "
    "3 the canary could not judge some check. Variables: CANARY_ENVIRONMENT is the default "
    "environment, NO_COLOR turns colours off.",
)
@click.version_option(canary.__version__, package_name="hokusai-canary")
def main() -> None:
    """A synthetic canary for an ML platform that names the cause of a failure.

    Checks state expectations (canary/checks/*.toml); environments state where the platform is
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
