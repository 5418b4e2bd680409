"""A service as one of its deployments has it."""

from __future__ import annotations

from typing import Any

from emulator.ecs.deployments import Deployment


class Placed:
    """A service with the load balancers, the network and the capacity of a deployment."""

    def __init__(self, service: Any, deployment: Deployment) -> None:
        self._service = service
        self.load_balancers = deployment.load_balancers
        self.network_configuration = deployment.network

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)
