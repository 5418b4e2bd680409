"""Carry out a plan: concurrency, needs, deadlines, clean-up; one Result per planned check."""

from canary.runner.context import RunRequest as RunRequest
from canary.runner.context import RunStart as RunStart
from canary.runner.coordinator import Outcome as Outcome
from canary.runner.coordinator import carry_out as carry_out
from canary.runner.interruption import RunInterruptedError as RunInterruptedError
from canary.runner.observation import StateUnavailableError as StateUnavailableError
from canary.runner.ports import Ports as Ports
from canary.runner.ports import Progress as Progress
