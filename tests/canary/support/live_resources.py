"""The resource of each fault in the library, which the first diagnosis must name.

A part of its ARN or name is enough, and every world has its own. A security group stands by its
name: the twin makes its id.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from operator import attrgetter

from sandbox.faults import firewall
from sandbox.world.load import load
from sandbox.world.world import AUTH, World

Place = Callable[[World], str]

_AUTH, _API, _MLFLOW = (attrgetter(f"{part}.name") for part in ("auth", "api", "mlflow"))
_API_TARGETS, _MLFLOW_TARGETS = attrgetter("api.target_group"), attrgetter("mlflow.target_group")
_CACHE, _DATABASE = attrgetter("cache.group"), attrgetter("database.group")
_DOOR = attrgetter("balancer_of_registry.name")
_STORED = attrgetter("cache.called")
_DISCOVERY, _BUCKET = attrgetter("mlflow.discovery"), attrgetter("artifact_bucket")


def _auth_door(world: World) -> str:
    return world.balancer_of(AUTH).name


def _certificate(_: World) -> str:
    return "certificate/"


def _instance(world: World) -> str:
    return f"db:{world.database.called}"


def _web_acl(world: World) -> str:
    return f"webacl/{world.balancer_of_registry.waf or firewall.ACL}"


def _kind(prefix: str) -> Place:
    """Return the place of an object of the VPC of which the twin makes the id."""
    return lambda _: prefix


def _mlflow_or_its_group(world: World) -> str:
    """Return what both names begin with: its group is named once its health checks fail.

    They do while requests hold all of MLflow's threads, and pass before and after that.
    """
    both = zip(world.mlflow.name, world.mlflow.target_group, strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], both))


def _key(world: World) -> str:
    return world.stored.principals


_GROUPS: dict[str, Place] = {
    "edge-closed": attrgetter("balancer_of_registry.group"),
    "api-blocked": attrgetter("api.group"),
    "auth-blocked": attrgetter("auth.group"),
    "mlflow-blocked-from-api": attrgetter("mlflow.group"),
    "redis-blocked-from-api": _CACHE,
    "database-blocked-from-mlflow": _DATABASE,
}
_RESOURCES: dict[str, Place] = {
    "mlflow-rule-missing": _DOOR,
    "api-rules-missing": _DOOR,
    "mlflow-api-rule-missing": _DOOR,
    "mlflow-api-rule-wrong-target": _DOOR,
    "catch-all-shadows-rules": _DOOR,
    "rules-on-http-only": _DOOR,
    "registry-listener-missing": _DOOR,
    "auth-listener-missing": _auth_door,
    "api-group-detached": _API_TARGETS,
    "half-to-an-empty-group": _DOOR,
    "api-group-empty": _API_TARGETS,
    "api-health-path-wrong": _API_TARGETS,
    "mlflow-matcher-wrong": _MLFLOW_TARGETS,
    "api-health-port-wrong": _API_TARGETS,
    "api-listens-elsewhere": _API,
    "health-check-speaks-tls": _MLFLOW_TARGETS,
    "one-of-two-bad": _API_TARGETS,
    "certificate-expired": _certificate,
    "certificate-expiring": _certificate,
    "certificate-wrong-name": _certificate,
    "certificate-untrusted": _certificate,
    "api-scaled-to-zero": _API,
    "auth-scaled-to-zero": _AUTH,
    "mlflow-scaled-to-zero": _MLFLOW,
    "mlflow-service-deleted": _MLFLOW,
    "api-crash-loop": _API,
    "auth-crash-loop": _AUTH,
    "bad-deploy-rolled-back": _API,
    "deployment-stuck": _API,
    "mlflow-out-of-memory": _MLFLOW,
    "image-missing": _API,
    "image-for-arm": _AUTH,
    "api-password-not-injected": _API,
    "auth-secret-placeholder": _AUTH,
    "redis-parameter-deleted": _API,
    "execution-role-denied": _API,
    "wrong-command": _API,
    "module-missing": _AUTH,
    "script-not-executable": _MLFLOW,
    "sidecar-essential-dies": _API,
    "sidecar-dies": _API,
    "proxy-sidecar-dies": _API,
    "mlflow-url-unset": _API,
    "mlflow-url-wrong-namespace": _API,
    "mlflow-url-pinned": _API,
    "mlflow-url-is-public": _API,
    "auth-url-wrong": _API,
    "service-id-wrong": _API,
    "database-name-wrong": _MLFLOW,
    "database-user-wrong": _MLFLOW,
    "database-password-changed": _MLFLOW,
    "redis-host-not-injected": _API,
    "redis-token-wrong": _CACHE,
    "host-header-rejected": _MLFLOW,
    "artifacts-not-served": _MLFLOW,
    "redis-down": _CACHE,
    "redis-slow": _CACHE,
    "database-down": _DATABASE,
    "database-write-lock": _DATABASE,
    "auth-schema-missing": _DATABASE,
    "discovery-missing": _DISCOVERY,
    "discovery-stale": _DISCOVERY,
    "artifact-bucket-denied": _BUCKET,
    "database-stopped": _instance,
    "database-full": _instance,
    "database-failing-over": _instance,
    "database-connections-taken": _DATABASE,
    "cache-deleted": _STORED,
    "mlflow-paths-blocked": _web_acl,
    "acl-denies-database": _kind("acl-"),
    "acl-drops-answers": _kind("acl-"),
    "route-deleted": _kind("rtb-"),
    "nat-deleted": _kind("nat-"),
    "endpoint-deleted": _kind("secretsmanager"),
    "no-capacity": _MLFLOW,
    "vcpu-quota-reached": _MLFLOW,
    "subnet-full": _MLFLOW,
    "key-unknown": _key,
    "key-without-scope": _key,
    "authorization-stripped": _API,
    "no-protection": _API,
    "revoked-accepted": _AUTH,
    "expired-accepted": _AUTH,
    "rate-limit-headers-missing": _API,
    "auth-down-misreported": _AUTH,
    "proxy-unmounted": _API,
    "proxy-prefix-wrong": _API,
    "health-lies": _MLFLOW,
    "mlflow-slow": _MLFLOW,
    "mlflow-silent": _mlflow_or_its_group,
    "mlflow-token-missing": _API,
    "database-silent": _DATABASE,
    "redis-silent": _CACHE,
    "detailed-health-fails": _API,
    "breaker-document-fails": _API,
    "proxy-drops-body": _API,
    "read-only-key-writes": _API,
    "api-hangs": _API,
    "api-header-drip": _API,
    "api-huge-body": _API,
    "api-resets": _API,
    "one-in-five-fails": _API,
    "seed-2025-08-05": _DOOR,
    "seed-2025-08-05-as-reported": _DOOR,
}


def group(world: World, fault: str) -> str:
    """Return the name of the security group that a fault changes, "" where it changes none."""
    return _GROUPS[fault](world) if fault in _GROUPS else ""


def resource(world: World, fault: str) -> str:
    """Return a part of the resource's name; "" where nobody has said which it is."""
    return _RESOURCES[fault](world) if fault in _RESOURCES else ""


GROUPS = {fault: place(load()) for fault, place in _GROUPS.items()}
RESOURCES = {fault: place(load()) for fault, place in _RESOURCES.items()}
