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
    """Return the faults of this run: those of HOKUSAI_FAULTS, or the whole library."""
    named = tuple(f for f in os.environ.get("HOKUSAI_FAULTS", "").split(",") if f)
    return named or tuple(FAULTS)
