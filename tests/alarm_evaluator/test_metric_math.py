"""Metric math gives what the documentation says, point by point."""

from __future__ import annotations

import math

import pytest

from alarm_evaluator import MathError, Value, calculate

METRICS: dict[str, Value] = {
    "m1": (1.0, None, 3.0),
    "m2": (10.0, 20.0, None),
    "none": (None, None, None),
    "zero": (0.0, 2.0, 4.0),
    "number": 5.0,
}
GAPS: dict[str, Value] = {"far": (None, 0.0, None, None, 9.0, None)}


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
        ("number - 2 - 1", 2.0),
        ("8 / 2 / 2", 2.0),
        ("2 - -1", 3.0),
        ("2 ^ 3 * 2", 16.0),
        ("1.5 + .5 + 2e1 + 1E-1 + 3.e+0", 25.1),
        ("zero < 2", (1.0, 0.0, 0.0)),
        ("zero > 2", (0.0, 0.0, 1.0)),
        ("zero <= 2", (1.0, 1.0, 0.0)),
        ("zero >= 2", (0.0, 1.0, 1.0)),
        ("zero == 2", (0.0, 1.0, 0.0)),
        ("zero != 2", (1.0, 0.0, 1.0)),
        ("zero AND m2", (0.0, 1.0, None)),
        ("zero && 1", (0.0, 1.0, 1.0)),
        ("zero OR 0", (0.0, 1.0, 1.0)),
        ("1 OR 0 AND 0", 1.0),
        ("10 - [m1, zero]", [(9.0, None, 7.0), (10.0, 8.0, 6.0)]),
        ("[m1, zero] - 1", [(0.0, None, 2.0), (-1.0, 1.0, 3.0)]),
        ("[m1, m2] - [zero, m1]", [(1.0, None, -1.0), (9.0, None, None)]),
        ("zero - [m1, zero]", [(-1.0, None, 1.0), (0.0, 0.0, 0.0)]),
        ("SUM(m1)", 4.0),
        ("AVG(m1)", 2.0),
        ("MIN(m2)", 10.0),
        ("MAX(m2)", 20.0),
        ("SUM(number)", 5.0),
        ("CEIL(zero / 8)", (0.0, 1.0, 1.0)),
        ("FLOOR(zero / 3)", (0.0, 0.0, 1.0)),
        ("abs(1 - number)", 4.0),
        ("(0 - zero) ^ 0.5", (0.0, None, None)),
        ("IF(1, 2, 3)", 2.0),
        ("IF(0, 2, 3)", 3.0),
        ("IF(0, zero, 3)", (3.0, 3.0, 3.0)),
        ("IF(1, zero, m1)", (0.0, 2.0, 4.0)),
        ("FILL(number, 0)", 5.0),
        ("FILL(m2, repeat)", (10.0, 20.0, 20.0)),
        ("FILL(m2, LINEAR)", (10.0, 20.0, None)),
        ("FILL([m1, m2], 7)", [(1.0, 7.0, 3.0), (10.0, 20.0, 7.0)]),
        ("METRICS('m')", [(1.0, None, 3.0), (10.0, 20.0, None)]),
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


def test_a_gap_is_filled_from_its_neighbours_and_what_has_none_stays_missing() -> None:
    assert calculate("FILL(far, LINEAR)", GAPS) == (None, 0.0, 3.0, 6.0, 9.0, None)
    assert calculate("FILL(far, REPEAT)", GAPS) == (None, 0.0, 0.0, 0.0, 9.0, 9.0)


@pytest.mark.parametrize("expression", ["1 / 0", "(0 - 8) ^ 0.5", "SUM(none)", "MAX(none)"])
def test_a_number_that_does_not_exist_is_none(expression: str) -> None:
    found = calculate(expression, METRICS)
    assert isinstance(found, float) and math.isnan(found)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("m9 + 1", "no metric 'm9' for metric math"),
        ("m1 +", "metric math ends too early"),
        ("", "metric math ends too early"),
        (
            "ANOMALY_DETECTION_BAND(m1)",
            "function not supported in metric math: ANOMALY_DETECTION_BAND",
        ),
        ("(m1", "expected ')', found 'the end' in metric math"),
        ("FILL(m1 m2)", "expected ',', found 'm2' in metric math"),
        ("m1 m2", "unexpected 'm2' in metric math"),
        ("m1 % 2 and more of it, much more", "cannot read metric math at ' % 2 and more of it,'"),
        ("IF(m1, 1)", "IF needs three arguments in metric math"),
        ("[1, m1]", "a number where metric math needs a series"),
        ("FILL(m1, METRICS())", "several series where metric math needs one"),
    ],
)
def test_what_cannot_be_calculated_is_refused_with_its_part(expression: str, message: str) -> None:
    with pytest.raises(MathError) as refused:
        calculate(expression, METRICS)
    assert str(refused.value) == message
