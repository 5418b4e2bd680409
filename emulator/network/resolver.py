"""Resolve names of endpoints, Cloud Map services and public hosts."""

from __future__ import annotations

import threading
from typing import Any

from emulator.network.connect import connected
from emulator.settings import ACCOUNT, REGION

MULTIVALUE_LIMIT = 8  # Cloud Map answers with at most eight records


class Resolver:
    """Resolves fixed names and the names of Cloud Map."""

    def __init__(self) -> None:
        self._fixed: dict[str, str] = {}
        self._lock = threading.Lock()

    def register(self, name: str, address: str) -> None:
        """Let a name resolve to an address of the VPC."""
        with self._lock:
            self._fixed[name.lower()] = address

    def resolve(self, name: str) -> list[str]:
        """Return the name's addresses; an empty list means NXDOMAIN."""
        name = name.lower().rstrip(".")
        with self._lock:
            fixed = self._fixed.get(name)
        return [fixed] if fixed else discovered(name) or connected(name)


def discovered(name: str) -> list[str]:
    """Return the addresses of a Cloud Map service's instances; all of them, if none is healthy."""
    from moto.servicediscovery.models import servicediscovery_backends

    backend = servicediscovery_backends[ACCOUNT][REGION]
    spaces = {n.id: n.name.lower() for n in list(backend.namespaces.values())}
    for service in list(backend.services.values()):
        if f"{service.name}.{spaces.get(service.namespace_id, '')}".lower() == name:
            return _addresses(list(service.instances))
    return []


def _addresses(instances: list[Any]) -> list[str]:
    healthy = [i for i in instances if getattr(i, "health_status", "HEALTHY") != "UNHEALTHY"]
    chosen = healthy or instances  # fail-open, as Cloud Map documents it
    found = [i.attributes.get("AWS_INSTANCE_IPV4") for i in chosen]
    return [address for address in found if address][:MULTIVALUE_LIMIT]
