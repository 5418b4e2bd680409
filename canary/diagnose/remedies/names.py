"""Edits of Cloud Map: a name, and the addresses that it leads to."""

from __future__ import annotations

from canary.control_plane.state import DiscoveryInstance, DiscoveryService
from canary.diagnose.remedies.edit import Edit, Parameters

_SERVICE = "servicediscovery"
ADDRESS, PORT, HEALTH = "AWS_INSTANCE_IPV4", "AWS_INSTANCE_PORT", "AWS_INIT_HEALTH_STATUS"
ZONE, REGION, HOST = "AVAILABILITY_ZONE", "REGION", "EC2_INSTANCE_ID"


def create_name(label: str, namespace: str) -> Edit:
    """Return the edit that creates a name as ECS's service discovery makes it."""
    after: Parameters = {
        "Name": label,
        "NamespaceId": namespace,
        "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]},
        "HealthCheckCustomConfig": {"FailureThreshold": 1},
    }
    return Edit(
        service=_SERVICE, operation="create-service", parameters=after, resource=label,
        before=None, after=after,
    )  # fmt: skip


def register_instance(name: DiscoveryService, identifier: str, attributes: dict[str, str]) -> Edit:
    """Return the edit that adds a task to a name, with all attributes of its instance."""
    return _register(name, identifier, attributes, _out(name, identifier, {}))


def deregister_instance(name: DiscoveryService, instance: DiscoveryInstance) -> Edit:
    """Return the edit that takes an address out of a name."""
    port = {PORT: str(instance.port)} if instance.port else {}
    had = instance.attributes or {ADDRESS: instance.address, **port}
    return _out(name, instance.id, had, _register(name, instance.id, had))


def _register(
    name: DiscoveryService, identifier: str, attributes: dict[str, str], undo: Edit | None = None
) -> Edit:
    return Edit(
        service=_SERVICE, operation="register-instance",
        parameters={"ServiceId": name.id, "InstanceId": identifier, "Attributes": attributes},
        resource=name.name, before=None, after={identifier: attributes}, undo=undo,
    )  # fmt: skip


def _out(
    name: DiscoveryService, identifier: str, had: dict[str, str], undo: Edit | None = None
) -> Edit:
    return Edit(
        service=_SERVICE, operation="deregister-instance",
        parameters={"ServiceId": name.id, "InstanceId": identifier},
        resource=name.name, before={identifier: had}, after=None, undo=undo,
    )  # fmt: skip
