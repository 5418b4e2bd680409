"""The state file of a running twin."""

from __future__ import annotations

from pathlib import Path

import msgspec

from emulator import state

DEFAULT_STATE_FILE = Path(".sandbox/state.json")


class ServiceState(msgspec.Struct, frozen=True, kw_only=True):
    """One process of the twin; port is the container's own."""

    pid: int
    port: int
    address: str = ""


class State(state.State, frozen=True, kw_only=True):
    """Everything a client of the twin needs to know."""

    control_url: str
    edge_url: dict[str, str]  # host -> base URL on this machine
    edge: dict[str, dict[str, int | str]]  # host -> address and ports of its balancer
    ca_bundle: str
    environment_file: str
    services: dict[str, ServiceState]
    world: str = "classic"


def read(path: Path) -> State:
    """Read the state of a running twin; raises StateError with one line."""
    return state.read(path, State, "a sandbox")
