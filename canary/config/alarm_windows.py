"""The windows of alarms that an environment or a check sets, merged into the checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from canary.model import AlarmWindow, Check, Environment, Severity

SEVERITIES = tuple(s.value for s in Severity)


def with_window(environment: Environment, check: Check) -> Check:
    """Return the check with its window; the environment's line for it comes first.

    Then what the check writes itself, then the environment's line for its severity.
    """
    lines = environment.alarm
    window = lines.get(check.id) or check.alarm or lines.get(check.severity.value)
    return msgspec.structs.replace(check, alarm=window)


def window_problems(environment: Environment, known: Mapping[str, Check]) -> Iterator[str]:
    """Yield the problems of `alarm` in an environment, and of its checks' own windows."""
    for key, window in environment.alarm.items():
        if key not in known and key not in SEVERITIES:
            severities = ", ".join(SEVERITIES)
            yield f"alarm.{key}: is neither a check nor a severity ({severities})"
        yield from (f"alarm.{key}: {problem}" for problem in _wrong(window))
    for check in known.values():
        if check.alarm is not None:
            yield from (f"{check.id}: alarm: {problem}" for problem in _wrong(check.alarm))


def _wrong(window: AlarmWindow) -> Iterator[str]:
    if window.datapoints > window.periods:
        yield f"datapoints: {window.datapoints} of {window.periods} periods can never be"
