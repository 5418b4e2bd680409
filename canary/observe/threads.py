"""A thread for each reading; one that hangs does not keep the process.

Not an executor: Python waits for an executor's threads at its end, and a look-up may hang a minute.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def begin(reading: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """Start a reading in a daemon thread, and return what will hold its outcome."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(reading(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - carried over to the waiting thread
            future.set_exception(error)

    threading.Thread(target=work, name="observe", daemon=True).start()
    return future
