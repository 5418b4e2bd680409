"""Look-up tables for each listener, built once for each snapshot."""

from __future__ import annotations

import msgspec

from emulator.balancer.exchange.headers import switched_on
from emulator.balancer.match import in_order
from emulator.balancer.model import Listener, LoadBalancer, Rule, Snapshot, TargetGroup

Place = tuple[str, int]  # balancer's ARN, listener's port


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One listener with its rules in order and all target groups by ARN."""

    balancer: LoadBalancer
    listener: Listener
    rules: tuple[Rule, ...]
    groups: dict[str, TargetGroup]
    connect_timeout_s: float

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
    """Return the views of a snapshot's listeners."""
    groups = {group.arn: group for group in snapshot.target_groups}
    return {
        (balancer.arn, listener.port): View(
            balancer=balancer,
            listener=listener,
            rules=in_order(listener.rules),
            groups=groups,
            connect_timeout_s=snapshot.connect_timeout_s,
        )
        for balancer in snapshot.balancers
        for listener in balancer.listeners
    }
