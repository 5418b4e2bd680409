"""Delete a service as ECS does: DRAINING while tasks run, then INACTIVE.

Source: the API's DeleteService and ListServices. moto calls it INACTIVE at once, with its count.
"""

from __future__ import annotations

from typing import Any

DRAINING, INACTIVE = "DRAINING", "INACTIVE"


def install(backends: Any) -> None:
    """Replace moto's calls; call once."""
    delete, listed = backends.delete_service, backends.list_services

    def delete_service(self: Any, cluster_name: str, service_name: str, force: bool) -> Any:
        name = service_name.rsplit("/", maxsplit=1)[-1]
        running = self._get_service(cluster_name, name).running_count
        service = delete(self, cluster_name, name, force)
        service.desired_count = 0
        service.status = DRAINING if running else INACTIVE
        return service

    def list_services(self: Any, *given: Any, **more: Any) -> list[str]:
        gone = {one.arn for one in list(self.services.values()) if one.status == INACTIVE}
        return [arn for arn in listed(self, *given, **more) if arn not in gone]

    backends.delete_service, backends.list_services = delete_service, list_services


def finish(service: Any) -> None:
    """Mark a draining service INACTIVE after its last task has stopped."""
    if service.status == DRAINING:
        service.status = INACTIVE
