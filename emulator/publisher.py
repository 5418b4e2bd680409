"""Send routing snapshots to the balancer process, and record its health verdicts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from emulator.balancer.health_verdict import Verdict
from emulator.elbv2 import snapshot as routing
from emulator.elbv2.target_health import HEALTH
from emulator.periodic import PeriodicThread

LOOK_EVERY_S = 0.2
log = logging.getLogger(__name__)


class Publisher(PeriodicThread):
    """A thread that publishes the routing whenever it has changed."""

    def __init__(
        self,
        publish: Callable[[dict[str, Any]], object],
        speed: float,
        reachable: routing.Reachable,
        doors: routing.Doors,
        outside: routing.Outside,
    ) -> None:
        super().__init__("publisher", LOOK_EVERY_S, self._follow)
        self._publish = publish
        self._speed = speed
        self._reachable, self._doors, self._outside = reachable, doors, outside
        self._last = b""
        self._looking = threading.Lock()
        self.serial = 0

    def start(self) -> None:
        """Publish once now, then follow the control plane."""
        self.look()
        super().start()

    def look(self) -> bool:
        """Publish the routing if it has changed; return whether it has."""
        with self._looking:  # the thread's looks and settle's
            snapshot = routing.snapshot(self._speed, self._reachable, self._doors, self._outside)
            encoded = msgspec.json.encode(snapshot)
            if encoded == self._last:
                return False
            self._last = encoded
            self.serial += 1
            self._publish({**snapshot, "serial": self.serial})
            return True

    def _follow(self) -> None:
        try:
            self.look()
        except Exception:  # the control plane may change while it is read: look again
            log.debug("routing snapshot failed", exc_info=True)


def record(message: dict[str, Any]) -> None:
    """Store one health verdict of the balancer."""
    key = (message["target_group"], message["id"], int(message["port"]))
    HEALTH.record(
        key,
        Verdict(
            state=message["state"],
            reason=message.get("reason"),
            description=message.get("description"),
        ),
    )
