"""What `plan` says a month costs, beside the bill of runs whose calls and bytes were counted.

Ten runs in each profile, one a minute, on one twin: the wire's own word of what was sent, stored
and read; the function's own log of metrics; the synthesized template of alarms, secrets and keys.
"""

from __future__ import annotations

import pytest

from canary.config import load
from canary.model import Profile
from tests.bench.bill.measured import measure
from tests.bench.bill.month import in_profile, of_runs, planned, table
from tests.infra.conftest import DEVELOPMENT, synthesize

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(1800)]
WITHIN = 0.10
ESTIMATED = ("changes", "failing runs")
"""Polls of two queues, which Lambda makes and no run can count, and what healthy runs never ask."""


def test_the_plan_is_within_a_tenth_of_the_counted_bill_in_each_profile(code: str) -> None:
    runs, base = measure(), load(str(DEVELOPMENT))
    both = {}
    for profile in Profile:
        config = in_profile(base, profile)
        said = planned(config)
        counted = of_runs(runs[profile], synthesize(config, code), config)
        both[profile.value] = (counted | {item: said[item] for item in ESTIMATED}, said)
    print(table(both))
    for profile, (counted, said) in both.items():
        assert counted.keys() >= said.keys(), profile
        assert sum(said.values()) == pytest.approx(sum(counted.values()), rel=WITHIN), profile
