"""What takes longer than it may is ended: loops, regular expressions, one in another."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
import time
from collections.abc import Callable

import pytest

from canary.adapters.deadlines import cut_after, within


def loops() -> int:
    while True:
        pass


def backtracks() -> object:
    return re.match(r"(a+)+$", "a" * 64 + "b")


def keeps_on() -> int:
    """Go on after any exception, as a boundary in the code that is cut would."""
    while True:
        with contextlib.suppress(Exception):
            loops()


@pytest.mark.parametrize("never", [loops, backtracks, keeps_on])
def test_what_never_returns_is_ended(never: Callable[[], object]) -> None:
    with pytest.raises(TimeoutError, match=r"^not done within 0\.1 s$"):
        cut_after(0.1, never)


def test_a_value_and_an_error_come_through() -> None:
    assert cut_after(5.0, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        cut_after(5.0, lambda: 1 // 0)


def test_an_inner_cut_leaves_the_outer_action_its_time() -> None:
    def outer() -> list[str]:
        said = []
        for _ in range(2):
            try:
                cut_after(0.05, loops)
            except TimeoutError as error:
                said.append(str(error))
        return said

    assert cut_after(30.0, outer) == ["not done within 0.1 s"] * 2


def test_an_outer_time_ends_inner_ones_that_would_take_longer() -> None:
    def outer() -> int:
        while True:
            try:
                cut_after(30.0, loops)
            except TimeoutError:
                continue

    with pytest.raises(TimeoutError):
        cut_after(0.2, outer)


@pytest.mark.parametrize("rules_s", [0.0, 0.0001])
def test_a_ring_at_any_moment_ends_the_action_and_nothing_else(rules_s: float) -> None:
    """Many short actions within a longer one: the end comes between them as often as within."""
    before = signal.getsignal(signal.SIGALRM)
    lost: list[BaseException] = []

    def short() -> None:
        end = time.perf_counter() + rules_s
        while time.perf_counter() < end:
            pass

    def many() -> None:
        while True:
            try:
                cut_after(5.0, short)
            except Exception as error:  # noqa: BLE001 - the boundary of a rule
                lost.append(error)

    for number in range(300):
        with pytest.raises(TimeoutError):
            cut_after(0.003 + number * 1e-6, many)
        assert signal.getsignal(signal.SIGALRM) is before
    assert all(isinstance(error, TimeoutError) for error in lost)


def test_timer_and_handler_are_as_before() -> None:
    heard = []
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append("own"))
    was = signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        assert cut_after(5.0, lambda: "done") == "done"
        with pytest.raises(TimeoutError):
            cut_after(0.05, loops)
        assert heard == []
        while not heard:
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *was)
    assert heard == ["own"]


def test_in_another_thread_the_action_is_abandoned() -> None:
    said: list[str] = []
    back = threading.Event()

    def work() -> None:
        try:
            cut_after(0.05, lambda: back.wait(30))
        except TimeoutError as error:
            said.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    back.set()
    assert said == ["not done within 0.1 s"]


def test_within_abandons_what_takes_longer() -> None:
    back = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.05, lambda: back.wait(30))
    back.set()
    assert within(5.0, lambda: "done") == "done"
    with pytest.raises(ZeroDivisionError):
        within(5.0, lambda: 1 // 0)
