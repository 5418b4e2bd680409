"""The front before the load balancers of a world that has one: its process and its places."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from emulator.network.addresses import loopback
from emulator.supervisor import Supervisor
from sandbox.seed.authority import Authority, Material
from sandbox.services.front import HTTP_PORT, HTTPS_PORT
from sandbox.world.world import World

FRONT = "front"
Place = tuple[str, int]


def places(world: World) -> dict[int, Place]:
    """Return where the front serves on this machine: public port -> (address, port)."""
    here = loopback(world.clients.front_machine)
    return {443: (here, HTTPS_PORT), 80: (here, HTTP_PORT)}


def start(world: World, folder: Path, supervisor: Supervisor, authority: Authority) -> None:
    """Start the front's process; its origins are told later."""
    material: Material = authority.platform()
    for name, content in (
        ("front.pem", material.key + material.certificate),
        ("front-ca.pem", authority.bundle),
    ):
        handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    options = ["--host", loopback(world.clients.front_machine), "--data", str(folder)]
    argv = [sys.executable, "-m", "sandbox.services.front", *options]
    supervisor.start(FRONT, argv, {"PYTHONUNBUFFERED": "1"})


def tell(folder: Path, origins: dict[str, Place]) -> None:
    """Tell the front where the balancer of each host is."""
    temporary = folder / ".front.json"
    temporary.write_text(json.dumps({"origins": origins}))
    temporary.replace(folder / "front.json")
