"""Which faults a world can express, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.faults.ways import TO_SECRETS
from sandbox.world.world import API, AUTH, World

# These need neither the API nor the auth service.
_OF_MLFLOW_ALONE = frozenset(
    (
        *("registry-listener-missing", "edge-closed", "mlflow-matcher-wrong"),
        "mlflow-rule-missing",
        *("health-check-speaks-tls", "database-blocked-from-mlflow"),
        *("certificate-expired", "certificate-expiring"),
        *("certificate-wrong-name", "certificate-untrusted"),
        *("mlflow-scaled-to-zero", "mlflow-service-deleted", "mlflow-out-of-memory"),
        "script-not-executable",
        *("database-name-wrong", "database-user-wrong", "database-password-changed"),
        *("host-header-rejected", "artifacts-not-served", "artifact-bucket-denied"),
        *("database-silent", "database-down", "database-write-lock"),
        *("mlflow-silent", "mlflow-slow"),
        *("database-stopped", "database-full", "database-failing-over"),
        *("mlflow-paths-blocked", "route-deleted", "nat-deleted", "endpoint-deleted"),
        *("acl-drops-answers", "no-capacity", "vcpu-quota-reached", "subnet-full"),
    )
)
_OF_AUTH_ALONE = frozenset(
    (
        *("auth-listener-missing", "auth-blocked", "auth-scaled-to-zero", "auth-crash-loop"),
        *("image-for-arm", "auth-secret-placeholder", "auth-schema-missing", "module-missing"),
        *("revoked-accepted", "expired-accepted"),
    )
)
_OF_BOTH = frozenset(
    (
        *("seed-2025-08-05", "seed-2025-08-05-as-reported", "auth-down-misreported"),
        *("auth-url-wrong", "service-id-wrong", "key-unknown", "key-without-scope"),
    )
)


def inexpressible(world: World, fault: str) -> str:
    """Return why a world cannot express a fault, or "" if it can."""
    return world.cannot.get(fault, "") or next(iter(_lacks(world, fault)), "")


def refusal(world: World, faults: Iterable[str]) -> str:
    """Return one line that refuses the first fault which a world cannot express, or ""."""
    told = ((fault, inexpressible(world, fault)) for fault in faults)
    lines = (f"the world {world.name} cannot express {fault}: {why}" for fault, why in told if why)
    return next(lines, "")


def _lacks(world: World, fault: str) -> list[str]:
    """Return what a fault needs and a world has not."""
    found = []
    if AUTH not in world.services and fault in _OF_AUTH_ALONE | _OF_BOTH:
        found.append("it has no auth service")
    if API not in world.services and fault not in _OF_AUTH_ALONE | _OF_MLFLOW_ALONE:
        found.append("it has no API")
    listeners = [x for b in world.balancers.values() for x in b.listeners.values()]
    https = any(x.protocol == "HTTPS" for x in listeners)
    if fault.startswith("certificate-") and not https:
        found.append("it has no HTTPS")
    if fault == "rules-on-http-only" and "plain" not in world.balancer_of_registry.listeners:
        found.append("it has one listener alone")
    shared = AUTH in world.services and world.balancer_of(AUTH) == world.balancer_of_registry
    if fault == "auth-listener-missing" and shared:
        found.append("its auth service is behind the registry's listener")
    return found + _ways(world, fault)


def _ways(world: World, fault: str) -> list[str]:
    """Return which way a fault needs and a world has not."""
    inner = all(balancer.scheme == "internal" for balancer in world.balancers.values())
    outward = world.ways.nat or any(service.public for service in world.services.values())
    if fault == "acl-drops-answers" and inner:
        return ["its balancers are in its tasks' subnets, where no network ACL is met"]
    if fault == "nat-deleted" and not world.ways.nat:
        return ["it has no NAT"]
    if fault == "route-deleted" and not outward:
        return ["its tasks have no route out of the VPC"]
    if fault == "endpoint-deleted" and TO_SECRETS not in world.ways.endpoints:
        return ["it has no endpoint of Secrets Manager"]
    return []
