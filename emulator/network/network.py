"""Resolve names and route connections of tasks and load balancers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from emulator.elbv2.nodes import balancer_at
from emulator.network import groups
from emulator.network.addresses import in_vpc, loopback
from emulator.network.blackhole import Blackhole
from emulator.network.resolver import Resolver
from emulator.network.sources import Sources, is_internal, is_private, public_addresses
from emulator.network.way import services, way

Place = tuple[str, int]
LOCALHOST = "127.0.0.1"
# all services have one address here; what a platform's tasks call at run time is mostly S3
OWN_CALLS = "s3"


class Network:
    """Answers tasks by UDP and JSON before they connect or resolve a name."""

    def __init__(self, sources: Sources | None = None) -> None:
        self.sources = sources or Sources()
        # where the VPC's own clients reach the listener that is served at a place, and its port
        self.inside: Callable[[Place], Place] = lambda place: place
        self.port_of: Callable[[Place], int | None] = lambda _: None
        self.resolver = Resolver()
        self._hole = Blackhole()
        self._edges: dict[Place, Place] = {}
        self._outside: set[Place] = set()
        self.silent: set[str] = set()  # addresses whose machine is off: nothing answers
        self._api: Place | None = None
        self._elsewhere: dict[Place, Place] = {}
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Open the black hole and the question port."""
        self._hole.start()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOCALHOST, 0))
        self._thread = threading.Thread(target=self._serve, name="network", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close both; later requests of tasks get no answer."""
        if self._socket is not None:
            asking, self._socket = self._socket, None
            asking.sendto(b"", asking.getsockname())  # wakes the thread
            if self._thread is not None:
                self._thread.join(2)
            asking.close()
        self._hole.stop()

    @property
    def question_address(self) -> str:
        """Return the address for tasks' requests as host:port."""
        if self._socket is None:
            raise RuntimeError("the network is not started")
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    @property
    def blackhole(self) -> Place:
        """Return the address where connections hang."""
        return self._hole.address

    def register_edge(self, host: str, port: int, place: Place) -> None:
        """Route a public host's port to a balancer's listener at (address, edge port)."""
        address = in_vpc(place[0])
        self.resolver.register(host, address)
        self._edges[(address, port)] = (loopback(address), place[1])

    def register_name(self, name: str, address: str) -> None:
        """Let an endpoint's name (cache, database) resolve to an address of the VPC."""
        self.resolver.register(name, address)

    def register_outside(self, host: str, address: str, places: Mapping[int, Place]) -> None:
        """Let a host lead to an address of the internet, whose ports are served at places."""
        self.resolver.register(host, address)
        self._elsewhere.update({(address, port): place for port, place in places.items()})

    def let_through(self, place: Place) -> None:
        """Let tasks reach an address that is no network's, such as that of their credentials."""
        self._outside.add(place)

    def serve_api(self, place: Place) -> None:
        """Say where the emulated AWS API is, to which a task needs a way."""
        self._api = place

    def allowed(self, from_groups: list[str], from_address: str, to_ip: str, port: int) -> bool:
        """Return whether a balancer with these groups at an address reaches another address."""
        target = groups.owner_groups(to_ip)
        return (
            target is not None
            and groups.permitted(from_groups, from_address, target, to_ip, port)
            and way.between(from_address, to_ip, port)
        )

    def seen(self, source: str, balancer: Any) -> tuple[str, list[str]] | None:
        """Return the address and groups with which a balancer sees a source; None: no way leads."""
        if is_internal(balancer):
            return (source, groups.owner_groups(source) or []) if is_private(source) else None
        if is_private(source):
            return public_addresses().get(source, self.sources.nat), []
        return source, []

    def admitted(self, balancer: Any, address: str, port: int, source: str) -> bool:
        """Return whether a source's way leads to a balancer that lets it in; no groups admit it."""
        seen, theirs = self.seen(source, balancer), list(balancer.security_groups or [])
        if seen is None:
            return False
        if theirs and not groups.permitted(seen[1], seen[0], theirs, address, port):
            return False
        if is_internal(balancer):
            return way.between(source, address, port)
        leaves = not is_private(source) or way.out(source, port)
        return leaves and way.into(address, port, seen[0])

    def route(self, source: str, to: str, port: int) -> Place:
        """Return the real address for a task's connection, or the black hole if it is blocked."""
        if (to, port) in self._outside:
            return (to, port)
        if (to, port) == self._api:
            return (to, port) if services.to_service(source, OWN_CALLS) else self.blackhole
        if to.startswith("127.0.0.") or to == "0.0.0.0":
            return (loopback(source), port)  # a task's localhost is its own
        if place := self._elsewhere.get((to, port)):
            return place if services.to_internet(source, port, to) else self.blackhole
        target = in_vpc(to)
        served = self.port_of((to, port)) if target != to else None
        if served is not None:
            return self._route_to_edge(source, target, served, (to, port))
        edge = self._edges.get((target, port))
        if edge or groups.balancer_groups(target) is not None:
            return self._route_to_edge(source, target, port, edge or (loopback(target), port))
        mine, theirs = groups.owner_groups(source) or [], groups.owner_groups(target)
        if (
            target in self.silent
            or theirs is None
            or not groups.permitted(mine, source, theirs, target, port)
        ):
            return self.blackhole
        return (loopback(target), port) if way.between(source, target, port) else self.blackhole

    def _route_to_edge(self, source: str, target: str, port: int, edge: Place) -> Place:
        """Route to a balancer, whose groups see what `seen` says; egress is the source's own."""
        balancer = balancer_at(target)
        if balancer is None or not self.admitted(balancer, target, port, source):
            return self.blackhole
        mine = groups.owner_groups(source) or []
        if not is_internal(balancer) and not groups.let_out_to_internet(mine, port):
            return self.blackhole
        return self.inside(edge)

    def doors(self, balancer: Any, address: str, port: int) -> list[dict[str, Any]]:
        """Return each client that is no task: its name, the address seen, and if it gets in."""
        found = []
        for name, source in self.sources.all.items():
            seen = self.seen(source, balancer)
            admitted = self.admitted(balancer, address, port, source)
            address_seen = source if seen is None else seen[0]
            found.append({"name": name, "address": address_seen, "admitted": admitted})
        return found

    def outside(self, balancer: Any) -> dict[str, Any]:
        """Return how a balancer sees addresses of the VPC: the NAT's, or those that are public."""
        if is_internal(balancer):
            return {"nat": "", "public": {}}
        return {"nat": self.sources.nat, "public": public_addresses()}

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one request of a task's shim."""
        if question.get("ask") == "resolve":
            return {"addresses": self.resolver.resolve(str(question.get("name")))}
        source, to = str(question.get("from")), str(question.get("to"))
        return {"to": list(self.route(source, to, int(question.get("port") or 0)))}

    def _serve(self) -> None:
        asking = self._socket
        while asking is not None and self._socket is asking:
            data, peer = asking.recvfrom(4096)
            if not data:
                continue
            try:
                reply = self.answer(json.loads(data))
            except Exception as error:
                reply = {"error": f"{type(error).__name__}: {error}"}
            asking.sendto(json.dumps(reply).encode(), peer)
