"""Read the Cloud Map services of the environment's internal names, and their instances."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import DiscoveryInstance, DiscoveryService
from canary.observe.calls import Permission, Reader, unread

# These lists cannot be filtered by name.
ACTIONS = (
    Permission(action="servicediscovery:ListNamespaces"),
    Permission(action="servicediscovery:ListServices"),
    Permission(action="servicediscovery:ListInstances"),
)


def read(reader: Reader) -> tuple[tuple[DiscoveryService, ...], dict[str, str]]:
    """Return the services that the environment names, and the namespaces by name.

    A name that several namespaces have is there without an id.
    """
    wanted = {s.discovery for s in reader.environment.services.values() if s.discovery}
    if not wanted:
        return (), {}
    raw = reader.pages("servicediscovery:ListNamespaces", "Namespaces")
    if raw is None:
        reader.miss("discovery")
        reader.miss("namespaces")
        return (), {}
    parents = {name.partition(".")[2] for name in wanted}
    spaces = [(str(n["Name"]), str(n["Id"])) for n in raw if n.get("Name") in parents]
    found: list[DiscoveryService] = []
    for name, identifier in spaces:
        listed = _services(reader, identifier)
        if listed is None:
            reader.miss("discovery")
        found += [
            _service(reader, s, name, identifier)
            for s in listed or []
            if f"{s.get('Name')}.{name}" in wanted
        ]
    names = [name for name, _ in spaces]
    # of two namespaces with one name, each in its own VPC, none is chosen
    return tuple(found), {name: i if names.count(name) == 1 else "" for name, i in spaces}


def _services(reader: Reader, namespace: str) -> list[dict[str, Any]] | None:
    within = [{"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}]
    return reader.pages("servicediscovery:ListServices", "Services", namespace, Filters=within)


def _service(reader: Reader, raw: dict[str, Any], parent: str, namespace: str) -> DiscoveryService:
    identifier = str(raw["Id"])
    instances = reader.pages(
        "servicediscovery:ListInstances",
        "Instances",
        identifier,
        not_found=["ServiceNotFound"],
        ServiceId=identifier,
    )
    return DiscoveryService(
        id=identifier,
        arn=str(raw.get("Arn", "")),
        name=f"{raw.get('Name')}.{parent}",
        namespace_id=namespace,
        instances=tuple(_instance(i) for i in instances or []),
        unread=unread(instances=instances),
    )


def _instance(raw: dict[str, Any]) -> DiscoveryInstance:
    attributes = raw.get("Attributes") or {}
    port = str(attributes.get("AWS_INSTANCE_PORT", "0"))
    return DiscoveryInstance(
        id=str(raw.get("Id", "")),
        address=str(attributes.get("AWS_INSTANCE_IPV4", "")),
        port=int(port) if port.isdigit() else 0,
        health=str(attributes.get("AWS_INIT_HEALTH_STATUS", "")),
        attributes={str(k): str(v) for k, v in attributes.items()},
    )
