"""CloudWatch's evaluation of alarms, composite rules, suppression and metric math.

The canary (`rehearse`) and the emulator (its alarm loop) share this package.
"""

from __future__ import annotations

from alarm_evaluator.composite import Rule, RuleError, children, holds, parse_rule
from alarm_evaluator.metric_math import calculate
from alarm_evaluator.series import MathError, Series, Value
from alarm_evaluator.states import (
    ALARM,
    COMPARISON_WORDS,
    INSUFFICIENT_DATA,
    OK,
    State,
    TreatMissing,
    breaches,
    evaluate,
    evaluation_range,
    judge,
)
from alarm_evaluator.suppression import Moment, Periods, Suppression, advance

__all__ = [
    "ALARM",
    "COMPARISON_WORDS",
    "INSUFFICIENT_DATA",
    "OK",
    "MathError",
    "Moment",
    "Periods",
    "Rule",
    "RuleError",
    "Series",
    "State",
    "Suppression",
    "TreatMissing",
    "Value",
    "advance",
    "breaches",
    "calculate",
    "children",
    "evaluate",
    "evaluation_range",
    "holds",
    "judge",
    "parse_rule",
]
