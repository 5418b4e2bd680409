"""A twin: an emulated account with the platform on it, which can be healed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from emulator.account import Account
from emulator.elbv2.target_health import HEALTH
from emulator.heal import snapshot
from emulator.network.sources import Sources
from emulator.stores import events
from emulator.supervisor import Supervisor
from sandbox import buckets, front
from sandbox.dataplane import Dataplane
from sandbox.seed import definitions
from sandbox.seed.authority import Authority, replace_certificate
from sandbox.seed.platform import Platform, build
from sandbox.stores import StoreFollower
from sandbox.world.load import load
from sandbox.world.world import World

CANARY = "canary"


def _sources(world: World) -> Sources:
    """Return where the clients of a world come from."""
    clients = world.clients
    named = {CANARY: clients.canary, front.FRONT: clients.front}
    return Sources(nat=clients.nat, named={n: a for n, a in named.items() if a})


class Twin(Account):
    """A running twin; start it from a thread that lives as long as it does."""

    def __init__(
        self,
        *,
        speed: float = 30.0,
        pace: float = 1.0,
        aws_port: int = 0,
        as_found: bool = False,
        world: World | None = None,
    ) -> None:
        self.world = world or load()
        super().__init__(
            speed=speed,
            pace=pace,
            aws_port=aws_port,
            first_block=0,
            repositories=definitions.images(self.world),
            sources=_sources(self.world),
        )
        self._as_found = as_found
        self.ca_file = self.folder / "ca.pem"
        self.authority = Authority(self.world)
        self._supervisor = Supervisor(self.id, self.log_dir)
        self.dataplane = Dataplane(self.world, self.folder, self._supervisor)
        self._lock = threading.RLock()
        self.planted: list[str] = []
        self.undo: list[Callable[[], object]] = []

    def _start_parts(self) -> None:
        self._start_api()
        self.ca_file.write_bytes(self.authority.bundle)
        self.platform: Platform = build(
            self.aws, self.authority, self.world, as_found=self._as_found
        )
        self.dataplane.prepare(self.platform, self.authority.issue(self.world.cache.endpoint))
        self.dataplane.start()
        self._stops.append(self._supervisor.stop)
        if self.world.clients.front:
            front.start(self.world, self.dataplane, self._supervisor, self.authority)
        self._start_balancer()
        self._name_places()
        self.dataplane.ready()
        self.pristine, self.buckets = snapshot.take(), buckets.take(self._buckets())
        self._start_tasks()
        self.stores = StoreFollower(self.world, self.dataplane, self.network)
        self.stores.start()
        self._stops.append(self.stores.stop)

    def _name_places(self) -> None:
        """Register the names of public hosts and endpoints in the network."""
        for host, places in self._doors(CANARY).items():
            for port, place in places.items():
                self.network.register_edge(host, port, place)
        if self.world.clients.front:
            self._name_front()
        for store in (self.world.cache, self.world.database):
            self.network.register_name(store.endpoint, store.address)

    def edges(self) -> dict[str, dict[int, tuple[str, int]]]:
        """Return where the canary reaches each host: host -> port -> (address, port)."""
        if self.world.clients.front:
            return {host: front.places(self.world) for host in self.world.hosts}
        return self._doors(CANARY)

    def _name_front(self) -> None:
        """Let the public hosts lead to the front, and the front to their balancers."""
        for host in self.world.hosts:
            name = self.world.clients.front_name
            self.network.register_outside(host, name, front.places(self.world))
        doors = self._doors(front.FRONT)
        origins = {host: doors[host][self.world.serving(host).port] for host in doors}
        front.tell(self.dataplane, origins)

    def _doors(self, client: str) -> dict[str, dict[int, tuple[str, int]]]:
        """Return where a client reaches the balancer of each host."""
        listeners = self.listeners()
        return {
            host: {
                one.port: one.doors.get(client, one.place)
                for one in listeners
                if one.balancer == self.world.balancers[balancer].name
            }
            for host, balancer in self.world.hosts.items()
        }

    def _buckets(self) -> tuple[str, ...]:
        return (self.world.artifact_bucket, self.world.report_bucket)

    def heal(self) -> None:
        """Restore the healthy platform and start every task again."""
        with self._lock:
            self.agent.stop()
            snapshot.lay_over(self.pristine)
            HEALTH.forget()
            events.forget()
            self.stores.forget()
            self._take_away()
            buckets.restore(self.buckets)
            self.dataplane.restore()
            self.dataplane.revive()
            self._name_places()
            self.agent.reset()
            self.agent.start()
            self.planted.clear()

    def renew(self) -> str:
        """Import new certificates in the place of all that are served; return the first ARN."""
        for name, arn in self.platform.balancers.certificates.items():
            zone = name == self.world.zone
            make = self.authority.platform if zone else partial(self.authority.of_host, name)
            replace_certificate(self.aws, make(valid_days=120, age_days=0), arn)
        return self.platform.certificate

    def _take_away(self) -> None:
        """Remove additions of faults; ignore those that are gone already."""
        while self.undo:
            with contextlib.suppress(Exception):
                self.undo.pop()()

    def keep_databases(self) -> None:
        """Make the migrated databases part of the healthy platform."""
        self.dataplane.keep(self.world.database.name)

    def services(self) -> dict[str, dict[str, Any]]:
        """Return the processes of the twin by name."""
        found: dict[str, dict[str, Any]] = {
            name: {"pid": child.pid, "port": port}
            for name, child, port in (
                ("redis", self._supervisor.children["redis"], self.world.cache.port),
                ("database", self._supervisor.children["database"], self.world.database.port),
            )
        }
        if self._balancer.pid is not None:
            found["balancer"] = {"pid": self._balancer.pid, "port": 443}
        parts = {service.name: part for part, service in self.world.services.items()}
        found.update({parts.get(n, n): task for n, task in self.agent.processes().items()})
        return found
