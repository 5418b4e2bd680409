"""Refuse alarms that CloudWatch refuses and moto accepts.

Source: the API's PutMetricAlarm and DeleteAlarms.
"""

from __future__ import annotations

from typing import Any, get_args

from alarm_evaluator import TreatMissing, children, parse_rule

HIGH_RESOLUTION_S = (10, 20, 30)
LONGEST_S, LONGEST_OF_SHORT_S = 604_800, 86_400
HOUR_S = 3600
TREATMENTS = get_args(TreatMissing)
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
OPERATORS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)


def refuse(given: dict[str, Any]) -> None:
    """Raise PutMetricAlarm's error for an invalid alarm."""
    _refuse_words(given)
    needed, of = given.get("datapoints_to_alarm"), int(given.get("evaluation_periods") or 0)
    if of < 1:
        raise _wrong("EvaluationPeriods must be at least 1")
    if needed is not None and not 1 <= int(needed) <= of:
        raise _wrong("DatapointsToAlarm must be from 1 to the value of EvaluationPeriods")
    for period in _periods(given):
        if period not in HIGH_RESOLUTION_S and (period < 60 or period % 60):
            raise _wrong(f"Period must be 10, 20, 30 or a multiple of 60, not {period}")
        if period * of > (LONGEST_OF_SHORT_S if period < HOUR_S else LONGEST_S):
            raise _wrong("Metrics cannot be checked across more than a day (EvaluationPeriods * "
                         "Period must be <= 86400), or a week for periods of an hour and "
                         "more")  # fmt: skip


def _refuse_words(given: dict[str, Any]) -> None:
    if given.get("comparison_operator") not in OPERATORS:
        raise _wrong(f"ComparisonOperator must be one of {', '.join(OPERATORS)}")
    if given.get("treat_missing_data") not in (None, *TREATMENTS):
        raise _wrong(f"TreatMissingData must be one of {', '.join(TREATMENTS)}")
    if given.get("metric_data_queries"):
        return
    statistic, extended = given.get("statistic"), given.get("extended_statistic")
    if bool(statistic) == bool(extended):
        raise _wrong("Exactly one of Statistic and ExtendedStatistic must be given")
    if statistic and statistic not in STATISTICS:
        raise _wrong(f"Statistic must be one of {', '.join(STATISTICS)}")


def _periods(given: dict[str, Any]) -> list[int]:
    queries = given.get("metric_data_queries") or []
    stats = [query.metric_stat for query in queries if query.metric_stat]
    found = [given.get("period"), *(stat.period for stat in stats)]
    return [int(period) for period in found if period]


def refuse_deletion(backend: Any, names: list[str]) -> None:
    """Raise DeleteAlarms' error if a composite alarm that remains depends on one of them."""
    for alarm in list(backend.alarms.values()):
        if not alarm.rule or alarm.name in names:
            continue
        needed = {child.rsplit(":", 1)[-1] for child in children(parse_rule(alarm.rule))}
        for name in needed & set(names):
            text = f"Cannot delete {name} as there are composite alarm(s) depending on it."
            raise _wrong(text)


def _wrong(text: str) -> Exception:
    from moto.cloudwatch.exceptions import ValidationError

    return ValidationError(text)
