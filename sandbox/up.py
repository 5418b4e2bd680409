"""Run a twin until a signal ends it, and leave nothing behind."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import click

from emulator import state, supervisor
from emulator.up import end_signal, start
from sandbox import environment
from sandbox.control import Control
from sandbox.state import ServiceState, State
from sandbox.twin import Twin
from sandbox.world.world import World

START_TIMEOUT_S = 120.0  # a busy machine takes its time; an idle one needs a tenth


def run(
    state_file: Path,
    fault_ids: Sequence[str],
    *,
    speed: float,
    pace: float,
    aws_port: int,
    as_found: bool = False,
    world: World | None = None,
) -> None:
    """Run a twin until a signal ends it.

    Raises PortTakenError, with one line for people, when an address is in use.
    """
    ended = end_signal()
    supervisor.sweep()
    began = time.monotonic()
    twin = Twin(speed=speed, pace=pace, aws_port=aws_port, as_found=as_found, world=world)
    control: Control | None = None
    try:
        start(twin)
        control = Control(twin)
        control.start()
        settled = twin.settle(START_TIMEOUT_S)
        if not settled.steady:
            click.echo(f"not steady yet: {', '.join(settled.waiting_for)}", err=True)
        twin.keep_databases()
        for ident in fault_ids:
            control.plant(ident)
        state.write(state_file.absolute(), describe(twin, control.url))
        click.echo(_ready_line(state_file, time.monotonic() - began))
        ended.wait()
    finally:
        state.remove(state_file)
        if control is not None:
            control.stop()
        twin.stop()


def describe(twin: Twin, control_url: str) -> State:
    """Return the state file's content."""
    edges = twin.edges()
    environment_file = twin.folder / "environment.toml"
    environment.write(
        environment_file,
        twin.world,
        aws_endpoint_url=twin.aws.url,
        ca_bundle=twin.ca_file,
        edges=edges,
        vpc=twin.platform.vpc,
    )
    return State(
        pid=os.getpid(),
        twin=twin.id,
        control_url=control_url,
        aws_endpoint_url=twin.aws.url,
        edge_url={
            host: f"{serving.scheme}://{':'.join(map(str, places[serving.port]))}"
            for host, places in edges.items()
            if (serving := twin.world.serving(host)).port in places
        },
        edge={
            host: {str(port): f"{place[0]}:{place[1]}" for port, place in places.items()}
            for host, places in edges.items()
        },
        ca_bundle=str(twin.ca_file),
        environment_file=str(environment_file),
        log_dir=str(twin.log_dir),
        services={
            name: ServiceState(
                pid=found["pid"], port=found["port"], address=str(found.get("address", ""))
            )
            for name, found in twin.services().items()
        },
        speed=twin.speed,
        world=twin.world.file or twin.world.name,
    )


def _ready_line(state_file: Path, seconds: float) -> str:
    return f"sandbox ready after {seconds:.1f} s, state in {state_file}"
