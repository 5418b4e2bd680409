"""The paper simulation keeps its own rules at every size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canary.scale import BUDGET_S, STATIC_ALARMS, simulate


@given(st.integers(min_value=1, max_value=200_000))
def test_every_size_fits_a_minute_and_has_room_for_every_check(checks: int) -> None:
    plan = simulate(checks)
    assert plan.shards * plan.checks_per_shard >= checks
    assert plan.run_s < 60 and plan.shard_s < BUDGET_S
    assert plan.total == pytest.approx(sum(plan.dollars.values()), abs=0.01)


def test_a_check_more_never_makes_the_functions_cheaper() -> None:
    prices = [simulate(n).dollars["functions"] for n in (100, 1_000, 10_000, 100_000)]
    assert prices == sorted(prices)


def test_beyond_what_alarms_one_by_one_make_sense_for_only_failing_checks_have_a_metric() -> None:
    assert simulate(STATIC_ALARMS + 1).metrics < 100


def test_no_check_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        simulate(0)
