"""Which environment a command is about: by name or file, in the home that holds here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from canary import config
from canary.config.home import MARK, Home, environment_file, find, only_environment

F = TypeVar("F", bound=Callable[..., Any])

ONLY = "*"
"""Stands for the only environment there is."""
PREFERRED = "development"
"""The one of several that holds without a name: in the clone it always did."""
VARIABLE = "CANARY_HOME"
KEY = "canary.config"


def environment_option(command: F) -> F:
    """Add `--environment NAME_OR_FILE`, and `--config DIR`, where names are looked for."""
    named = click.option(
        "--environment",
        "-e",
        default=lambda: os.environ.get("CANARY_ENVIRONMENT", ONLY),
        show_default="the only one there is",
        metavar="NAME_OR_FILE",
        help="An environment, by name or by file.",
        shell_complete=complete_environment,
    )
    return config_option(named(command))


def config_option(command: F) -> F:
    """Add `--config DIR`, which `home` reads."""
    return click.option(
        "--config",
        metavar="DIR",
        expose_value=False,
        is_eager=True,
        callback=_keep,
        help=f"Folder of environments; default: CANARY_HOME, or the nearest {MARK} upwards.",
    )(command)


def _keep(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value == "":
        raise click.BadParameter("is empty (valid: a folder)", context, parameter)
    context.meta[KEY] = value


def home() -> Home:
    """Return the home that holds for this command; raises ConfigError for one that is none."""
    context = click.get_current_context(silent=True)
    given = context.meta.get(KEY) if context is not None else None
    if given:
        return find(given, "--config", Path.cwd())
    return find(os.environ.get(VARIABLE, ""), VARIABLE, Path.cwd())


def file_of(environment: str) -> Path:
    """Return the file of an environment by its name, its path, or `ONLY`; raises ConfigError."""
    if environment == ONLY:
        return only_environment(home(), PREFERRED)
    return environment_file(environment, home())


def complete_environment(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> list[str]:
    """Complete the name of an environment."""
    try:
        return [name for name in home().names if name.startswith(begun)]
    except config.ConfigError:
        return []


def complete_check(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the id of a check of the environment on the command line."""
    try:
        file = file_of(context.params.get("environment") or ONLY)
        known = config.load(str(file), authoring=False)
    except config.ConfigError:
        return []
    return [c.id for c in known.checks if c.id.startswith(begun)]
