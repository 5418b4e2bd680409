"""Run an empty account until a signal ends it, and leave nothing behind."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from pathlib import Path

import click
import msgspec

from emulator import state, supervisor
from emulator.account import Account
from emulator.network.sources import Sources
from emulator.state import State

LOOK_S = 0.2


class PortTakenError(Exception):
    """A port that the account needs is in use."""


class AccountState(State, frozen=True, kw_only=True):
    """The state of an account of the emulator."""

    # load balancer's name -> listener's port -> URL on this machine
    edge: dict[str, dict[int, str]]
    # client's name -> load balancer's name -> listener's port -> URL on this machine
    doors: dict[str, dict[str, dict[int, str]]] = msgspec.field(default_factory=dict)


def run(
    state_file: Path,
    *,
    speed: float,
    pace: float,
    aws_port: int,
    sources: Sources | None = None,
) -> None:
    """Run an empty account until a signal ends it.

    Raises PortTakenError, with one line for people, when an address is in use.
    """
    ended = end_signal()
    supervisor.sweep()
    began = time.monotonic()
    account = Account(speed=speed, pace=pace, aws_port=aws_port, sources=sources)
    try:
        start(account)
        shown = describe(account)
        state.write(state_file.absolute(), shown)
        seconds = time.monotonic() - began
        click.echo(f"emulator ready after {seconds:.1f} s, state in {state_file}")
        click.echo(exports(shown))
        while not ended.wait(LOOK_S):
            if (edge := serve_names(account)) != shown.edge:
                shown = msgspec.structs.replace(shown, edge=edge, doors=doors(account))
                state.write(state_file.absolute(), shown)
    finally:
        state.remove(state_file)
        account.stop()


def end_signal() -> threading.Event:
    """Return an event that the signals which end a program set."""
    ended = threading.Event()
    ends = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup sets it
        ends.append(signal.SIGHUP)
    for number in ends:
        signal.signal(number, lambda *_: ended.set())
    return ended


def start(account: Account) -> None:
    """Start an account; raises PortTakenError when an address is in use."""
    try:
        account.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(f"a port that is needed is in use: {error}") from error
        raise


def describe(account: Account) -> AccountState:
    """Return the content of the state file."""
    return AccountState(
        pid=os.getpid(),
        twin=account.id,
        aws_endpoint_url=account.aws.url,
        log_dir=str(account.log_dir),
        speed=account.speed,
        edge=serve_names(account),
        doors=doors(account),
    )


def serve_names(account: Account) -> dict[str, dict[int, str]]:
    """Let tasks resolve the balancers' DNS names; return the URL of each listener by port."""
    found: dict[str, dict[int, str]] = {}
    for listener in account.listeners():
        account.network.register_edge(listener.dns_name, listener.port, listener.place)
        address, edge_port = listener.place
        url = f"{listener.protocol.lower()}://{address}:{edge_port}"
        found.setdefault(listener.balancer, {})[listener.port] = url
    return found


def doors(account: Account) -> dict[str, dict[str, dict[int, str]]]:
    """Return the URL of each listener for each client that the account names."""
    found: dict[str, dict[str, dict[int, str]]] = {}
    for listener in account.listeners():
        for name in account.network.sources.named:
            if place := listener.doors.get(name):
                url = f"{listener.protocol.lower()}://{place[0]}:{place[1]}"
                found.setdefault(name, {}).setdefault(listener.balancer, {})[listener.port] = url
    return found


def exports(shown: State) -> str:
    """Return the shell line with which the AWS CLI and the SDKs use the account."""
    variables = {
        "AWS_ENDPOINT_URL": shown.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": shown.aws.access_key_id,
        "AWS_SECRET_ACCESS_KEY": shown.aws.secret_access_key,
        "AWS_DEFAULT_REGION": shown.region,
    }
    return "export " + " ".join(f"{name}={value}" for name, value in variables.items())
