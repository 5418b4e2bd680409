"""A thread for each reading; one that hangs does not keep the process.

Not an executor: Python waits for an executor's threads at its end, and a look-up may hang a minute.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from canary.observe.calls import Permission, Reader
from canary.observe.reading.deadline import Deadline

P = ParamSpec("P")
T = TypeVar("T")


class Begun(NamedTuple, Generic[T]):
    """A reading under way of which the state may do without: a field of it."""

    part: str
    actions: tuple[Permission, ...]
    default: T
    future: Future[T]

    def by(self, deadline: Deadline, reader: Reader) -> T:
        """Return the outcome; where it is late, the default, and its part is noted as unread."""
        try:
            return deadline.result(self.future)
        except TimeoutError:
            deadline.note(reader, self.actions)
            reader.miss(self.part)
            return self.default


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


def begin_optional(
    part: str,
    actions: tuple[Permission, ...],
    default: T,
    reading: Callable[Concatenate[Reader, P], T],
    reader: Reader,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Begun[T]:
    """Start a reading; where it fails, the default is its outcome, and its calls are noted.

    `part` is the field of the state that is then unread. A reader turns a failed call into a value;
    what is odd in an answer beside that would else end the whole reading of the control plane.
    """

    def guarded() -> T:
        try:
            return reading(reader, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a reader's bug is a reading that is missing
            for action in sorted({p.action for p in actions}):
                reader.note(action, "*", f"ReaderFailed: {type(error).__name__}", error)
            reader.miss(part)
            return default

    return Begun(part, actions, default, begin(guarded))
