"""The front before the load balancers of a world that has one: its process and its places."""

from __future__ import annotations

import json
import sys

from emulator.network.addresses import loopback
from emulator.supervisor import Supervisor
from sandbox.dataplane import Dataplane
from sandbox.seed.authority import Authority, Material
from sandbox.services.front import HTTP_PORT, HTTPS_PORT
from sandbox.world.world import World

FRONT = "front"
Place = tuple[str, int]


def places(world: World) -> dict[int, Place]:
    """Return where the front serves on this machine: public port -> (address, port)."""
    here = loopback(world.clients.front_machine)
    return {443: (here, HTTPS_PORT), 80: (here, HTTP_PORT)}


def start(world: World, data: Dataplane, supervisor: Supervisor, authority: Authority) -> None:
    """Start the front's process; its origins are told later."""
    material: Material = authority.platform()
    data.put("front.pem", (material.key + material.certificate).decode())
    data.put("front-ca.pem", authority.bundle.decode())
    options = ["--host", loopback(world.clients.front_machine), "--data", str(data.folder)]
    argv = [sys.executable, "-m", "sandbox.services.front", *options]
    supervisor.start(FRONT, argv, {"PYTHONUNBUFFERED": "1"})


def tell(data: Dataplane, origins: dict[str, Place]) -> None:
    """Tell the front where the balancer of each host is."""
    data.put("front.json", json.dumps({"origins": origins}))
