"""The table of all kinds of check; each kind has its own file."""

from __future__ import annotations

from canary.probes import (
    access,
    certificate,
    dependency,
    ecs_service,
    endpoint,
    key_lifecycle,
    listener_rule,
    registration,
    target_group,
    tcp,
)
from canary.probes.base.api import Kind

KINDS: dict[str, Kind] = {
    "endpoint": endpoint.KIND,
    "access": access.KIND,
    "dependency": dependency.KIND,
    "certificate": certificate.KIND,
    "tcp": tcp.KIND,
    "ecs_service": ecs_service.KIND,
    "target_group": target_group.KIND,
    "listener_rule": listener_rule.KIND,
    "registration": registration.KIND,
    "key_lifecycle": key_lifecycle.KIND,
}
