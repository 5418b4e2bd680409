"""One twin: everything that `up` starts, in order, and how it is ended, settled and healed."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from emulator import block, supervisor
from emulator.aws.endpoint import Endpoint
from emulator.balancer.process import Balancer
from emulator.ecs.agent import Agent
from emulator.elbv2.target_health import HEALTH
from emulator.heal import snapshot
from emulator.loops import Loops
from emulator.network.network import Network
from emulator.publisher import Publisher, record
from emulator.server import AwsServer
from emulator.settings import MARKER
from sandbox import buckets, names
from sandbox.dataplane import Dataplane
from sandbox.seed import definitions
from sandbox.seed.authority import Authority
from sandbox.seed.platform import Platform, build

SETTLE_LOOK_S = 0.05
STOP_S = 5.0  # for an orderly end; then every process of the twin is killed
log = logging.getLogger(__name__)


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How a wait for steadiness ended."""

    steady: bool
    seconds: float
    waiting_for: list[str] = []


class Twin:
    """A running twin; start it from a thread that lives as long as it does."""

    def __init__(self, *, speed: float = 30.0, pace: float = 1.0, aws_port: int = 0) -> None:
        self.speed = speed
        self.pace = pace
        self.id = supervisor.twin_id()
        self._block = block.claim()
        self.folder = supervisor.twin_folder(self.id)
        self.log_dir = self.folder / "log"
        self.log_dir.mkdir()
        self.ca_file = self.folder / "ca.pem"
        self.authority = Authority()
        self.network = Network()
        self._server = AwsServer(aws_port)
        self._supervisor = supervisor.Supervisor(self.id, self.log_dir)
        self.dataplane = Dataplane(self.folder, self._supervisor)
        self._stops: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        self.planted: list[str] = []
        self.undo: list[Callable[[], object]] = []

    def start(self) -> None:
        """Start every part; what was started is stopped again if a part fails."""
        os.environ[MARKER] = self.id  # every child inherits it
        try:
            self._start_control_plane()
            self._start_data_plane()
        except BaseException:
            self.stop()
            raise

    def _start_control_plane(self) -> None:
        HEALTH.speed = self.speed
        HEALTH.forget()
        self.aws: Endpoint = self._server.start()
        self._stops.append(self._server.stop)
        self.ca_file.write_bytes(self.authority.bundle)
        self.platform: Platform = build(self.aws, self.authority)
        self.loops = Loops(self.aws, self.pace, self.folder / "lambda")
        self._stops.append(self.loops.stop)

    def _start_data_plane(self) -> None:
        self.dataplane.prepare(self.platform)
        self.network.start()
        self._stops.append(self.network.stop)
        self.dataplane.start()
        self._stops.append(self._supervisor.stop)
        self._balancer = Balancer(self.log_dir, record, self.loops.request)
        self._balancer.start()
        self._stops.append(self._balancer.stop)
        self._publisher = Publisher(
            self._balancer.publish, self.speed, self.network.allowed, self.network.admitted
        )
        self._publisher.start()
        self._stops.append(self._publisher.stop)
        if not self._balancer.applied(30.0):
            raise RuntimeError(f"the balancer does not serve, see {self.log_dir}")
        self._name_places()
        self.dataplane.ready()
        self.pristine, self.buckets = snapshot.take(), buckets.take()
        self.agent = Agent(
            self.aws, self.log_dir, self.speed, self.network, repositories=definitions.IMAGES
        )
        self.agent.start()
        self._stops.append(self.agent.stop)
        self.loops.start()

    def _name_places(self) -> None:
        """Tell the network where public hosts and endpoints are."""
        for host, places in self.edges().items():
            for port, place in places.items():
                self.network.register_edge(host, port, place)
        self.network.register_name(names.REDIS_ENDPOINT, names.REDIS_ADDRESS)
        self.network.register_name(names.DATABASE_ENDPOINT, names.DATABASE_ADDRESS)
        host, _, aws_port = self.aws.url.removeprefix("http://").partition(":")
        self.network.let_through((host, int(aws_port)))

    def edges(self) -> dict[str, dict[int, tuple[str, int]]]:
        """Where each public host's ports are served: host -> port -> (address, edge port)."""
        arns = self.platform.balancers.balancers
        ports = self._balancer.edge_ports
        return {
            host: {
                port: ports[(arns[name], port)] for port in (80, 443) if (arns[name], port) in ports
            }
            for host, name in names.HOST_BALANCERS.items()
        }

    def settle(self, timeout_s: float = 30.0) -> Settled:
        """Wait until every change is acted on and every health check is at its verdict."""
        began = time.monotonic()
        self.agent.notice()
        waiting: list[str] = []
        while time.monotonic() - began < timeout_s:
            waiting = self._unsteady(began)
            if not waiting:
                self.agent.notice()  # what one part did last, another may yet have to notice
                waiting = self._unsteady(began)
                if not waiting:
                    return Settled(steady=True, seconds=time.monotonic() - began)
            time.sleep(SETTLE_LOOK_S)
        return Settled(steady=False, seconds=time.monotonic() - began, waiting_for=waiting)

    def _unsteady(self, began: float) -> list[str]:
        found = []
        if self._publisher.look():
            found.append("routing changed just now")
        if not self.agent.steady():
            found.append("ECS services are moving")
        if not self._balancer.steady(after=began):  # a process may have died just before
            found.append("health checks have no verdict yet")
        return found

    def heal(self) -> None:
        """Bring the healthy platform back and let every task start anew."""
        with self._lock:
            self.agent.stop()
            snapshot.lay_over(self.pristine)
            HEALTH.forget()
            self._take_away()
            buckets.restore(self.buckets)
            self.dataplane.restore()
            self.dataplane.revive()
            self._name_places()
            self.agent.reset()
            self.agent.start()
            self.planted.clear()

    def _take_away(self) -> None:
        """Remove what faults made beside the platform; what is gone already is fine."""
        while self.undo:
            with contextlib.suppress(Exception):
                self.undo.pop()()

    def keep_databases(self) -> None:
        """Make what the first start migrated part of the healthy platform."""
        self.dataplane.keep(names.DATABASE_NAME)

    def services(self) -> dict[str, dict[str, Any]]:
        """The processes of the twin by name."""
        found: dict[str, dict[str, Any]] = {
            name: {"pid": child.pid, "port": port}
            for name, child, port in (
                ("redis", self._supervisor.children["redis"], names.REDIS_PORT),
                ("database", self._supervisor.children["database"], names.DATABASE_PORT),
            )
        }
        if self._balancer.pid is not None:
            found["balancer"] = {"pid": self._balancer.pid, "port": 443}
        found.update(
            {names.DISCOVERY_NAMES.get(n, n): task for n, task in self.agent.processes().items()}
        )
        return found

    def stop(self) -> None:
        """End everything, in reverse order; a part that does not stop does not keep the rest."""
        orderly = threading.Thread(target=self._stop_parts, name="stop", daemon=True)
        orderly.start()
        orderly.join(STOP_S)
        supervisor.kill_marked(self.id)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._block.close()

    def _stop_parts(self) -> None:
        while self._stops:
            with contextlib.suppress(Exception):
                self._stops.pop()()
