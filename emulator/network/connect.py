"""Resolve the names of Service Connect to the running tasks of the services that offer them.

In AWS a proxy in the client's task takes the connection; here the name leads to a task itself.
Source: the ECS guide, "Use Service Connect to connect Amazon ECS services with short names".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.ecs.moto_ecs import backend


def connected(name: str) -> list[str]:
    """Return the addresses behind a client alias, or behind a discovery name of a namespace."""
    found: list[str] = []
    for service in list(backend().services.values()):
        config = getattr(service, "service_connect_configuration", None) or {}
        if service.status == "ACTIVE" and config.get("enabled") and name in set(_names(config)):
            found += _addresses(service)
    return found


def _names(config: dict[str, Any]) -> Iterator[str]:
    namespace = str(config.get("namespace") or "").lower()
    for offered in config.get("services") or []:
        discovery = str(offered.get("discoveryName") or offered.get("portName") or "").lower()
        aliases = offered.get("clientAliases") or []
        for alias in aliases:
            yield str(alias.get("dnsName") or f"{discovery}.{namespace}").lower()


def _addresses(service: Any) -> list[str]:
    tasks = list((backend().tasks.get(service.cluster_name) or {}).values())
    group = f"service:{service.name}"
    running = [t for t in tasks if t.group == group and t.last_status == "RUNNING"]
    return [str(t.address) for t in running]
