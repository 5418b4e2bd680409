"""The paper simulation keeps its own rules at every size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canary.deployment import capacity as scale
from canary.deployment.capacity import BUDGET_S, simulate
from canary.metrics import table as metrics
from canary.sharding.split import AT_ONCE, SHARD

SIZES = (100, 1_000, 10_000, 100_000)


@given(st.integers(min_value=1, max_value=200_000))
def test_every_size_fits_a_minute_and_has_room_for_every_check(checks: int) -> None:
    plan = simulate(checks)
    assert plan.shards * plan.checks_per_shard >= checks
    assert plan.run_s < BUDGET_S
    assert plan.total == pytest.approx(sum(plan.dollars.values()), abs=0.01)


def test_a_check_more_never_makes_an_item_cheaper() -> None:
    for item in ("functions", "storage", "metrics"):
        prices = [simulate(n).dollars[item] for n in SIZES]
        assert prices == sorted(prices), item


def test_shards_and_their_concurrency_are_those_that_are_built() -> None:
    plan = simulate(10_000)
    assert (plan.checks_per_shard, plan.shards, plan.parallel) == (SHARD, 10_000 // SHARD, AT_ONCE)


def test_of_very_many_checks_the_most_severe_and_what_fails_have_a_metric() -> None:
    plan = simulate(metrics.MOST_OWN + 1_000)
    assert plan.metrics == metrics.MOST_OWN + 1_000 * scale.FAILING + scale.OWN_METRICS
    assert plan.insights == 1 and simulate(metrics.MOST_OWN).insights == 0


def test_the_bill_of_ten_thousand_checks_is_what_the_price_list_makes_of_it() -> None:
    """By hand, from AWS's list prices of us-east-1: 43,800 runs of 100 shards a month."""
    bill = simulate(10_000).dollars
    assert bill["metrics"] == pytest.approx((400 + 96 + 18) * 0.30)
    assert bill["alarms"] == pytest.approx((400 + 12 + 1) * 0.10 + 5 * 0.50)
    assert bill["insights"] == pytest.approx(96 * 0.10)
    shard_s = 0.5 + 100 * 0.06 / 16
    lead_s = 1.0 + 100 * 0.015 + 10_000 * (0.00005 + 0.00045) * 1769 / 1024
    gb_s, calls = 43_800 * (100 * shard_s + lead_s), 43_800 * 102
    assert bill["functions"] == pytest.approx(gb_s * 0.0000133334 + calls * 2e-7, abs=0.01)
    assert bill["reports"] == pytest.approx(43_800 * (104.6 * 5e-6 + 206 * 4e-7), abs=0.01)
    child = 1e-6 + 1.1 * 64 / 1024 * 0.00001667
    assert bill["workflow"] == pytest.approx(43_800 * (5 * 2.5e-5 + 100 * child), abs=0.01)


def test_no_check_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        simulate(0)
