"""Write service events in AWS's wording, and a repeated complaint only once."""

from __future__ import annotations

import uuid
from typing import Any

from emulator.ecs import moto_ecs
from emulator.ecs.rollouts import bus

KEPT = 100
INCONSISTENT = (
    "is unable to consistently start tasks successfully. For more information, see the "
    "Troubleshooting section of the Amazon ECS Developer Guide."
)
PERCENT_BLOCK = (
    "was unable to stop or start tasks during a deployment because of the service deployment "
    "configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
)


class Events:
    """Writes to one service's event list in moto."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._standing: set[str] = set()

    def say(self, service: Any, text: str) -> None:
        """Add an event; its text follows the service's name."""
        entry = {
            "id": str(uuid.uuid4()),
            "createdAt": moto_ecs.now(),
            "message": f"(service {self._name}) {text}",
        }
        service.events = [entry, *service.events][:KEPT]
        bus.act(service, text)

    def complain(self, service: Any, text: str, key: str = "") -> None:
        """Add an event of a lasting problem, unless it was added since the last `solved`."""
        if (key or text) not in self._standing:
            self._standing.add(key or text)
            self.say(service, text)

    def solved(self) -> None:
        """Allow every complaint to be added again."""
        self._standing.clear()
