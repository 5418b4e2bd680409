"""Carry out a plan: concurrency, needs, deadlines, clean-up; one Result per planned check."""

from canary.runner.context import RunRequest, RunStart
from canary.runner.coordinator import Outcome, carry_out
from canary.runner.observation import StateUnavailableError
from canary.runner.ports import Ports
from canary.runner.progress import Progress

__all__ = [
    "Outcome",
    "Ports",
    "Progress",
    "RunRequest",
    "RunStart",
    "StateUnavailableError",
    "carry_out",
]
