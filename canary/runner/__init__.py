"""Plan -> Results: concurrency, needs, deadlines, clean-up. Every planned check gets one Result."""

from canary.runner.coordinator import Outcome, carry_out
from canary.runner.doors import Doors, StateUnavailableError
from canary.runner.events import Progress

__all__ = ["Doors", "Outcome", "Progress", "StateUnavailableError", "carry_out"]
