"""The thread that evaluates every alarm and runs the actions of changed states."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from alarm_evaluator import (
    ALARM,
    INSUFFICIENT_DATA,
    OK,
    MathError,
    Periods,
    State,
    Suppression,
    TreatMissing,
    advance,
    children,
    evaluate,
    holds,
    judge,
    parse_rule,
)
from emulator.alarms import mutes
from emulator.alarms.actions import act, announce
from emulator.alarms.backend import backend_of
from emulator.alarms.messages import Change
from emulator.alarms.moto_alarms import install
from emulator.alarms.reading import Reading, read
from emulator.alarms.reasons import composite_reason, metric_reason, metric_reason_data
from emulator.metrics.store import epoch
from emulator.periodic import PeriodicThread
from emulator.settings import REGION

TICK_S = 5.0
"""Between two evaluations, before it is divided by the speed."""
_log = logging.getLogger(__name__)


class AlarmLoop(PeriodicThread):
    """A thread that evaluates all alarms; `evaluate_once` is one round.

    `speed` divides every period: at 60, a period of a minute is a second. `clock` gives epoch
    seconds and must be that of the datapoints.
    """

    def __init__(
        self,
        speed: float = 1.0,
        region: str = REGION,
        clock: Callable[[], float] = time.time,
    ) -> None:
        install()
        super().__init__("alarms", max(TICK_S / speed, 0.1), self.evaluate_once)
        self._speed = speed
        self._region = region
        self._clock = clock
        self._seen: dict[str, State] = {}
        self._memory: dict[str, Suppression] = {}
        self._round = threading.Lock()

    def evaluate_once(self) -> None:
        """Evaluate metric alarms once, then composite alarms until none changes."""
        with self._round:
            now = self._clock()
            alarms = dict(backend_of(self._region).alarms)
            for gone in self._seen.keys() - alarms.keys():
                self._seen.pop(gone)
                self._memory.pop(gone, None)
            for alarm in alarms.values():
                if alarm.name in self._seen:  # set by hand since the last round
                    self._guarded(self._react, alarm, now)
                if not alarm.rule:
                    self._guarded(self._metric, alarm, now)
            composites = [alarm for alarm in alarms.values() if alarm.rule]
            for _ in composites:  # a composite may watch another: as deep as there are composites
                before = [alarm.state_value for alarm in composites]
                for alarm in composites:
                    self._guarded(self._composite, alarm, now)
                if before == [alarm.state_value for alarm in composites]:
                    break
            for alarm in alarms.values():
                self._guarded(self._react, alarm, now)

    def _guarded(self, step: Callable[[Any, float], None], alarm: Any, now: float) -> None:
        """Run a step for one alarm; an error does not stop the evaluation of the others."""
        try:
            step(alarm, now)
        except Exception as error:
            known = isinstance(error, MathError | ValueError)
            alarm.evaluation_state = "EVALUATION_ERROR"
            if not known:
                _log.exception("alarm %s", alarm.name)

    def _metric(self, alarm: Any, now: float) -> None:
        old: State = alarm.state_value
        reading = read(alarm, now, self._speed, self._region)
        points = judge(reading.values, alarm.comparison_operator, float(alarm.threshold))
        needed = int(alarm.datapoints_to_alarm or alarm.evaluation_periods)
        treat: TreatMissing = alarm.treat_missing_data or "missing"
        alarm.evaluation_state = None
        state = evaluate(points, needed, alarm.evaluation_periods, treat, old)
        if state != old:
            self._changes(alarm, state, metric_reason(alarm, reading, state, old), reading, now)

    def _composite(self, alarm: Any, now: float) -> None:
        rule = parse_rule(alarm.rule)
        known = self._states()
        state = ALARM if holds(rule, known) else OK
        if state == alarm.state_value:
            return
        backend = backend_of(self._region)
        named = [backend.alarms.get(child.rsplit(":", 1)[-1]) for child in children(rule)]
        latest = max(
            (child for child in named if child is not None),
            key=lambda child: child.state_transitioned_timestamp,
            default=alarm,
        )
        when = epoch(latest.state_transitioned_timestamp)
        reason = composite_reason(latest.alarm_arn, latest.state_value, when)
        self._changes(alarm, state, reason, None, now)

    def _changes(
        self, alarm: Any, state: State, reason: str, reading: Reading | None, now: float
    ) -> None:
        data = metric_reason_data(alarm, reading, now) if reading else "{}"
        alarm.update_state(reason, data, state)
        moment = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
        alarm.state_updated_timestamp = alarm.state_transitioned_timestamp = moment

    def _react(self, alarm: Any, now: float) -> None:
        """Announce a new state, also one from SetAlarmState; run its actions unless suppressed."""
        state: State = alarm.state_value
        old = self._seen.get(alarm.name, INSUFFICIENT_DATA)
        before = self._memory.setdefault(alarm.name, Suppression())
        self._seen[alarm.name] = state
        if state != old:
            announce(self._change(alarm, old, state, now))
        if mutes.muted(self._region, alarm.name, now):
            return
        moment = advance(before, state, self._suppressor(alarm), now, self._periods(alarm))
        alarm.actions_suppressed_by = moment.suppression.suppressed_by or None
        self._memory[alarm.name] = moment.suppression
        if moment.act:
            act(self._change(alarm, before.announced, state, now))

    def _suppressor(self, alarm: Any) -> State:
        named = getattr(alarm, "actions_suppressor", None)
        return self._states().get(named, INSUFFICIENT_DATA) if named else INSUFFICIENT_DATA

    def _periods(self, alarm: Any) -> Periods:
        if not getattr(alarm, "actions_suppressor", None):
            return Periods(0, 0)
        wait = float(alarm.actions_suppressor_wait_period or 0)
        extension = float(alarm.actions_suppressor_extension_period or 0)
        return Periods(wait / self._speed, extension / self._speed)

    def _states(self) -> dict[str, State]:
        """Return the states of all alarms, by name and by ARN."""
        alarms = tuple(backend_of(self._region).alarms.values())
        return {key: a.state_value for a in alarms for key in (a.name, a.alarm_arn)}

    def _change(self, alarm: Any, old: State, new: State, now: float) -> Change:
        reasons = [item[1] for item in alarm.history if item[0] == "StateUpdate"]
        return Change(
            alarm=alarm,
            old=old,
            new=new,
            old_reason=reasons[-1] if reasons else "",
            at=now,
            region=self._region,
            children=self._triggering(alarm) if alarm.rule else (),
        )

    def _triggering(self, alarm: Any) -> tuple[tuple[str, str, float], ...]:
        backend = backend_of(self._region)
        named = (backend.alarms.get(c.rsplit(":", 1)[-1]) for c in children(parse_rule(alarm.rule)))
        return tuple(
            (child.alarm_arn, child.state_value, epoch(child.state_transitioned_timestamp))
            for child in named
            if child is not None and child.state_value == ALARM
        )
