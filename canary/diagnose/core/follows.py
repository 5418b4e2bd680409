"""Which causes can be consequences of other causes."""

from __future__ import annotations

from canary.diagnose.core.mechanisms import WAYS

_STARTS = frozenset(
    {
        "service-missing",
        "service-scaled-to-zero",
        "execution-role-denied",
        "secret-unavailable",
        "image-pull-failed",
        "capacity-unavailable",
        "quota-reached",
        "subnet-full",
        "volume-unavailable",
        "log-group-missing",
        "image-wrong-architecture",
        "task-out-of-memory",
        "environment-variable-missing",
        "environment-variable-wrong",
        "secret-not-injected",
    }
)
_ZONES = frozenset({"zone-not-shared", "zone-without-target"})
_NETWORK = frozenset({"security-group-blocked", *WAYS, *_ZONES})
_ROUTES = frozenset(
    {
        "listener-missing",
        "rule-missing",
        "rule-wrong-target",
        "rule-shadowed",
        "rule-on-wrong-listener",
        "target-group-detached",
    }
)
# What keeps a database from serving, as AWS shows it or as it tells itself.
_STORE = frozenset(
    {
        *("database-full", "database-stopped", "database-failing-over", "database-read-only"),
        *("database-connections-exhausted", "database-locked"),
    }
)
_CACHE = frozenset({"cache-full", "cache-stopped", "cache-failing-over"})
_DATABASE = _STORE | {
    *("database-auth-failed", "database-unreachable", "database-schema-missing"),
    "database-schema-outdated",
}
_HEALTH_CHECKS = frozenset({"port-mismatch", "health-check-mismatch", "target-protocol-mismatch"})
CRASHES = frozenset({"task-crash-loop", "deployment-stuck", "deployment-rolled-back"})
_SETTINGS = frozenset(
    {"environment-variable-wrong", "environment-variable-missing", "secret-not-injected"}
)
SHARED = _DATABASE | _CACHE | {"cache-unreachable"}
# The database's own words prove these causes, although the control plane does not show them.
SHOWN_BY_THE_DATABASE = frozenset({"database-auth-failed", "database-schema-missing"})

# A cause, and the causes that it may follow from if they are found on the same service or on one
# of its dependencies.
FOLLOWS: dict[str, frozenset[str]] = {
    "target-group-empty": _STARTS
    | CRASHES
    | _DATABASE
    | _NETWORK
    | _HEALTH_CHECKS
    | {"target-group-detached"},
    "target-group-detached": _ROUTES - {"target-group-detached"},
    "targets-unhealthy": _STARTS
    | CRASHES
    | _DATABASE
    | _NETWORK
    | _HEALTH_CHECKS
    | {"upstream-url-wrong", "service-discovery-missing", "service-discovery-stale"}
    | {"worker-killed"},
    "health-check-mismatch": frozenset({"port-mismatch", "target-protocol-mismatch"}),
    "target-protocol-mismatch": frozenset({"port-mismatch"}),
    "task-crash-loop": _STARTS | _DATABASE | _NETWORK,
    "deployment-stuck": _STARTS | _DATABASE | _NETWORK,
    "deployment-rolled-back": _STARTS | _DATABASE | WAYS,
    "service-discovery-missing": _STARTS | CRASHES | _DATABASE,
    "service-discovery-stale": _STARTS | CRASHES,
    "database-unreachable": _NETWORK | _SETTINGS | _STORE | {"database-auth-failed"},
    "database-auth-failed": _SETTINGS,
    "database-read-only": frozenset({"database-failing-over", "database-full"}),
    "database-connections-exhausted": frozenset({"database-failing-over", "database-locked"}),
    "cache-unreachable": _NETWORK | _SETTINGS | _CACHE,
    "latency-degraded": frozenset({"worker-killed"}),
    "environment-variable-wrong": frozenset({"port-mismatch"}),
    "auth-service-down": frozenset({"latency-degraded"}),
}
# Causes that are found, each by its own rule, if an older revision came back into service.
_OF_A_REVISION = frozenset(
    {
        "environment-variable-missing", "environment-variable-wrong", "secret-not-injected",
        "upstream-url-wrong", "service-id-wrong", "port-mismatch", "artifact-store-failing",
        "protection-missing", "credential-header-lost", "rate-limit-missing",
        "auth-error-misreported", "revoked-key-accepted", "expired-key-accepted",
        "route-not-mounted", "host-header-rejected", "path-prefix-wrong",
        "health-endpoint-misleading", "latency-degraded", "targets-unhealthy", "auth-service-down",
    }
)  # fmt: skip
# These causes follow only from a cause that explains all of their failures.
ONLY_AS_A_WHOLE = frozenset({"auth-service-down"})


def roots_of(cause: str) -> frozenset[str]:
    """Return the causes that this cause may follow from."""
    roots = FOLLOWS.get(cause, frozenset())
    return roots | {"deployment-not-effective"} if cause in _OF_A_REVISION else roots
