"""What a rule of the diagnosis of your own is made of (entry points `hokusai_canary.rules`).

A rule is a `Rule`: a function that gets a `Case` (failures, control plane, environment) and yields
a `Finding` for each cause that it sees, and the readings that it needs. Pure: no clock, no request.
"""

from canary.diagnose.core.case import Case
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import (
    APPLICATION,
    CANARY,
    DEPENDS,
    NETWORK,
    ROUTE,
    SERVE,
    SETTINGS,
    START,
    TARGET,
    TLS_EDGE,
    Finding,
)
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.rules import Rule
from canary.model import Confidence, Evidence, Remedy

__all__ = [
    "APPLICATION",
    "CANARY",
    "DEPENDS",
    "NETWORK",
    "ROUTE",
    "SERVE",
    "SETTINGS",
    "START",
    "TARGET",
    "TLS_EDGE",
    "Case",
    "Confidence",
    "Evidence",
    "Failure",
    "Finding",
    "Remedy",
    "Rule",
    "Symptom",
]
