"""The control plane of earlier runs, as one run reads it back from the store."""

from __future__ import annotations

from canary.comparison.baselines import baselines
from canary.comparison.previous import previous_state
from canary.comparison.states import StateError, failing
from canary.control_plane.baselines import NO_BASELINES, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.state import PlatformState
from canary.model import Report
from canary.runner.context import RunStart
from canary.runner.noting import Attempts
from canary.runner.ports import Ports

STATES_S = 2.3
"""Most seconds for all states of earlier runs, which are read beside the control plane.

Where packets are dropped boto3 waits for ten."""
NO_PROBLEMS: tuple[str, ...] = ()


def earlier(
    ports: Ports,
    start: RunStart,
    state: PlatformState,
    judged: Report,
    end: float,
    attempts: Attempts,
) -> tuple[PlatformState | None, Baselines]:
    """Return the control plane of the previous run, and as it was while the checks were well.

    Nothing is read later than `end`, a moment of the monotonic clock.
    """
    reader = _Reader(ports, min(end, ports.clock.monotonic() + STATES_S))
    before = attempts.run(
        "the control plane of the previous run could not be read",
        lambda: _previous(start.previous.report, state, judged, reader),
        None,
    )
    known, problems = attempts.run(
        "the control plane before the failures could not be read",
        lambda: baselines(judged.history, failing(judged), judged.run.started_at, reader.read),
        (NO_BASELINES, NO_PROBLEMS),
    )
    attempts.notes.extend(problems)
    return before, known


class _Reader:
    """Reads states by name, each one once, and none later than `until`."""

    def __init__(self, ports: Ports, until: float) -> None:
        self._ports, self._until = ports, until
        self._found: dict[str, PlatformState] = {}

    def read(self, name: str) -> PlatformState:
        """Return the state of a name; raises what the store raises, and StateError."""
        if name not in self._found:
            left = self._until - self._ports.clock.monotonic()
            if left <= 0:
                raise StateError("no time was left")
            self._found[name] = self._ports.read_state(name, left)
        return self._found[name]


def _previous(
    report: Report | None, state: PlatformState, judged: Report, reader: _Reader
) -> PlatformState | None:
    """Return the previous run's state; nothing is read where it has the name of this one."""
    present = reference(state, failing(judged))
    if report is not None and report.platform is None and report.platform_state == present:
        return state
    return previous_state(report, reader.read)
