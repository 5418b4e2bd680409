"""The runs of a process, one after the other: what the handler does for each event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import msgspec

from canary.adapters.log import Log
from canary.handler import lateness, request_of
from canary.model import Report
from canary.pipeline import run_once
from canary.publish import Published, publish_report
from canary.serve.status import Board
from canary.serve.timetable import START, Due, due
from canary.wiring import notify
from canary.wiring.run import Runtime, make_ports

Stoppable = Callable[[Callable[[], None], float], AbstractContextManager[None]]


class Runs:
    """Carries out what is due; a run that breaks costs itself alone."""

    def __init__(self, runtime: Runtime, board: Board, stoppable: Stoppable, log: Log) -> None:
        self._runtime, self._board, self._log = runtime, board, log
        self._stoppable = stoppable

    def carry_out(self, one: Due) -> None:
        """Carry a run out, publish it, and note what became of it."""
        environment = self._runtime.environment
        request = request_of(one.event, environment)
        if late := lateness(request, environment, self._runtime.clock.now()):
            self._log.problem("run is stale", reason=late, trigger=one.trigger)
            self._board.left_out(1)
            return
        request = msgspec.structs.replace(request, budget_s=environment.run.budget)
        try:
            ports = msgspec.structs.replace(make_ports(self._runtime), stoppable=self._stoppable)
            report = run_once(ports, self._runtime.config, request)
            self._publish(report, latest=request.whole)
        except Exception as error:  # noqa: BLE001 - the boundary: the next run is tried
            self._board.broke()
            what = self._runtime.redactor.text(f"{type(error).__name__}: {error}")
            self._log.problem("the run ended without a report", reason=what)

    def _publish(self, report: Report, latest: bool) -> None:
        done, send = Published(), notify.notifier(self._runtime, notify.channels())
        publish_report(self._runtime, report, done, latest=latest, log=self._log, notify=send)
        for problem in done.problems:
            self._log.problem(
                "publishing", run_id=report.run.id, problem=self._runtime.redactor.text(problem)
            )
        self._board.ended(report, len(done.problems))


def every(runtime: Runtime, board: Board, wait: Callable[[float], None]) -> Iterator[Due]:
    """Yield each run when it is due; the first is due at once, with every check.

    A run that was due while another one was under way comes right after it; of several the last.
    """
    schedule, clock = runtime.environment.schedule, runtime.clock
    began = clock.now()
    last: dict[str, dt.datetime] = {}
    yield Due(at=began, trigger=START)
    while True:
        coming, missed = due(schedule, began, last, clock.now())
        board.left_out(missed)
        wait(max((coming.at - clock.now()).total_seconds(), 0.0))
        last[coming.trigger] = coming.at
        yield coming
