"""Which faults and pairs are planted on the living twin, and when."""

from __future__ import annotations

import os

from sandbox.faults import FAULTS

# Representatives of each family, in `make test`: both readings of the report's day among them.
FAST = (
    "seed-2025-08-05",
    "seed-2025-08-05-as-reported",
    "auth-blocked",
    "auth-secret-placeholder",
    "mlflow-url-wrong-namespace",
    "certificate-expired",
)
# In `make test-slow`, beside those above: one for each look-alike.
SLOW = (
    "mlflow-rule-missing",
    "api-rules-missing",
    "catch-all-shadows-rules",
    "rules-on-http-only",
    "registry-listener-missing",
    "api-group-detached",
    "api-group-empty",
    "edge-closed",
    "api-health-path-wrong",
    "api-health-port-wrong",
    "api-listens-elsewhere",
    "mlflow-blocked-from-api",
    "redis-blocked-from-api",
    "certificate-wrong-name",
    "certificate-untrusted",
    "mlflow-scaled-to-zero",
    "mlflow-service-deleted",
    "auth-crash-loop",
    "mlflow-out-of-memory",
    "image-missing",
    "api-password-not-injected",
    "execution-role-denied",
    "mlflow-url-unset",
    "auth-url-wrong",
    "service-id-wrong",
    "discovery-missing",
    "discovery-stale",
    "proxy-unmounted",
    "proxy-prefix-wrong",
    "revoked-accepted",
)
PAIRS = (
    ("mlflow-api-rule-wrong-target", "auth-scaled-to-zero"),
    ("mlflow-rule-missing", "auth-blocked"),
    ("api-group-empty", "auth-crash-loop"),
    ("discovery-stale", "auth-scaled-to-zero"),
    ("mlflow-scaled-to-zero", "certificate-expired"),
    ("api-health-port-wrong", "mlflow-url-wrong-namespace"),
    ("catch-all-shadows-rules", "auth-listener-missing"),
    ("mlflow-blocked-from-api", "auth-secret-placeholder"),
)
# Mended by a person's decision, not by a command: what the remedy says is done by `heal`.
PEOPLE = frozenset(
    {
        "redis-parameter-deleted",
        "redis-down",
        "redis-slow",
        "database-down",
        "database-write-lock",
        "database-password-changed",
        "auth-schema-missing",
        "artifact-bucket-denied",
        "key-unknown",
        "key-without-scope",
    }
)


def wanted() -> tuple[str, ...]:
    """Return the faults of this run: those of HOKUSAI_FAULTS, "all", or the two tables."""
    named = tuple(f for f in os.environ.get("HOKUSAI_FAULTS", "").split(",") if f)
    return tuple(FAULTS) if named == ("all",) else named or (*FAST, *SLOW)
