"""Which parts of the control plane a person changes, and which AWS changes by itself.

A field that is not listed here is stable: a new one is part of a state's name until somebody
decides otherwise. `desired` is stable, though a scale-out changes it: a remedy that brings a
service back needs the number as it was.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from canary.control_plane.state import (
    Certificate,
    DiscoveryService,
    EcsService,
    GroupRule,
    HostAddress,
    Listener,
    LoadBalancer,
    PlatformState,
    SecurityGroup,
    TargetGroup,
    Unavailable,
)
from canary.control_plane.vpc import Subnet

VOLATILE: dict[type, frozenset[str]] = {
    # read after failures only, or the reading's own circumstances
    PlatformState: frozenset(
        {
            *("read_at", "refreshed_services", "logs", "last_lines", "errors", "counters"),
            *("secrets", "bounds", "stores", "web_acls", "network", "dns"),
            *("rollouts", "scaling", "task_log_groups"),
        }
    ),
    Unavailable: frozenset({"reason"}),  # AWS's sentence may hold a request's id
    LoadBalancer: frozenset({"state"}),
    TargetGroup: frozenset({"targets"}),  # tasks come and go
    EcsService: frozenset({"running", "pending", "deployments", "events", "tasks", "bounded"}),
    DiscoveryService: frozenset({"instances"}),  # ECS registers its tasks
    Certificate: frozenset({"renewal_status", "in_use_by"}),  # ACM renews, and is late with users
    # AWS moves balancers
    HostAddress: frozenset({"addresses", "balancer_addresses", "error", "canonical"}),
}
"""Fields that change on a healthy platform from minute to minute, by type."""
UNORDERED: dict[type, frozenset[str]] = {
    PlatformState: frozenset(PlatformState.__struct_fields__),
    LoadBalancer: frozenset({"security_groups", "subnets", "zones", "listeners"}),
    Listener: frozenset({"certificates"}),  # the default one has a field of its own
    TargetGroup: frozenset({"load_balancers"}),
    EcsService: frozenset(
        {
            "security_groups",
            "subnets",
            "target_groups",
            "balancer_entries",
            "registry_entries",
            "capacity_providers",
            "alarms",
        }
    ),
    SecurityGroup: frozenset({"ingress", "egress"}),
    GroupRule: frozenset({"cidrs", "groups", "ipv6_cidrs", "prefix_lists", "config"}),
    Subnet: frozenset({"ipv6_cidrs"}),
}
"""Lists whose order means nothing and may differ from one answer of AWS to the next."""
NAME_LENGTH = 32  # hexadecimal digits


def reference(state: PlatformState, failing: Iterable[str] = ()) -> str:
    """Return the name of a state: equal for readings that differ in volatile parts alone.

    `failing`: the checks that failed while it was read. They are part of the name, so that a
    state which a check remembers as well was never read while that check failed.
    """
    named = {"failing": sorted(failing), "platform": stable(state)}
    return hashlib.sha256(_text(named)).hexdigest()[:NAME_LENGTH]


def stable(value: Any) -> Any:
    """Return the stable part of a state or of a part of it, as plain data.

    What has its default is left out: a field that a later version adds renames no older state.
    """
    if isinstance(value, msgspec.Struct):
        left_out, kind = VOLATILE.get(type(value), frozenset()), type(value)
        return {
            field.encode_name: _ordered(kind, field.name, stable(found))
            for field in _fields(kind)
            if field.name not in left_out
            and (found := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, dict):
        return {key: stable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [stable(item) for item in value]
    return value


def is_complete(state: PlatformState) -> bool:
    """Return whether everything was read that may be read: a denial lasts, a time-out does not.

    A network without a way to IAM lasts, too, and only a remedy asks for what IAM tells.
    """
    return all(gap.denied or gap.action.startswith("iam:") for gap in state.unavailable)


@functools.cache
def _fields(kind: type) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _ordered(kind: type, field: str, value: Any) -> Any:
    if field not in UNORDERED.get(kind, frozenset()):
        return value
    if isinstance(value, dict):  # AWS's own form: lists by the names of their kinds
        return {key: _sorted(item) for key, item in value.items()}
    return _sorted(value)


def _sorted(value: Any) -> Any:
    return sorted(value, key=_text) if isinstance(value, list) else value


def _text(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
