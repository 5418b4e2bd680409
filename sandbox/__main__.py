"""Command line of the sandbox."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
import urllib3

from emulator.command_line import Number, claimed, fail, run, speed_options
from emulator.state import StateError
from sandbox import client, state
from sandbox.state import DEFAULT_STATE_FILE, State
from sandbox.world.load import CLASSIC, WorldError, known, load
from sandbox.world.world import World

PROGRAM = "sandbox"
NOT_STEADY = 1

state_option = click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_STATE_FILE,
    show_default=True,
    help="The twin's state file.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run a small copy of the platform on this machine, break it and heal it."""


@main.command()
@state_option
@click.option("--fault", "fault_ids", multiple=True, metavar="ID", help="Plant a fault at start.")
@click.option(
    "--as-found", is_flag=True, help="Start the platform with the faults that its own code has."
)
@click.option(
    "--world",
    "world_name",
    default=CLASSIC,
    show_default=True,
    metavar="NAME",
    help="The shape of the platform; `worlds` lists them. A path that ends in .toml is read.",
)
@speed_options
def up(
    state_file: Path,
    fault_ids: tuple[str, ...],
    as_found: bool,
    world_name: str,
    speed: float,
    pace: float,
    aws_port: int,
) -> None:
    """Start everything and stay until SIGINT or SIGTERM."""
    _refuse_unknown(fault_ids)
    world = _world(world_name)
    _refuse_inexpressible(world, fault_ids)
    _as_account(world)
    with claimed(state_file, state.read, PROGRAM):
        from emulator.loopback_block import NoBlockError
        from emulator.up import PortTakenError
        from sandbox import up

        try:
            up.run(
                state_file,
                fault_ids,
                speed=speed,
                pace=pace,
                aws_port=aws_port,
                as_found=as_found,
                world=world,
            )
        except (PortTakenError, NoBlockError) as error:
            fail(PROGRAM, str(error))
    sys.stdout.flush()
    os._exit(0)  # all is cleaned up; a thread that lingers must not keep the process


@main.command()
@state_option
@click.option(
    "--timeout", type=Number(0), default=30.0, show_default=True, help="Seconds to wait at most."
)
def settle(state_file: Path, timeout: float) -> None:
    """Wait until the twin is steady, healthy or not."""
    answer = _send(_read(state_file), "settle", timeout + 10, timeout=timeout)
    if not answer["steady"]:
        click.echo(
            f"not steady after {answer['seconds']:.1f} s: {', '.join(answer['waiting_for'])}",
            err=True,
        )
        sys.exit(NOT_STEADY)
    click.echo(f"steady after {answer['seconds']:.1f} s")


@main.command("break")
@click.argument("fault_id", metavar="ID")
@state_option
def break_(fault_id: str, state_file: Path) -> None:
    """Plant a fault of the library."""
    running = _read(state_file)
    _refuse_unknown((fault_id,))
    _refuse_inexpressible(_world(running.world), (fault_id,))
    answer = _send(running, "break", 120, id=fault_id)
    click.echo(f"{fault_id}: {answer['sentence']}")


@main.command()
@state_option
def heal(state_file: Path) -> None:
    """Restore the healthy platform."""
    _send(_read(state_file), "heal", 120)
    click.echo("healed")


@main.command()
@click.option(
    "--world",
    "world_name",
    default=CLASSIC,
    show_default=True,
    metavar="NAME",
    help="Tell which faults this world cannot express.",
)
def faults(world_name: str) -> None:
    """List the fault library."""
    from sandbox.faults import FAULTS, inexpressible

    world = _world(world_name)
    width = max(len(ident) for ident in FAULTS)
    for fault in FAULTS.values():
        incident = f" (incident {fault.incident})" if fault.incident else ""
        why = inexpressible(world, fault.id)
        note = f" - not in {world.name}: {why}" if why else ""
        click.echo(f"{fault.id:<{width}}  {fault.sentence}{incident} [{fault.cause}]{note}")


@main.command()
def worlds() -> None:
    """List the worlds, a line each."""
    width = max(len(name) for name in known())
    for name in known():
        click.echo(f"{name:<{width}}  {load(name).sentence}")


def _read(state_file: Path) -> State:
    try:
        return state.read(state_file)
    except StateError as error:
        fail(PROGRAM, str(error))


def _send(running: State, command: str, timeout_s: float, **arguments: object) -> dict[str, Any]:
    try:
        return client.send(running, command, timeout_s, **arguments)
    except client.RefusedError as error:
        click.echo(f"sandbox: {command} failed: {error}", err=True)
        sys.exit(NOT_STEADY)
    except urllib3.exceptions.HTTPError as error:
        fail(
            PROGRAM, f"the sandbox at {running.control_url} does not answer: {type(error).__name__}"
        )


def _world(name: str) -> World:
    try:
        return load(name)
    except WorldError as error:
        fail(PROGRAM, str(error))


def _refuse_inexpressible(world: World, fault_ids: tuple[str, ...]) -> None:
    if not fault_ids:
        return
    from sandbox.faults import refusal

    if refused := refusal(world, fault_ids):
        fail(PROGRAM, refused)


def _as_account(world: World) -> None:
    """Start this command anew where the world has another account or region than this process.

    Both are read at import, by moto as well; the process keeps its id.
    """
    from emulator.settings import ACCOUNT, ACCOUNT_VARIABLE, REGION, REGION_VARIABLE

    if (world.account, world.region) == (ACCOUNT, REGION):
        return
    wanted = {ACCOUNT_VARIABLE: world.account, REGION_VARIABLE: world.region}
    os.execve(  # noqa: S606 - this very command, with two variables more
        sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **wanted}
    )


def _refuse_unknown(fault_ids: tuple[str, ...]) -> None:
    if not fault_ids:
        return
    from sandbox.faults import FAULTS

    for ident in fault_ids:
        if ident not in FAULTS:
            fail(PROGRAM, f"unknown fault {ident!r}; `python -m sandbox faults` lists them")


def command() -> None:
    """Run the command line, as an installed program."""
    run(main, PROGRAM)


if __name__ == "__main__":
    command()
