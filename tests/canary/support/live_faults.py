"""Which faults and pairs are planted on the twin, and in which test run."""

from __future__ import annotations

import os

from sandbox.faults import FAULTS, inexpressible
from sandbox.world.load import load

# Two faults that do not hide each other, the more important one first.
PAIRS = (
    ("mlflow-api-rule-wrong-target", "auth-scaled-to-zero"),
    ("mlflow-rule-missing", "auth-blocked"),
    ("auth-crash-loop", "api-group-empty"),
    ("auth-scaled-to-zero", "discovery-stale"),
    ("certificate-expired", "mlflow-scaled-to-zero"),
    ("mlflow-url-wrong-namespace", "certificate-expiring"),
    ("auth-listener-missing", "catch-all-shadows-rules"),
    ("mlflow-blocked-from-api", "auth-secret-placeholder"),
    ("certificate-wrong-name", "auth-scaled-to-zero"),
    ("edge-closed", "auth-crash-loop"),
    ("mlflow-scaled-to-zero", "revoked-accepted"),
    ("discovery-missing", "expired-accepted"),
    ("mlflow-rule-missing", "redis-down"),
    ("auth-blocked", "database-blocked-from-mlflow"),
    ("artifact-bucket-denied", "certificate-expiring"),
    ("mlflow-out-of-memory", "revoked-accepted"),
    ("certificate-expiring", "host-header-rejected"),
    ("mlflow-api-rule-wrong-target", "one-of-two-bad"),
    ("mlflow-rule-missing", "rate-limit-headers-missing"),
    ("bad-deploy-rolled-back", "artifact-bucket-denied"),
    ("catch-all-shadows-rules", "image-for-arm"),
    ("redis-blocked-from-api", "mlflow-scaled-to-zero"),
    ("auth-crash-loop", "execution-role-denied"),
    ("auth-blocked", "api-scaled-to-zero"),
)
# Nothing fails for it, so that nobody may name it and there is nothing to heal.
HARMLESS = frozenset({"sidecar-dies"})
# A person must decide on the remedy; `heal` does what the decision says.
PEOPLE = frozenset(
    {
        "redis-parameter-deleted",
        "redis-down",
        "redis-slow",
        "redis-silent",
        "database-silent",
        "database-down",
        "database-write-lock",
        "database-full",
        "database-failing-over",
        "database-connections-taken",
        "cache-deleted",
        "mlflow-paths-blocked",
        "acl-denies-database",
        "acl-drops-answers",
        "route-deleted",
        "nat-deleted",
        "no-capacity",
        "vcpu-quota-reached",
        "subnet-full",
        "database-password-changed",
        "auth-schema-missing",
        "artifact-bucket-denied",
        "key-unknown",
        "key-without-scope",
    }
)
_GROUP = "the group that the fault made stays, empty: deleted, it would come back as another one"
EXCEPTIONS: dict[str, str] = {
    "api-group-detached": _GROUP,
    "half-to-an-empty-group": _GROUP,
    "redis-blocked-from-api": "how the API is deployed was changed beside it, and blocks nothing",
    "health-lies": "while MLflow answers, nothing shows that the health documents always say well",
}
"""Faults whose fix does not leave everything as it was, each with the reason; at most eight."""
ROUNDS = 3
"""A fault with two causes may take two rounds of fixes; a busy machine may be late in one."""


CLASSIC = tuple(fault for fault in FAULTS if not inexpressible(load(), fault))
"""The faults of the world whose twin the live tests start; `needs.py` says why not the others."""


def wanted() -> tuple[str, ...]:
    """Return the faults of this run: those of HOKUSAI_FAULTS, or all that the twin can express."""
    named = tuple(f for f in os.environ.get("HOKUSAI_FAULTS", "").split(",") if f)
    return named or CLASSIC
