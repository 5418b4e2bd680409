"""End an action that takes longer than it may.

`within` waits in another thread: what never returns is abandoned and goes on. `cut_after` ends
it: a timer's signal raises in the main thread, also while a regular expression is matched (the
matcher of CPython looks for signals). A handler of Lambda runs in the main thread; in any other
thread `cut_after` does as `within`.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

AGAIN_S = 0.05
"""Seconds until the timer rings again: what it raised may be lost, as in a finalizer."""
AT_ONCE_S = 1e-6


class _Over(BaseException):
    """The time of one `cut_after` is over; no `except Exception` may keep it."""


def within(seconds: float, action: Callable[[], T]) -> T:
    """Return the action's value; raises TimeoutError when it takes longer, and abandons it."""
    found: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            found.append(action())
        except BaseException as error:  # noqa: BLE001 - carried over to the waiting thread
            failed.append(error)

    thread = threading.Thread(target=work, name="within", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError(f"not done within {seconds:.1f} s")
    return found[0]


def cut_after(seconds: float, action: Callable[[], T]) -> T:
    """Return the action's value; raises TimeoutError after `seconds`, and ends the action.

    One may stand in another: the outer one's time goes on.
    """
    if threading.current_thread() is not threading.main_thread():
        return within(seconds, action)
    # only while the action runs: a ring outside of it would raise where nobody catches it
    own, armed, early = _Over(), False, False

    def ring(_signal: int, _frame: FrameType | None) -> None:
        nonlocal early
        if armed:
            raise own
        early = True

    before, began = signal.signal(signal.SIGALRM, ring), time.monotonic()
    # between its ring and its signal a timer shows nothing left, but still its interval
    left, every = signal.getitimer(signal.ITIMER_REAL)
    outer = bool(left or every)
    first = min(seconds, left) if outer else seconds
    signal.setitimer(signal.ITIMER_REAL, max(first, AT_ONCE_S), AGAIN_S)
    try:
        armed = True
        if early:
            raise own
        return action()
    except _Over as over:
        armed = False
        if over is not own:
            raise
        raise TimeoutError(f"not done within {seconds:.1f} s") from None
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:
            passed = time.monotonic() - began
            signal.setitimer(signal.ITIMER_REAL, max(left - passed, AT_ONCE_S), every)
