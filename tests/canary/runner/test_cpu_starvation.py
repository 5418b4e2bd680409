"""Too little CPU is seen by ticks that come late, or by a core that is in use all the time."""

from __future__ import annotations

import threading

import pytest

from canary.runner.cpu_starvation import CpuStarvation, is_starved


@pytest.mark.parametrize(
    ("late", "ticks", "cpu", "wall", "starved"),
    [
        (0, 10, 1.8, 2.0, False),  # exactly nine tenths
        (0, 10, 1.81, 2.0, True),
        (2, 10, 0.1, 2.0, False),  # exactly one of five
        (3, 10, 0.1, 2.0, True),
        (3, 3, 2.0, 2.0, False),  # too few to tell
        (4, 4, 0.1, 2.0, True),
    ],
)
def test_too_little_cpu_shows_in_one_late_tick_of_five_or_in_a_core_in_use(
    late: int, ticks: int, cpu: float, wall: float, starved: bool
) -> None:
    assert is_starved(late, ticks, cpu, wall) is starved


class Skipping:
    """A clock that is late by a tenth of a second at every second look."""

    def __init__(self, late_s: float) -> None:
        self.at, self.late_s, self.looks = 0.0, late_s, 0

    def monotonic(self) -> float:
        self.looks += 1
        self.at += self.late_s
        return self.at


@pytest.mark.parametrize(("late_s", "starved"), [(0.04, False), (0.09, True)])
def test_a_tick_is_late_after_eighty_milliseconds(late_s: float, starved: bool) -> None:
    clock = Skipping(late_s)
    with CpuStarvation(clock) as found:  # type: ignore[arg-type]
        pause = threading.Event()
        while clock.looks < 14:
            pause.wait(0.02)
    assert found.starved is starved
    looks = clock.looks
    pause.wait(0.12)
    assert clock.looks <= looks + 1, "it ticks on"


def test_a_core_in_use_all_the_time_is_starved() -> None:
    clock = Skipping(0.001)
    clock.at = 1_000.0  # so little of its time passes that any work is all of it
    with CpuStarvation(clock) as found:  # type: ignore[arg-type]
        while clock.looks < 12:
            sum(range(1_000))
    assert found.starved


class Holding(Skipping):
    """A clock that holds the ticking thread up at a look, until it is let go."""

    def __init__(self, at_look: int) -> None:
        super().__init__(1.0)
        self.at_look = at_look
        self.held, self.let_go = threading.Event(), threading.Event()

    def monotonic(self) -> float:
        now = super().monotonic()
        if threading.current_thread().name == "cpu-starvation" and self.looks >= self.at_look:
            self.held.set()
            self.let_go.wait(10)
        return now


@pytest.mark.parametrize(("ticks", "starved"), [(3, False), (4, True)])
def test_four_ticks_are_enough_to_tell_and_the_thread_ends_with_the_process(
    ticks: int, starved: bool
) -> None:
    clock = Holding(2 * ticks + 2)  # one look at the start, two a tick, and the next one
    with CpuStarvation(clock) as found:  # type: ignore[arg-type]
        assert clock.held.wait(10)
        (thread,) = [t for t in threading.enumerate() if t.name == "cpu-starvation"]
        assert thread.daemon
    clock.let_go.set()
    thread.join(10)
    assert (found.starved, thread.is_alive()) == (starved, False)
