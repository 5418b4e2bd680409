"""Bring a twin up, tell the world where it is, wait, and leave nothing behind."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import click

from emulator import supervisor
from emulator.settings import ACCOUNT, REGION
from sandbox import environment, state
from sandbox.control import Control
from sandbox.state import ServiceState, State
from sandbox.twin import Twin

START_TIMEOUT_S = 120.0  # a busy machine takes its time; an idle one needs a tenth


class PortTakenError(Exception):
    """An address that the twin needs is in use."""


def run(
    state_file: Path, fault_ids: Sequence[str], *, speed: float, pace: float, aws_port: int
) -> None:
    """Run a twin until a signal ends it.

    Raises PortTakenError, with one line for people, when an address is in use.
    """
    ended = threading.Event()
    ends = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup sets it
        ends.append(signal.SIGHUP)
    for number in ends:
        signal.signal(number, lambda *_: ended.set())
    supervisor.sweep()
    began = time.monotonic()
    twin = Twin(speed=speed, pace=pace, aws_port=aws_port)
    control: Control | None = None
    try:
        _start(twin)
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
        _remove(state_file)
        if control is not None:
            control.stop()
        twin.stop()


def _start(twin: Twin) -> None:
    try:
        twin.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(f"a port that the sandbox needs is in use: {error}") from error
        raise


def describe(twin: Twin, control_url: str) -> State:
    """The state file's content."""
    edges = twin.edges()
    environment_file = twin.folder / "environment.toml"
    environment.write(
        environment_file,
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
        region=REGION,
        account=ACCOUNT,
        aws=state.Credentials(),
        edge_url={
            host: f"https://{places[443][0]}:{places[443][1]}"
            for host, places in edges.items()
            if 443 in places
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
    )


def _ready_line(state_file: Path, seconds: float) -> str:
    return f"sandbox ready after {seconds:.1f} s, state in {state_file}"


def _remove(state_file: Path) -> None:
    """Remove the state file if it is ours."""
    try:
        if state.read(state_file).pid == os.getpid():
            state_file.unlink()
    except (state.StateError, OSError):
        return
