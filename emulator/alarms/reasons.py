"""State reasons of alarms in CloudWatch's wording."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from alarm_evaluator import ALARM, COMPARISON_WORDS, INSUFFICIENT_DATA, State
from emulator.alarms.reading import Reading, period_of

_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def metric_reason(alarm: Any, reading: Reading, state: State, old: State) -> str:
    """Return the StateReason of a metric alarm that goes from one state to another."""
    real = [(v, at) for v, at in zip(reading.values, reading.starts, strict=True) if v is not None]
    periods = alarm.evaluation_periods
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(periods, 'datapoint')} {_was(periods)} unknown."
    if not real:
        treated = _TREATED.get(alarm.treat_missing_data, "Missing")
        return (
            f"Threshold Crossed: no datapoints were received for {_count(periods, 'period')} and "
            f"{_count(periods, 'missing datapoint')} {_was(periods)} treated as [{treated}]."
        )
    newest = real[-periods:][::-1]
    shown = ", ".join(f"{value} ({_moment(at)})" for value, at in newest)
    words = COMPARISON_WORDS[alarm.comparison_operator]
    negated = "" if state == ALARM else " not"
    least = int(alarm.datapoints_to_alarm or periods)
    if state != ALARM:
        least = periods - least + 1
    return (
        f"Threshold Crossed: {len(newest)} out of the last {_count(periods, 'datapoint')} "
        f"[{shown}] {_was(len(newest))}{negated} {words} the threshold ({float(alarm.threshold)}) "
        f"(minimum {_count(least, 'datapoint')} for {old} -> {state} transition)."
    )


def metric_reason_data(alarm: Any, reading: Reading, now: float) -> str:
    """Return the StateReasonData of a metric alarm."""
    data = {
        "version": "1.0",
        "queryDate": iso(now),
        "startDate": iso(reading.starts[0]),
        "statistic": alarm.statistic or alarm.extended_statistic,
        "period": period_of(alarm),
        "recentDatapoints": [value for value in reading.values if value is not None],
        "threshold": alarm.threshold,
    }
    return json.dumps({key: value for key, value in data.items() if value is not None})


def composite_reason(child_arn: str, state: State, now: float) -> str:
    """Return the StateReason of a composite alarm: the child that changed last."""
    moment = datetime.fromtimestamp(now, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
    return f"{child_arn} transitioned to {state} at {moment}"


def iso(at: float) -> str:
    """Return a time as CloudWatch writes it in JSON: milliseconds and +0000."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
