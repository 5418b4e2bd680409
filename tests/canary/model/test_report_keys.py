"""Fields whose name in the code is not their key in a report: the keys are an interface."""

from __future__ import annotations

import json

from canary.model import Report
from canary.report import json as canonical
from tests.canary.support import made


def test_reused_and_cpu_starved_keep_their_keys_and_are_read_back() -> None:
    report = made.report(made.result("P", reused=True, as_of="2026-11-22T10:00:00+00:00"))
    plain = json.loads(canonical.render(report))
    assert plain["results"][0]["carried"] is True and plain["run"]["starved"] is False
    assert isinstance(canonical.load(canonical.render(report)), Report)
    assert canonical.load(canonical.render(report)).results[0].reused
