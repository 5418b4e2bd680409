"""The fault library: a fault for each row of its table."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.needs import inexpressible, refusal
from sandbox.faults.table import ROWS

# what else is wrong at the same time, in the order of the chain
_ALSO = {
    "seed-2025-08-05": ("port-mismatch", "deployment-stuck"),
    "seed-2025-08-05-as-reported": ("port-mismatch", "deployment-stuck"),
    "auth-down-misreported": ("auth-error-misreported",),
    "health-lies": ("health-endpoint-misleading",),
}
# these leave every answer at the edge as it was, for one thing because a balancer without a
# healthy target fails open; the control plane shows them
_SILENT = {
    "one-of-two-bad",
    "bad-deploy-rolled-back",
    "deployment-stuck",
    "api-health-path-wrong",
    "api-health-port-wrong",
    "mlflow-matcher-wrong",
    "health-check-speaks-tls",
    "certificate-expiring",
    "sidecar-dies",
}

__all__ = ["FAULTS", "inexpressible", "refusal"]

FAULTS: dict[str, Fault] = {
    ident: Fault(
        id=ident,
        sentence=sentence,
        incident=incident,
        cause=cause,
        plant=plant,
        also=_ALSO.get(ident, ()),
        symptom=ident not in _SILENT,
    )
    for ident, plant, cause, incident, sentence in ROWS
}
