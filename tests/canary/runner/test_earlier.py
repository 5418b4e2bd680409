"""The states of earlier runs, as one run reads them back from the store."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from canary.comparison.previous import Previous
from canary.comparison.states import StateError
from canary.control_plane.stable import reference
from canary.control_plane.state import PlatformState
from canary.model import CheckHistory, Report, Status
from canary.runner.earlier import STATES_S, earlier
from canary.runner.noting import Attempts
from canary.runner.ports import Ports
from tests.canary.support import platforms as p
from tests.canary.support import worlds
from tests.canary.support.made import report, result
from tests.canary.support.servers.toolbox import ManualClock


def read_back(
    previous: Report | None,
    judged: Report,
    read: Callable[[str], PlatformState],
    end: float = 100.0,
    spent_s: float = 0.0,
) -> tuple[object, list[tuple[str, float]], list[str]]:
    """Return the previous state, what was read with how many seconds left, and the notes."""
    clock, asked, attempts = ManualClock(), list[tuple[str, float]](), Attempts()

    def stored(name: str, seconds: float) -> PlatformState:
        asked.append((name, seconds))
        clock.at += spent_s
        return read(name)

    made = worlds.config()
    ports: Ports = worlds.ports(made.environment, clock=clock, read_state=stored)
    start = msgspec.structs.replace(
        worlds.start_of(made, worlds.plan_of(made)), previous=Previous(report=previous)
    )
    before, known = earlier(ports, start, p.healthy(), judged, end, attempts)
    assert known.of.keys() <= judged.history.keys()
    return before, asked, attempts.notes


def failed(**baselines: str) -> Report:
    history = {
        f"api.{c}": CheckHistory(baseline=name, baseline_at="2026-11-22T11:00:00+00:00",
                                 last_status=Status.FAIL, since="2026-11-22T11:30:00+00:00")
        for c, name in baselines.items()
    }  # fmt: skip
    return report(*(result("F", c) for c in history), history=history)


def state(name: str) -> PlatformState:
    return PlatformState(read_at=name)


def test_each_state_of_earlier_runs_is_read_once_within_the_time() -> None:
    before = report(platform_state="one")
    assert read_back(before, failed(a="one", b="two"), state) == (
        state("one"), [("one", STATES_S), ("two", STATES_S)], [],
    )  # fmt: skip
    assert read_back(before, report(), state, end=0.5) == (state("one"), [("one", 0.5)], [])
    found, asked, notes = read_back(before, failed(a="two"), state, spent_s=3.0)
    assert (found, asked) == (state("one"), [("one", STATES_S)])
    assert notes == ["the state two could not be read: no time was left"]


def test_the_state_of_a_run_that_reads_as_the_one_before_is_not_read() -> None:
    same = report(platform_state=reference(p.healthy(), ()))
    assert read_back(same, report(), state) == (p.healthy(), [], [])
    other = report(platform_state=reference(p.healthy(), ("api.a",)))
    assert read_back(other, report(), state)[1] != []
    assert read_back(None, report(), state) == (None, [], [])
    whole = report(platform=msgspec.to_builtins(p.healthy()), platform_state="one")
    assert read_back(whole, report(), state) == (p.healthy(), [], [])


def test_a_store_that_fails_is_a_note() -> None:
    def lost(name: str) -> PlatformState:
        raise StateError("it is gone")

    found, _, notes = read_back(report(platform_state="one"), failed(a="two"), lost)
    assert found is None
    assert notes == [
        "the control plane of the previous run could not be read: StateError: it is gone",
        "the state two could not be read: it is gone",
    ]


def test_a_bug_in_the_choice_of_a_baseline_costs_a_note() -> None:
    broken = report(result("F", "api.a"), history={"api.a": None})  # type: ignore[dict-item]
    before, asked, notes = read_back(report(platform_state="one"), broken, state)
    assert (before, asked) == (state("one"), [("one", STATES_S)])
    (note,) = notes
    assert note.startswith(
        "the control plane before the failures could not be read: AttributeError: "
    )
