"""The longest gap between two runs, which a heartbeat must outlast."""

from __future__ import annotations

import pytest

from canary.model.schedule import is_schedule, longest_gap, schedule_period


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("rate(2 hours)", 7200),
        ("cron(* * * * ? *)", 60),
        ("cron(0/5 * * * ? *)", 300),
        ("cron(*/5 * * * ? *)", 300),
        ("cron(0,20,30 * * * ? *)", 1800),
        ("cron(0 8-18 * * ? *)", 14 * 3600),
        ("cron(30 4 * * ? *)", 86400),
        ("cron(5/20 * * * ? *)", 1200),
    ],
)
def test_the_longest_gap_is_what_is_waited_for(expression: str, seconds: int) -> None:
    assert longest_gap(expression) == seconds
    assert schedule_period(expression) == seconds


@pytest.mark.parametrize(
    "expression",
    ["", "rate(0 minutes)", "rate(5 seconds)", "cron(* * * *)", "every minute", "rate(5 minutes) "],
)
def test_what_is_no_schedule_is_known(expression: str) -> None:
    assert not is_schedule(expression)
    assert longest_gap(expression) is None


@pytest.mark.parametrize(
    "expression",
    ["cron(* * ? * MON-FRI *)", "cron(0 9 1 * ? *)", "cron(0 8 L * ? 2030)"],
)
def test_a_gap_that_cannot_be_told_is_none(expression: str) -> None:
    assert is_schedule(expression)
    assert longest_gap(expression) is None


@pytest.mark.parametrize(
    "expression",
    ["cron(61 * * * ? *)", "cron(x * * * ? *)", "cron(0 24 * * ? *)", "cron(0/5 * * * * *)",
     "cron(0 8 ? * ? *)", "cron(0 8 * ? * *)", "cron(0 8 * * ? ?)", "cron(? 8 * * ? *)"],
)  # fmt: skip
def test_what_the_scheduler_would_refuse_is_no_schedule(expression: str) -> None:
    """EventBridge Scheduler: one of the two fields of days must be "?", and no other may be."""
    assert not is_schedule(expression)
