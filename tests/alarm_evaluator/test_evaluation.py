"""An alarm's state follows from its points as the documentation's tables say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from alarm_evaluator import State, TreatMissing, evaluate, evaluation_range, judge
from alarm_evaluator.states import COMPARISON_WORDS

DOCUMENT = json.loads((Path(__file__).parent / "data" / "alarm_cases.json").read_text())
CASES: list[dict[str, Any]] = DOCUMENT["cases"]
POINT = {"0": False, "X": True, "-": None}


def name(case: dict[str, Any]) -> str:
    return f"{case['points']} {case['of'][0]} of {case['of'][1]} {case['treat_missing']}"


def test_the_documentation_has_44_cases() -> None:
    assert len(CASES) == 44


@pytest.mark.parametrize("case", CASES, ids=name)
@pytest.mark.parametrize("previous", get_args(State))
def test_the_state_is_the_documented_one(case: dict[str, Any], previous: State) -> None:
    state = evaluate(
        [POINT[c] for c in case["points"]], *case["of"], case["treat_missing"], previous
    )
    assert state == (previous if case["state"] == "RETAIN" else case["state"])


@pytest.mark.parametrize(
    ("needed", "of", "silent_periods"),
    [(3, 3, 5), (2, 3, 4), (1, 1, 3)],
)
def test_breaching_needs_more_silence_than_its_periods(
    needed: int, of: int, silent_periods: int
) -> None:
    def after(silence: int) -> State:
        span = evaluation_range(of)
        points = ([False] * span + [None] * silence)[-span:]
        return evaluate(points, needed, of, "breaching", "OK")

    assert after(silent_periods - 1) == "OK" and after(silent_periods) == "ALARM"


@pytest.mark.parametrize("treat", get_args(TreatMissing))
def test_enough_real_points_are_judged_without_the_treatment(treat: TreatMissing) -> None:
    assert evaluate([None, True, None, True, True], 3, 3, treat, "OK") == "ALARM"


def test_only_the_newest_real_points_are_judged() -> None:
    assert evaluate([True, True, False, False, False], 2, 3, "missing", "ALARM") == "OK"
    assert evaluate([True, True, False, True, False], 2, 4, "missing", "OK") == "ALARM"


@pytest.mark.parametrize(
    ("points", "state"), [("---X-", "INSUFFICIENT_DATA"), ("--X--", "ALARM"), ("-X---", "ALARM")]
)
def test_a_lone_breach_alarms_once_it_is_as_old_as_the_datapoints_to_alarm(
    points: str, state: str
) -> None:
    assert evaluate([POINT[c] for c in points], 3, 3, "missing", "OK") == state


@pytest.mark.parametrize(
    ("points", "state"), [("-XX0-", "ALARM"), ("-X00-", "OK"), ("--XX-", "ALARM")]
)
def test_of_too_few_points_enough_breaches_alarm_at_once(points: str, state: str) -> None:
    assert evaluate([POINT[c] for c in points], 2, 4, "notBreaching", "OK") == state
    assert evaluate([POINT[c] for c in points], 2, 4, "missing", "OK") == state


def test_each_comparison_has_its_words() -> None:
    assert COMPARISON_WORDS == {
        "GreaterThanThreshold": "greater than",
        "GreaterThanOrEqualToThreshold": "greater than or equal to",
        "LessThanThreshold": "less than",
        "LessThanOrEqualToThreshold": "less than or equal to",
    }


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("GreaterThanThreshold", (False, False, True, None)),
        ("GreaterThanOrEqualToThreshold", (False, True, True, None)),
        ("LessThanThreshold", (True, False, False, None)),
        ("LessThanOrEqualToThreshold", (True, True, False, None)),
    ],
)
def test_a_threshold_is_compared_as_its_operator_says(
    comparison: str, expected: tuple[bool | None, ...]
) -> None:
    assert judge([0, 1, 2, None], comparison, 1) == expected


def test_an_unknown_operator_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="LessThanLowerThreshold"):
        judge([1.0], "LessThanLowerThreshold", 1)
