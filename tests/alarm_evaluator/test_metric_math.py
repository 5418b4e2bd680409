"""Metric math gives what the documentation says, point by point."""

from __future__ import annotations

import pytest

from alarm_evaluator import MathError, Value, calculate

METRICS: dict[str, Value] = {
    "m1": (1.0, None, 3.0),
    "m2": (10.0, 20.0, None),
    "none": (None, None, None),
    "zero": (0.0, 2.0, 4.0),
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1", (1.0, None, 3.0)),
        ("m1 + m2", (11.0, None, None)),
        ("m2 / 10 - 1", (0.0, 1.0, None)),
        ("2 + 3 * 4 ^ 2", 50.0),
        ("(2 + 3) * 4", 20.0),
        ("-m1", (-1.0, None, -3.0)),
        ("m2 / zero", (None, 10.0, None)),
        ("FILL(m1, 0)", (1.0, 0.0, 3.0)),
        ("FILL(m1, m2)", (1.0, 20.0, 3.0)),
        ("FILL(m2, REPEAT)", (10.0, 20.0, 20.0)),
        ("FILL(m1, LINEAR)", (1.0, 2.0, 3.0)),
        ("FILL(none, 0)", (None, None, None)),
        ("FILL(m1,0) < 1", (0.0, 1.0, 0.0)),
        ("SUM([m1, m2])", (11.0, 20.0, 3.0)),
        ("SUM(METRICS())", (11.0, 22.0, 7.0)),
        ('MAX(METRICS("m"))', (10.0, 20.0, 3.0)),
        ("SUM(zero)", 6.0),
        ("AVG([m1, zero])", (0.5, 2.0, 3.5)),
        ("MIN([FILL(m1,9), zero])", (0.0, 2.0, 3.0)),
        ("IF(zero > 1, 1, 0)", (0.0, 1.0, 1.0)),
        ("IF(m1 > 1 AND zero > 1, zero, 0)", (0.0, None, 4.0)),
        ("IF(zero == 0 || zero >= 4, 1, 0)", (1.0, 0.0, 1.0)),
        ("ABS(m1 - 3)", (2.0, None, 0.0)),
        ("SUM([FILL(METRICS(),0)])", None),
    ],
)
def test_an_expression_has_its_documented_value(expression: str, expected: Value | None) -> None:
    if expected is None:
        with pytest.raises(MathError):
            calculate(expression, METRICS)
    else:
        assert calculate(expression, METRICS) == expected


def test_fill_works_on_each_of_several_series() -> None:
    assert calculate("SUM(FILL(METRICS(), 0))", METRICS) == (11.0, 22.0, 7.0)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("m9 + 1", "no metric 'm9'"),
        ("m1 +", "ends too early"),
        ("ANOMALY_DETECTION_BAND(m1)", "not supported in metric math: ANOMALY_DETECTION_BAND"),
        ("(m1", "expected ')'"),
        ("m1 m2", "unexpected 'm2'"),
        ("m1 % 2", "cannot read metric math"),
        ("IF(m1, 1)", "IF needs three arguments"),
    ],
)
def test_what_cannot_be_calculated_is_refused_with_its_part(expression: str, message: str) -> None:
    with pytest.raises(MathError, match=message.replace("(", r"\(").replace(")", r"\)")):
        calculate(expression, METRICS)
