"""`init`: write the environment file of a platform from what AWS tells, and its checks."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import click
import msgspec

from canary import config as configs
from canary.adapters.files import replace_together
from canary.cli.environments import ONLY, file_of
from canary.cli.options import PRINTS, WrongUseError, as_json, one_row
from canary.cli.surveys.options import opened, survey_options, surveyed
from canary.config.home import MARK, found_in
from canary.survey import render
from canary.survey.policy import policy as smallest
from canary.survey.values import Survey

NAME = re.compile(r"[a-z0-9_-]{1,60}")
HOME = """\
# This folder is a home of the canary: environment files beside this one are found by their names
# from here and from all folders below. While there is one environment, it need not be named.
"""


@click.command(
    short_help="Write the environment file of a service, from what AWS tells.", epilog=PRINTS
)
@survey_options
@click.option("--name", default="", metavar="NAME", help="Its name; default: the cluster's.")
@click.option(
    "--out",
    default=".",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files; default: here.",
)
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option("--policy", is_flag=True, help="Print the smallest IAM policy, and do nothing else.")
def init(name: str, out: Path, force: bool, policy: bool, **given: Any) -> None:
    """Write NAME.toml and NAME-checks/first.toml for a service that runs on ECS.

    A canary.toml beside them makes the folder a home: commands find the environment from there.

    It reads what AWS tells of cluster and services (nothing is changed, no value of a secret is
    read), and takes health paths from target groups, routes from rules, and dependencies from the
    addresses in variables and from security groups. What is a guess stands in the file as one, and
    what could not be known is listed.

    \b
    Examples:
      python -m canary init --cluster prod --service checkout --url https://shop.example.com
      python -m canary init --cluster prod --name shop --out canary
      python -m canary run
    """
    if policy:
        click.echo(as_json(smallest(given["region"], given["cluster"])))
        return
    if name and not NAME.fullmatch(name):
        raise WrongUseError(f"--name: {name[:80]!a} is no name (a-z, 0-9, _ and -, at most 60)")
    found = surveyed(*opened(given))
    called = name or found.environment.name
    file, folder = out / f"{called}.toml", out / f"{called}-checks"
    if not force and (file.exists() or (folder / "first.toml").exists()):
        raise WrongUseError(f"{file}: exists already (--force replaces it)")
    written(found, called, file, folder)
    typed = click.get_current_context().find_root().info_name or "python -m canary"
    for line in described(found, file, folder, typed):
        click.echo(one_row(line))
    problems = configs.problems_of(file)
    if problems:
        raise WrongUseError("\n".join((f"{file} is not valid yet:", *problems)))


def written(found: Survey, name: str, file: Path, folder: Path) -> None:
    """Write both files, or none; and what marks their folder as a home, unless it is in one."""
    bundle = found.environment.ca_bundle
    if bundle:  # it stands relative to the file, and was given relative to here
        where = msgspec.structs.replace(found.environment, ca_bundle=str(Path(bundle).absolute()))
        found = msgspec.structs.replace(found, environment=where)
    moment = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = render.environment(found, name, f"./{folder.name}", moment)
    folder.mkdir(parents=True, exist_ok=True)
    replace_together(folder, {"first.toml": render.checks(found, moment)})
    mark = {} if file.name == MARK or found_in(file.parent) else {MARK: HOME}
    replace_together(file.parent, {file.name: text, **mark})


def described(found: Survey, file: Path, folder: Path, typed: str) -> list[str]:
    """Return what was written, and what a person has to look at; `typed` is this program."""
    services = ", ".join(found.environment.services)
    lines = [
        f"{file}: {len(found.environment.services)} services ({services}),"
        f" {len(found.environment.routes)} routes",
        f"{folder / 'first.toml'}: {len(found.checks)} checks",
    ]
    lines += [f"not known: {n.key}: {n.text}" for n in found.notes if n.missing]
    lines += [f"guessed: {n.key}: {n.text}" for n in found.notes if not n.missing]
    lines += [f"could not be read: {u.action} ({u.code})" for u in found.unavailable]
    return [*lines, f"Next: {typed} run{'' if _only(file) else f' --environment {file}'}"]


def _only(file: Path) -> bool:
    """Return whether commands take this environment here without its name."""
    try:
        return file_of(ONLY).resolve() == file.resolve()
    except configs.ConfigError:
        return False
