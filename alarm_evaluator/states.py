"""The states of an alarm and its evaluation by CloudWatch's documented rules.

Source: Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data";
the 44 cases of its two tables are the test of this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
TreatMissing = Literal["missing", "ignore", "breaching", "notBreaching"]

OK: Final[State] = "OK"
ALARM: Final[State] = "ALARM"
INSUFFICIENT_DATA: Final[State] = "INSUFFICIENT_DATA"

# CloudWatch fetches more periods than EvaluationPeriods. The number is not published for every
# length; the published example evaluates 3 periods and fetches 5.
EXTRA_PERIODS: Final = 2


def evaluation_range(evaluation_periods: int) -> int:
    """Return the number of periods in the evaluation range."""
    return evaluation_periods + EXTRA_PERIODS


def evaluate(
    points: Sequence[bool | None],
    datapoints_to_alarm: int,
    evaluation_periods: int,
    treat_missing: TreatMissing,
    previous: State,
) -> State:
    """Return the state after the points of the evaluation range.

    `points` are oldest to newest: True breaches the threshold, False does not, None is missing.
    """
    real = [point for point in points if point is not None]
    if len(real) >= evaluation_periods:
        newest = real[-evaluation_periods:]
        return ALARM if sum(newest) >= datapoints_to_alarm else OK
    breaching = sum(real)
    lacking = evaluation_periods - len(real)
    if treat_missing == "breaching":
        return ALARM if breaching + lacking >= datapoints_to_alarm else OK
    if treat_missing == "notBreaching" or len(real) > breaching:
        return ALARM if breaching >= datapoints_to_alarm else OK
    unknown: State = previous if treat_missing == "ignore" else INSUFFICIENT_DATA
    if not real:
        return unknown
    # Only breaching points are left. They count as an alarm once the oldest of them is old enough
    # for the missing ones behind it to have been breaching too ("premature alarm transitions").
    age = len(points) - next(i for i, point in enumerate(points) if point is not None)
    if age < datapoints_to_alarm:
        return unknown
    return previous if treat_missing == "ignore" else ALARM


_COMPARISONS: Final = {
    "GreaterThanThreshold": float.__gt__,
    "GreaterThanOrEqualToThreshold": float.__ge__,
    "LessThanThreshold": float.__lt__,
    "LessThanOrEqualToThreshold": float.__le__,
}
COMPARISON_WORDS: Final = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


def breaches(value: float, comparison: str, threshold: float) -> bool:
    """Return whether a value breaches the threshold. Raises ValueError for an unknown operator."""
    operator = _COMPARISONS.get(comparison)
    if operator is None:
        raise ValueError(f"comparison operator not supported: {comparison}")
    return operator(float(value), float(threshold))


def judge(
    values: Sequence[float | None], comparison: str, threshold: float
) -> tuple[bool | None, ...]:
    """Return the points of a series as `evaluate` expects them."""
    return tuple(None if v is None else breaches(v, comparison, threshold) for v in values)
