"""Copy the resources of an account inside moto, and restore them later.

The copy is of moto's own objects, taken in one go so that references between services stay
true. Laying it over brings back each object of the platform and leaves what others made beside
it: stacks, buckets, secrets, alarms.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from emulator.aws.changes import CHANGES
from emulator.settings import ACCOUNT, REGION

# the attributes of each service's backend that hold the platform
KEPT: dict[str, tuple[str, ...]] = {
    "ec2": (
        *("vpcs", "subnets", "groups", "enis", "tags", "route_tables", "network_acls"),
        *("internet_gateways", "nat_gateways", "vpc_end_points"),
    ),
    "elbv2": ("load_balancers", "target_groups", "tagging_service.tags"),
    "ecs": ("clusters", "services", "task_definitions", "tasks"),
    "servicediscovery": ("namespaces", "services"),
    "secretsmanager": ("secrets",),
    "ssm": ("_parameters",),
    "acm": ("_certificates",),
    "rds": ("databases",),
    "elasticache": ("replication_groups", "cache_clusters"),
    "logs": ("groups",),
    "sns": ("topics",),
    "iam": ("roles",),
    "applicationautoscaling": ("targets", "policies"),
    "wafv2": ("wacls", "ip_sets", "rule_groups", "regex_pattern_sets"),
    "route53": ("zones",),  # the namespace's own
}
# dictionaries of dictionaries: the inner ones are laid over one by one
NESTED = {("ec2", "groups"), ("ec2", "subnets")}
GLOBAL = {"iam": "aws", "route53": "aws"}  # services without regions

Copy = dict[str, dict[str, Any]]


def take() -> Copy:
    """Copy the account's resources as they are now."""
    _share_backends()
    return copy.deepcopy({service: _attributes(service) for service in KEPT})


def lay_over(pristine: Copy) -> None:
    """Restore the resources from a copy, which stays unchanged."""
    fresh = copy.deepcopy(pristine)
    _forget_tasks(fresh["ecs"]["clusters"])
    _forget_tags(fresh["ec2"])
    _release_subnets(fresh["ec2"])
    for service, attributes in fresh.items():
        backend = _backend(service)
        for name, value in attributes.items():
            current = attrgetter(name)(backend)
            if (service, name) in NESTED:
                for key, inner in value.items():
                    _overlay(current.setdefault(key, {}), inner)
            else:
                _overlay(current, value)
    CHANGES.note()  # no call of the API did this


def _overlay(current: dict[Any, Any], pristine: dict[Any, Any]) -> None:
    """Restore the copied entries in their old order, before the others."""
    others = {key: value for key, value in dict(current).items() if key not in pristine}
    current.clear()
    current.update({**pristine, **others})


def _forget_tasks(clusters: Iterable[str]) -> None:
    """Delete all services and tasks of some clusters, also those that the copy lacks."""
    ecs = _backend("ecs")
    for cluster in clusters:
        for arn in [a for a, s in ecs.services.items() if f"/{cluster}/" in s.arn]:
            del ecs.services[arn]
        ecs.tasks.pop(cluster, None)
    for registry in _backend("servicediscovery").services.values():
        registry.instances = []


def _forget_tags(platform: dict[str, Any]) -> None:
    """Delete the tags of the copied network resources, also of those without tags in the copy."""
    tags = _backend("ec2").tags
    nested = [name for service, name in NESTED if service == "ec2"]
    owned = [platform[name] for name in platform if name not in nested]
    owned += [inner for name in nested for inner in platform[name].values()]
    for ident in {key for held in owned for key in held}:
        tags.pop(ident, None)


def _release_subnets(platform: dict[str, Any]) -> None:
    """Take the copied subnets from route tables and network ACLs that the copy lacks."""
    own = {subnet for by_id in platform["subnets"].values() for subnet in by_id}
    for name in ("route_tables", "network_acls"):
        for ident, found in getattr(_backend("ec2"), name).items():
            if ident not in platform[name]:
                held = dict(found._associations)
                found._associations = {
                    key: each for key, each in held.items() if _subnet_of(each) not in own
                }


def _subnet_of(association: Any) -> str:
    """Return the subnet of an association: moto keeps an id for a table, an object for an ACL."""
    return str(getattr(association, "subnet_id", association))


def _attributes(service: str) -> dict[str, Any]:
    """Return the kept attributes as plain dictionaries, because moto's own cannot be copied."""
    backend = _backend(service)
    found = {}
    for name in KEPT[service]:
        value = dict(attrgetter(name)(backend).items())
        if (service, name) in NESTED:
            value = {key: dict(inner) for key, inner in value.items()}
        found[name] = value
    return found


def _backend(service: str) -> Any:
    from moto.backends import get_backend

    found: Any = get_backend  # its names are an overload for each service
    return found(service)[ACCOUNT][GLOBAL.get(service, REGION)]


def _share_backends() -> None:
    """Let copies share moto's backends and the immutable parts of certificates."""
    from moto.acm.models import CertBundle
    from moto.core.base_backend import BaseBackend

    BaseBackend.__deepcopy__ = _itself
    CertBundle.__deepcopy__ = _with_own_tags


def _itself(self: Any, _memo: dict[int, Any]) -> Any:
    return self


def _with_own_tags(self: Any, _memo: dict[int, Any]) -> Any:
    found = copy.copy(self)
    found.tags = copy.deepcopy(self.tags)
    return found
