"""An emulated AWS account with its API, network, load balancers and tasks."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping

import msgspec

from emulator import lambda_host, loopback_block, supervisor
from emulator.alarms.loop import AlarmLoop
from emulator.aws.endpoint import Endpoint
from emulator.balancer.process import Balancer
from emulator.ecs.agent import Agent
from emulator.ecs.images import Image
from emulator.elbv2.target_health import HEALTH
from emulator.metrics import access
from emulator.network.network import Network
from emulator.network.sources import INTERNET, Sources
from emulator.publisher import Publisher, record
from emulator.scheduler.loop import SchedulerLoop
from emulator.server import AwsServer
from emulator.settings import ACCOUNT, MARKER, REGION
from emulator.waf.samples import SAMPLES

SETTLE_LOOK_S = 0.05
STOP_S = 5.0  # for an orderly end; then every process of the account is killed


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """Result of waiting until the account is steady."""

    steady: bool
    seconds: float
    waiting_for: list[str] = []


class ServedListener(msgspec.Struct, frozen=True, kw_only=True):
    """An open listener of a load balancer."""

    balancer: str  # its name
    dns_name: str
    port: int
    protocol: str
    place: tuple[str, int]  # address and port on this machine, for a client of the internet
    doors: dict[str, tuple[str, int]] = {}  # the same for each client by its name


class Account:
    """A running account; start it from a thread that lives as long as it does.

    speed divides AWS's health check intervals, delays and back-off; pace divides the periods of
    alarms and schedules. They are apart, because a function that is scheduled each minute cannot
    run every two seconds. repositories holds the images of the account's registry; sources the
    addresses of clients, and of the NAT.
    """

    def __init__(
        self,
        *,
        speed: float = 30.0,
        pace: float = 1.0,
        aws_port: int = 0,
        first_block: int = 1,
        repositories: Mapping[str, Image] | None = None,
        sources: Sources | None = None,
    ) -> None:
        self.speed, self.pace = speed, pace
        self.id = supervisor.twin_id()
        self._block = loopback_block.claim(first_block)
        self.folder = supervisor.twin_folder(self.id)
        self.log_dir = self.folder / "log"
        self.log_dir.mkdir()
        self.network = Network(sources)
        self._server = AwsServer(aws_port)
        self._repositories = repositories or {}
        self._stops: list[Callable[[], None]] = []

    def start(self) -> None:
        """Start every part; if one fails, stop the others again."""
        os.environ[MARKER] = self.id  # every child inherits it
        try:
            self._start_parts()
        except BaseException:
            self.stop()
            raise

    def _start_parts(self) -> None:
        self._start_api()
        self._start_balancer()
        self._start_tasks()

    def _start_api(self) -> None:
        HEALTH.speed = self.speed
        HEALTH.forget()
        SAMPLES.forget()
        self.aws: Endpoint = self._server.start()
        self._stops.append(self._server.stop)

    def _start_balancer(self) -> None:
        self.network.start()
        self._stops.append(self.network.stop)
        self._balancer = Balancer(self.log_dir, record, access.record, SAMPLES.record)
        self._balancer.start()
        self._stops.append(self._balancer.stop)
        self._publisher = Publisher(
            self._balancer.publish,
            self.speed,
            self.network.allowed,
            self.network.doors,
            self.network.outside,
        )
        self.network.inside, self.network.port_of = self._balancer.inside, self._balancer.port_of
        self._publisher.start()
        self._stops.append(self._publisher.stop)
        if not self._balancer.applied(30.0):
            raise RuntimeError(f"the balancer does not serve, see {self.log_dir}")

    def _start_tasks(self) -> None:
        work_dir = self.folder / "lambda"
        work_dir.mkdir()
        host = lambda_host.install(
            self.aws,
            speed=self.pace,
            work_dir=work_dir,
            network=self.network.question_address,
        )
        self._stops.append(host.stop)
        self.agent = Agent(
            self.aws, self.log_dir, self.speed, self.network, repositories=self._repositories
        )
        self.agent.start()
        self._stops.append(self.agent.stop)
        for loop in (AlarmLoop(speed=self.pace), SchedulerLoop(speed=self.pace)):
            loop.start()
            self._stops.append(loop.stop)

    def listeners(self) -> list[ServedListener]:
        """Return the open listeners and where each is served on this machine."""
        from moto.elbv2.models import elbv2_backends

        served = self._balancer.doors
        return [
            ServedListener(
                balancer=balancer.name,
                dns_name=balancer.dns_name,
                port=int(listener.port),
                protocol=listener.protocol,
                place=served[(balancer.arn, int(listener.port))][INTERNET],
                doors=served[(balancer.arn, int(listener.port))],
            )
            for balancer in list(elbv2_backends[ACCOUNT][REGION].load_balancers.values())
            for listener in list(balancer.listeners.values())
            if (balancer.arn, int(listener.port)) in served
        ]

    def settle(self, timeout_s: float = 30.0) -> Settled:
        """Wait until every change has taken effect and every health check has its verdict."""
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

    def stop(self) -> None:
        """Stop every part in reverse order, within a time limit, then kill what is left."""
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
