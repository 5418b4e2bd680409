"""Run a BLUE_GREEN service: new tasks beside the old ones, then the traffic.

Source: the ECS guide's "Amazon ECS blue/green service deployments workflow". The green tasks go
into the group that serves no traffic; when all are healthy the weights of the production rule
change at once, and the blue tasks end after the bake time. Lifecycle hooks and test traffic are
not there; LINEAR and CANARY shift at once, too.
"""

from __future__ import annotations

import time
from typing import Any

from emulator.ecs import choose
from emulator.ecs.deployments import (
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    Deployment,
    asked,
)
from emulator.ecs.rollouts import production
from emulator.ecs.service import BY_SCHEDULER, ServiceScheduler

SCALE_UP, SHIFT, BAKE, CLEAN_UP = (
    "SCALE_UP",
    "PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
MINUTE_S = 60.0


class BlueGreenScheduler(ServiceScheduler):
    """Runs one of moto's services; two deployments have all their tasks for a time."""

    _baked_at = 0.0

    def places(self, service: Any) -> list[dict[str, Any]]:
        """Return the load balancers for a new deployment: with the group that does not serve."""
        placed = []
        first = not self.deployments
        for one in service.load_balancers:
            kept = {key: value for key, value in one.items() if key != "advancedConfiguration"}
            for rule, blue, green in production.pairs([one]):
                serving = production.serving(rule, (blue, green))
                other = green if serving == blue else blue
                kept["targetGroupArn"] = serving if first else other
            placed.append(kept)
        return placed

    def _complete(self, service: Any, desired: int) -> None:
        if self.primary.rollout == IN_PROGRESS:
            self._advance(service, desired)
        super()._complete(service, desired)

    def _advance(self, service: Any, desired: int) -> None:
        green, now = self.primary, time.monotonic()
        if green.stage in ("", SCALE_UP):
            mine = self.fleet.of(green)
            green.stage = SCALE_UP
            if len(mine) == desired and all(t.healthy(self._speed) for t in mine):
                green.stage = SHIFT if self._older() else CLEAN_UP
                self._shift(service, green)
        elif green.stage == SHIFT:
            green.stage = BAKE
            minutes = float(service.deployment_configuration.get("bakeTimeInMinutes") or 0)
            self._baked_at = now + minutes * MINUTE_S / self._speed
        elif green.stage == BAKE and (now >= self._baked_at or not self._older()):
            green.stage = CLEAN_UP

    def _shift(self, service: Any, to: Deployment) -> None:
        """Lead production traffic to a deployment's groups."""
        groups = {str(one.get("targetGroupArn")) for one in to.load_balancers}
        for rule, blue, green in production.pairs(service.load_balancers):
            chosen, left = (green, blue) if green in groups else (blue, green)
            production.shift(rule, chosen, left)

    def _older(self) -> list[Any]:
        return [t for t in self.fleet.alive if t.deployment_id != self.primary.id]

    def _scale(self, service: Any, desired: int) -> None:
        may_start = time.monotonic() >= self._backoff.until
        running = [d for d in self.deployments if self._stays(d)]
        most = desired * len(running)
        ill = choose.replaced(self.fleet, self._speed, most, may_start)
        self._stop(service, ill, BY_SCHEDULER)
        scaling = f"Scaling activity initiated by (deployment {self.primary.id})"
        kept = {deployment.id for deployment in running}
        leaving = [t for t in self.fleet.alive if t.deployment_id not in kept]
        for deployment in running:
            leaving += choose.surplus(self.fleet, deployment, desired)
        self._stop(service, leaving, BY_SCHEDULER, scaling)
        for deployment in running:
            wanted = desired - len(self.fleet.serving(deployment))
            if not may_start or wanted <= 0 or deployment.rollout == FAILED:
                continue
            for task in self.fleet.start(service, deployment, wanted):
                if task.gone:
                    self._failed(service, task, reached_running=False)

    def _stays(self, deployment: Deployment) -> bool:
        """Return whether a deployment's tasks go on: the newest's, and blue's until its end."""
        if deployment is self.primary:
            return True
        ended = self.primary.rollout == COMPLETED or self.primary.stage == CLEAN_UP
        return deployment is self._last_completed and not ended

    def _roll_back(self, service: Any, good: Deployment) -> None:
        """Shift the traffic back to blue, where its tasks are still there."""
        if good not in self.deployments:
            return
        service.task_definition = good.definition_arn
        service.network_configuration = good.network
        self._shift(service, good)
        broken = self.primary
        broken.status, good.status, broken.rolled_back_by = "ACTIVE", "PRIMARY", good.id
        self.deployments = [good, *(d for d in self.deployments if d is not good)]
        self._asked = asked(service)
        self._events.say(service, f"rolling back to deployment {good.id}.")
