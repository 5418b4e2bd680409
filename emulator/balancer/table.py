"""Look-up tables for each listener, built once for each snapshot."""

from __future__ import annotations

import msgspec

from emulator.balancer.exchange.headers import switched_on
from emulator.balancer.match import in_order
from emulator.balancer.model import (
    INSIDE,
    Door,
    Listener,
    LoadBalancer,
    Rule,
    Snapshot,
    TargetGroup,
)
from emulator.network.addresses import in_vpc

Place = tuple[str, int, str]  # balancer's ARN, listener's port, door's name


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One door of a listener with its rules in order and all target groups by ARN."""

    balancer: LoadBalancer
    listener: Listener
    door: Door
    rules: tuple[Rule, ...]
    groups: dict[str, TargetGroup]
    connect_timeout_s: float

    @property
    def edge_port(self) -> int:
        """Return the port that the door had before, 0 for a free one."""
        return self.listener.edge_ports.get(self.door.name, 0)

    def seen(self, peer: str) -> str:
        """Return the address with which the balancer sees a TCP peer."""
        if self.door.address:
            return self.door.address
        address = in_vpc(peer)
        if address == peer or not self.balancer.nat:
            return address
        return self.balancer.public.get(address, self.balancer.nat)

    @property
    def scheme(self) -> str:
        """Return the protocol of this listener's clients."""
        return self.listener.protocol.lower()

    @property
    def idle_timeout_s(self) -> float:
        """Return the idle timeout in seconds; AWS's default is 60."""
        return float(self.balancer.attributes.get("idle_timeout.timeout_seconds", 60))

    @property
    def keep_alive_s(self) -> float:
        """Return the maximum age of a client's connection in seconds; AWS's default is 3600."""
        return float(self.balancer.attributes.get("client_keep_alive.seconds", 3600))

    @property
    def names_server(self) -> bool:
        """Return whether answers keep their Server header."""
        name = "routing.http.response.server.enabled"
        return switched_on(self.listener.attributes, name, "true")


def views(snapshot: Snapshot) -> dict[Place, View]:
    """Return the views of a snapshot's listeners, one for each door."""
    groups = {group.arn: group for group in snapshot.target_groups}
    found = {}
    for balancer in snapshot.balancers:
        for listener in balancer.listeners:
            rules = in_order(listener.rules)
            for door in (*listener.doors, Door(name=INSIDE)):
                found[(balancer.arn, listener.port, door.name)] = View(
                    balancer=balancer,
                    listener=listener,
                    door=door,
                    rules=rules,
                    groups=groups,
                    connect_timeout_s=snapshot.connect_timeout_s,
                )
    return found
