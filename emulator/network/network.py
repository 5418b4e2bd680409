"""Resolve names and route connections of tasks and load balancers."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

from emulator.network import groups
from emulator.network.addresses import NAT_ADDRESS, in_vpc, loopback
from emulator.network.blackhole import Blackhole
from emulator.network.resolver import Resolver

Place = tuple[str, int]
LOCALHOST = "127.0.0.1"


class Network:
    """Answers tasks by UDP and JSON before they connect or resolve a name."""

    def __init__(self) -> None:
        self.resolver = Resolver()
        self._hole = Blackhole()
        self._edges: dict[Place, Place] = {}
        self._outside: set[Place] = set()
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

    def let_through(self, place: Place) -> None:
        """Let tasks reach an address outside the VPC, such as the emulated AWS API."""
        self._outside.add(place)

    def allowed(self, from_groups: list[str], from_address: str, to_ip: str, port: int) -> bool:
        """Return whether a balancer with these groups at an address reaches another address."""
        target = groups.owner_groups(to_ip)
        return target is not None and groups.permitted(
            from_groups, from_address, target, to_ip, port
        )

    def admitted(self, balancer_groups: list[str], address: str, port: int) -> bool:
        """Return whether a balancer's security groups admit the internet; no groups admit it."""
        return not balancer_groups or groups.permitted(
            [], NAT_ADDRESS, balancer_groups, address, port
        )

    def route(self, source: str, to: str, port: int) -> Place:
        """Return the real address for a task's connection, or the black hole if it is blocked."""
        if (to, port) in self._outside:
            return (to, port)
        if to.startswith("127.0.0.") or to == "0.0.0.0":
            return (loopback(source), port)  # a task's localhost is its own
        target = in_vpc(to)
        mine = groups.owner_groups(source) or []
        if (target, port) in self._edges or groups.balancer_groups(target) is not None:
            return self._route_to_edge(mine, target, port)
        theirs = groups.owner_groups(target)
        if theirs is None or not groups.permitted(mine, source, theirs, target, port):
            return self.blackhole
        return (loopback(target), port)

    def _route_to_edge(self, mine: list[str], target: str, port: int) -> Place:
        """Route through NAT to a balancer: its groups see a public address."""
        theirs = groups.balancer_groups(target)
        if (
            theirs is None
            or not groups.let_out_to_internet(mine, port)
            or not groups.permitted([], NAT_ADDRESS, theirs, target, port)
        ):
            return self.blackhole
        return self._edges.get((target, port), (loopback(target), port))

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
