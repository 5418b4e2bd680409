"""A report that was written before a remedy had to help is read as before."""

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
