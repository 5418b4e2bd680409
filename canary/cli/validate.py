"""`validate`: hold files against their schema, and their names and recipients against AWS."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from canary import config as configs
from canary import plugins
from canary.cli.environments import complete_environment, config_option, file_of, home
from canary.cli.options import EXIT, WrongUseError, on_screen
from canary.config.home import HOW
from canary.config.toml_file import read_toml
from canary.model import Environment, Status
from canary.observe import statements
from canary.survey.held import held


@click.command(
    short_help="Validate environment and check files.",
    epilog="Exit status: 0 all files are valid, 2 some file is not, or AWS has not what it names, 3"
    " a recipient hears nothing, or something could not be checked.",
)
@config_option
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option(
    "--environment",
    "-e",
    "names",
    multiple=True,
    metavar="NAME",
    help="An environment by name, with all check files.",
    shell_complete=complete_environment,
)
@click.option(
    "--live",
    is_flag=True,
    help="Also hold each name, secret, permission, URL and recipient against AWS and DNS.",
)
def validate(files: tuple[Path, ...], names: tuple[str, ...], live: bool) -> None:
    """Validate environment and check files, and print every problem.

    Each problem is one line: file, check, key, what is wrong. A line that begins with "warning"
    names recipients who would be told twice or not at all; it changes no exit status. Without
    arguments all environments are validated, each together with all check files. --live asks AWS,
    and changes nothing: which names of the file it does not have, which secrets have no value (none
    is read), which of the canary's permissions the caller lacks, which hosts have no address here,
    which recipients have not confirmed, and which pagers hear an outage twice.

    \b
    Examples:
      python -m canary validate
      python -m canary validate --environment development
      python -m canary validate canary/checks/endpoints.toml
      python -m canary validate --environment development --live
    """
    problems: list[str] = broken_plugins()
    try:
        named = tuple(file_of(name) for name in names)
        chosen = (*named, *files) or home().files
    except configs.ConfigError as error:
        raise WrongUseError(str(error)) from error
    if not chosen:
        raise WrongUseError(f"no environment: {HOW}")
    for path in chosen:
        problems += configs.problems_of(path)
    if problems:
        raise WrongUseError("\n".join(dict.fromkeys(problems)))
    files_are = "file is" if len(chosen) == 1 else "files are"
    click.echo(f"{len(chosen)} {files_are} valid: {', '.join(p.name for p in chosen)}")
    environments = [p for p in chosen if not configs.is_check_file(read_toml(p, []) or {})]
    _warn(environments)
    if live:
        _live(environments)


def _warn(files: list[Path]) -> None:
    """Print who would be told twice, and what nobody would be told."""
    from canary.deployment.recipients import doubts

    for path in files:
        for line in doubts(configs.load(str(path)).environment):
            click.echo(on_screen([f"warning: {path.name}: {line}"]), err=True)


def broken_plugins() -> list[str]:
    """Return a line for each installed plug-in that cannot be used."""
    if not any(map(plugins.names, plugins.GROUPS)):
        return []
    from canary.diagnose.plugged import plugged_rules
    from canary.messages.channels.plugged import problem_of
    from canary.probes.plugged import ALL_KINDS

    kinds = (kind.problem for kind in ALL_KINDS.values())
    channels = (problem_of(name) for name in plugins.names(plugins.CHANNELS))
    return [problem for problem in (*kinds, *plugged_rules()[1], *channels) if problem]


def _live(files: list[Path]) -> None:
    """Print what AWS and DNS say against the files; end with 2 if a name is wrong, 3 if unknown."""
    from canary.adapters.aws.clients import Clients

    wrong: list[str] = []
    unknown: list[str] = []
    for path in files:
        environment = configs.load(str(path)).environment
        clients = Clients(environment)
        for line in held(clients, environment):
            told = f"{path.name}: {line.key}: {line.text}"
            if line.advice:
                click.echo(on_screen([told]), err=True)
                continue
            (unknown if line.unknown else wrong).append(told)
        unknown += [f"{path.name}: {line}" for line in _recipients(clients, environment)]
        for lack, known in _permissions(clients, environment):
            if known:
                unknown.append(f"{path.name}: permissions: {lack}")
            else:  # nobody can help it: IAM does not let everybody ask
                click.echo(on_screen([f"{path.name}: permissions: {lack}"]), err=True)
    if wrong or unknown:
        click.echo(on_screen(dict.fromkeys((*wrong, *unknown))), err=True)
        sys.exit(WrongUseError.exit_code if wrong else EXIT[Status.ERROR])
    names = ", ".join(p.name for p in files)
    click.echo(f"AWS and DNS have what is named in {names}")


def _recipients(clients: Any, environment: Environment) -> Iterator[str]:
    """Yield the recipients that hear nothing, and the pagers that hear an outage twice."""
    from canary.adapters.aws.recipients import deaf, told_twice

    yield from deaf(clients.client("sns"), environment)
    yield from told_twice(clients.client("sns"), environment)


def _permissions(clients: Any, environment: Environment) -> Iterator[tuple[str, bool]]:
    """Yield each permission that the caller lacks, or False with why none could be simulated."""
    from canary.adapters.aws.simulated import refused

    permissions = statements(environment)
    if permissions:
        found = refused(clients.client("sts"), clients.client("iam"), environment, permissions)
        yield from ((line, not unknown) for line, unknown in found)
