"""A report of before is read: a remedy did not have to help, and a decision held its command."""

from __future__ import annotations

import json

from canary.report.json import NO_REMEDY, load, render
from tests.canary.support.report_samples import seed_day


def test_an_empty_remedy_of_an_older_report_says_that_none_was_known() -> None:
    report = seed_day()
    plain = json.loads(render(report))
    plain["diagnoses"][0]["remedy"] = {"summary": "Look.", "inspect": ["aws x"]}
    found = load(json.dumps(plain)).diagnoses[0].remedy
    assert (found.summary, found.fix, found.decision) == ("Look.", (), NO_REMEDY)
    assert load(render(report)).diagnoses == report.diagnoses


def test_the_command_in_a_decision_of_an_older_report_stays_a_text() -> None:
    """Nobody can tell it from a name of others that stands in the decision."""
    plain = json.loads(render(seed_day()))
    said = "Type this: read -rs VALUE; aws x; unset VALUE"
    plain["diagnoses"][0]["remedy"] = {"summary": "Look.", "decision": said}
    found = load(json.dumps(plain)).diagnoses[0].remedy
    assert (found.decision, found.decision_command) == (said, "")


def test_the_command_of_a_decision_is_read_back() -> None:
    plain = json.loads(render(seed_day()))
    remedy = {"summary": "Look.", "decision": "Type this.", "decision_command": "read x"}
    plain["diagnoses"][0]["remedy"] = remedy
    report = load(json.dumps(plain))
    assert report.diagnoses[0].remedy.decision_command == "read x"
    assert load(render(report)) == report
