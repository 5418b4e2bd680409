"""Refuse Cloud Map calls that AWS refuses and moto accepts.

Source: the API's RegisterInstance (an id that is known is an update), CreateService, DeleteService,
DeleteNamespace and ListServices.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import json
from typing import Any

ADDRESS = "AWS_INSTANCE_IPV4"


@functools.cache
def install() -> None:
    """Replace moto's calls; call once."""
    from moto.servicediscovery.models import ServiceDiscoveryBackend
    from moto.servicediscovery.responses import ServiceDiscoveryResponse

    _patch_instances(ServiceDiscoveryBackend)
    _patch_names(ServiceDiscoveryBackend)
    _patch_list(ServiceDiscoveryResponse)


def _patch_instances(backend: Any) -> None:
    register = backend.register_instance

    def register_instance(
        self: Any, service_id: str, instance_id: str, *rest: Any, **more: Any
    ) -> Any:
        service = self.get_service(service_id)
        attributes = more.get("attributes", rest[-1] if rest else None) or {}
        refuse_attributes(service, attributes)
        before = [one for one in service.instances if one.instance_id == instance_id]
        done = register(self, service_id, instance_id, *rest, **more)
        for one in before:
            service.instances.remove(one)
        return done

    backend.register_instance = register_instance


def refuse_attributes(service: Any, attributes: dict[str, str]) -> None:
    """Raise RegisterInstance's error if the address for a DNS record is missing."""
    records = [one.get("Type") for one in (service.dns_config or {}).get("DnsRecords", [])]
    given = attributes.get(ADDRESS)
    if given is None and "A" in records:
        raise _error("InvalidInput", f"The attribute {ADDRESS} is required for an A record.")
    with contextlib.suppress(ValueError):
        ipaddress.IPv4Address(given or "0.0.0.0")
        return
    raise _error("InvalidInput", f"Invalid IPv4 address: {given}")


def _patch_names(backend: Any) -> None:
    create, delete = backend.create_service, backend.delete_service
    delete_namespace = backend.delete_namespace

    def create_service(self: Any, name: str, namespace_id: str, *rest: Any, **more: Any) -> Any:
        for one in list(self.services.values()):
            if (one.name.lower(), one.namespace_id) == (name.lower(), namespace_id):
                raise _error("ServiceAlreadyExists", f"Service already exists: {name}")
        return create(self, name, namespace_id, *rest, **more)

    def delete_service(self: Any, service_id: str) -> None:
        if self.get_service(service_id).instances:
            text = "Service contains registered instances; delete the instances before the service"
            raise _error("ResourceInUse", text)
        delete(self, service_id)

    def deleting_namespace(self: Any, namespace_id: str) -> Any:
        if any(one.namespace_id == namespace_id for one in list(self.services.values())):
            raise _error("ResourceInUse", "Namespace has associated services")
        return delete_namespace(self, namespace_id)

    backend.create_service, backend.delete_service = create_service, delete_service
    backend.delete_namespace = deleting_namespace


def _patch_list(responses: Any) -> None:
    def list_services(self: Any) -> str:
        found = list(self.servicediscovery_backend.list_services())
        for wanted in json.loads(self.body or "{}").get("Filters") or []:
            if wanted.get("Name") == "NAMESPACE_ID":
                found = [one for one in found if one.namespace_id in wanted.get("Values", [])]
        return json.dumps({"Services": [one.to_json() for one in found]})

    responses.list_services = list_services


def _error(code: str, text: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError(code, text)
