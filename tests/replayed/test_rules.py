"""The replayer's own rules are the documented ones, and its canary and clock say when."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.replayed.cloudwatch import Told, compiled, state_after
from tests.replayed.template import Composite

CASES = json.loads(
    (Path(__file__).parents[1] / "alarm_evaluator" / "data" / "alarm_cases.json").read_text()
)["cases"]
POINT = {"0": False, "X": True, "-": None}


@pytest.mark.parametrize("before", ["OK", "ALARM", "INSUFFICIENT_DATA"])
def test_every_documented_case_is_judged_as_documented(before: str) -> None:
    assert len(CASES) == 44
    for case in CASES:
        points = [POINT[c] for c in case["points"]]
        found = state_after(points, *case["of"], case["treat_missing"], before)
        assert found == (before if case["state"] == "RETAIN" else case["state"]), case


def test_a_rule_holds_by_the_states_of_its_alarms() -> None:
    holds = compiled('ALARM("a") AND NOT ALARM("b") OR (OK("c") AND (FALSE))')
    assert holds({"a": "ALARM"}) and not holds({"a": "ALARM", "b": "ALARM", "c": "OK"})
    with pytest.raises(ValueError, match="cannot read the rule"):
        compiled('ALARM("a"); import os')


def test_a_suppressor_delays_and_the_state_that_is_left_is_told() -> None:
    plan = Composite(
        name="p", rule='ALARM("a")', route="page", suppressor="s", wait=10, extension=60
    )
    told = Told(plan, compiled(plan.rule))
    bad, held = {"a": "ALARM"}, {"a": "ALARM", "s": "ALARM"}
    assert [told.look(dict(bad), now) for now in (0, 9, 10, 11)] == ["", "", "ALARM", ""]
    assert told.look({}, 20) == "OK"
    assert [told.look(dict(held), now) for now in (30, 90)] == ["", ""]
    assert [told.look(dict(bad), now) for now in (100, 159, 160)] == ["", "", "ALARM"]
