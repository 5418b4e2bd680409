"""Plan -> Results: concurrency, needs, deadlines, clean-up. Every planned check gets one Result."""

from canary.runner.coordinator import Outcome, carry_out
from canary.runner.ports import Doors, StateUnavailableError
from canary.runner.progress import Progress

__all__ = ["Doors", "Outcome", "Progress", "StateUnavailableError", "carry_out"]
