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
from canary.adapters.streams import OutputError
from canary.cli import (
    catalogue,
    changes,
    compare,
    gate,
    inspect,
    mutes,
    public,
    rehearse,
    reports,
    run,
    serve,
    validate,
)
from canary.cli.extras import lacking
from canary.cli.options import EXIT, WrongUseError, one_row
from canary.cli.surveys import doctor, init
from canary.model import Status

NO_THREAD = "can't start new thread"
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """Commands whose bugs end with exit status 3: Python's own 1 would mean a failed check."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse what no command line can hold, before a path is made of it."""
        if any("\0" in argument for argument in args):
            raise click.UsageError("an argument holds a NUL character")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, OutputError):
            raise
        except ImportError as error:
            if needed := lacking(error):
                raise WrongUseError(needed) from error
            traceback.print_exc()
            sys.exit(EXIT[Status.ERROR])
        except Exception as error:  # noqa: BLE001 - the last boundary: with its own exit status
            if refused := _refused(error):
                click.echo(one_row(refused), err=True)
            else:
                traceback.print_exc()
            sys.exit(EXIT[Status.ERROR])


def _refused(error: Exception) -> str:
    """Return what the machine refused, a file and the reason; "" for a bug of our own."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return f"{error.filename}: {reason}" if error.filename else reason
    return str(error) if str(error) == NO_THREAD else ""


@click.group(
    cls=Commands,
    context_settings=CONTEXT,
    epilog="Exit status: 0 all checks passed, 1 some check failed, 2 wrong usage or configuration, "
    "3 the canary could not judge some check or write its output, 129, 130 or 143 a signal ended "
    "it, 141 the reader of stdout has gone. Variables: CANARY_ENVIRONMENT is the default "
    "environment, CANARY_HOME the folder of environments, NO_COLOR turns colours off.",
)
@click.version_option(canary.__version__, package_name="hokusai-canary")
def main() -> None:
    """A synthetic canary for an ML platform that names the cause of a failure.

    Checks state expectations, environments state where the platform is. Both are TOML files, found
    in the nearest folder upwards with a canary.toml, or in the one that --config or CANARY_HOME
    names. Results go to stdout, progress and problems to stderr.
    """


for command in (
    run.run,
    gate.gate,
    doctor.doctor,
    init.init,
    inspect.list_checks,
    inspect.plan,
    validate.validate,
    reports.show,
    compare.compare,
    reports.history,
    changes.changes,
    mutes.mute,
    mutes.unmute,
    public.public,
    serve.serve,
    rehearse.rehearse_alarms,
    inspect.permissions,
    inspect.schema,
    catalogue.catalogue,
):
    main.add_command(command)
