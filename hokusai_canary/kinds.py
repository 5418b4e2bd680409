"""What a kind of check of your own is made of (entry points `hokusai_canary.kinds`).

A kind is a `Kind`: a name, the type of its keys (a frozen `Frozen`), and a function that carries a
check out and records steps. It may use what its `ProbeContext` has, and nothing global.
"""

from canary.model import Check, Frozen, Service, Status
from canary.probes.base.api import (
    CredentialMissingError,
    Kind,
    NotOpenError,
    NotTriedError,
    ProbeContext,
)
from canary.probes.base.conversation import Conversation
from canary.probes.base.evidence import Stopwatch, assertion
from canary.probes.base.request import RequestSpec, send

__all__ = [
    "Check",
    "Conversation",
    "CredentialMissingError",
    "Frozen",
    "Kind",
    "NotOpenError",
    "NotTriedError",
    "ProbeContext",
    "RequestSpec",
    "Service",
    "Status",
    "Stopwatch",
    "assertion",
    "send",
]
