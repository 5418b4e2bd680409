"""The CDK app: read every environment, build its bundle and add its stack."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import aws_cdk as cdk
from aws_cdk import aws_lambda as lam

from canary.config import ConfigError, load
from canary.config.aws_limits import stack_problems
from canary.config.home import find

from . import bundle
from .collisions import OneStack, collisions
from .nag import add_rules
from .network import egress_note
from .parts import Build
from .stack import CanaryStack, stack_name

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Synthesize; a wrong file ends the app with its problems on stderr and exit status 2."""
    settings = json.loads((ROOT / "cdk.json").read_text())["context"]
    # without the CDK's command line the CDK would write into an unknown temporary folder
    app = cdk.App(context=settings, outdir=os.environ.get("CDK_OUTDIR") or "cdk.out")
    stacks: dict[str, CanaryStack] = {}
    try:
        for file in environment_files(app.node.try_get_context("environments")):
            stacks[file.name] = _add_or_name(app, file)
    except (ConfigError, ValueError, bundle.BundleError) as error:
        _end(str(error))
    add_rules(app)
    shared = collisions(_stacks(app.synth(), stacks))
    if shared:
        _end("\n".join(shared))


def _end(problem: str) -> NoReturn:
    print(problem, file=sys.stderr)
    sys.exit(2)


def _stacks(
    assembly: cdk.cx_api.CloudAssembly, stacks: dict[str, CanaryStack]
) -> Iterator[OneStack]:
    for file, stack in stacks.items():
        template = Path(assembly.directory, stack.template_file)
        yield OneStack(
            file=file,
            account=stack.account,
            region=stack.region,
            template=json.loads(template.read_text(encoding="utf-8")),
        )


def environment_files(place: str | None) -> list[Path]:
    """Return the environment files of a folder, or the one file; without a place, of the home."""
    if not place:
        return list(find(os.environ.get("CANARY_HOME", ""), "CANARY_HOME", ROOT).files)
    path = Path(place)
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{path}: no environment file (*.toml) here")
    return files


def _add_or_name(app: cdk.App, file: Path) -> CanaryStack:
    """Add an environment; a problem is reported with the name of its file."""
    try:
        return add_environment(app, file)
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error


def add_environment(app: cdk.App, file: Path) -> CanaryStack:
    """Add the stack of one environment file."""
    config = load(str(file))
    lacking = [f"{file.name}: {problem}" for problem in stack_problems(config.environment)]
    if lacking:
        raise ConfigError(lacking)
    deployment = config.environment.deployment
    target = bundle.Target(
        architecture=app.node.try_get_context("architecture") or deployment.architecture,
        python=app.node.try_get_context("python") or "3.13",
    )
    if app.node.try_find_child(stack_name(config.environment)):
        raise ValueError(f"name: {config.environment.name} is also the name in another file")
    folder = bundle.ensure(target, file)
    print(egress_note(config.environment), file=sys.stderr)
    build = Build(
        code=lam.Code.from_asset(str(folder)),
        architecture=target.architecture,
        python=target.python,
    )
    return CanaryStack(app, config, build, _synthesizer(app))


def _synthesizer(app: cdk.App) -> cdk.IStackSynthesizer:
    # the emulator cannot resolve the rule's parameter on an update (KeyError: BootstrapVersion)
    checked = app.node.try_get_context("bootstrap-version-rule") != "false"
    return cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=checked)
