"""When the runs of a process are due."""

from __future__ import annotations

import datetime as dt

import pytest

from canary.model import Schedule
from canary.serve.timetable import Due, due, following, is_known

BEGAN = dt.datetime(2026, 11, 30, 14, 31, 20, tzinfo=dt.UTC)
S, M, H, D = (dt.timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
MIDNIGHT = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("expression", "after", "wanted"),
    [
        ("rate(1 minute)", BEGAN, BEGAN + M),
        ("rate(1 minute)", BEGAN + 59 * S, BEGAN + M),
        ("rate(1 minute)", BEGAN + M, BEGAN + 2 * M),
        ("rate(5 minutes)", BEGAN + 61 * M, BEGAN + 65 * M),
        ("rate(1 hour)", BEGAN + M, BEGAN + H),
        ("rate(1 day)", BEGAN, BEGAN + D),
        ("cron(*/10 * * * ? *)", BEGAN, MIDNIGHT + 14 * H + 40 * M),
        ("cron(0,30 8-18 * * ? *)", BEGAN, MIDNIGHT + 15 * H),
        ("cron(0,30 8-18 * * ? *)", MIDNIGHT + 18 * H + 30 * M, MIDNIGHT + D + 8 * H),
        ("cron(15 3 ? * * *)", BEGAN, MIDNIGHT + D + 3 * H + 15 * M),
        ("cron(31 14 * * ? *)", MIDNIGHT + 14 * H + 31 * M, MIDNIGHT + D + 14 * H + 31 * M),
    ],
)
def test_the_next_moment(expression: str, after: dt.datetime, wanted: dt.datetime) -> None:
    assert following(expression, BEGAN, after) == wanted


@pytest.mark.parametrize(
    ("expression", "known"),
    [
        ("rate(2 hours)", True),
        ("cron(0 * * * ? *)", True),
        ("cron(0 8 ? * MON-FRI *)", False),
        ("cron(0 8 1 * ? *)", False),
        ("every minute", False),
    ],
)
def test_what_leaves_out_days_is_not_known(expression: str, known: bool) -> None:
    assert is_known(expression) is known


TWO = Schedule(
    expression="rate(1 minute)", slow_expression="rate(5 minutes)", slow_checks=("a.slow", "b.slow")
)


def test_the_expensive_checks_come_by_their_own_schedule() -> None:
    last = {"schedule": BEGAN + 4 * M}
    found, missed = due(TWO, BEGAN, last, BEGAN + 4 * M + S)
    assert (found, missed) == (Due(at=BEGAN + 5 * M, trigger="schedule"), 0)
    last["schedule"] = BEGAN + 5 * M
    found, missed = due(TWO, BEGAN, last, BEGAN + 5 * M + S)
    assert (found, missed) == (
        Due(at=BEGAN + 5 * M, trigger="schedule-slow", only=("a.slow", "b.slow")),
        0,
    )
    last["schedule-slow"] = BEGAN + 5 * M
    assert due(TWO, BEGAN, last, BEGAN + 5 * M + 9 * S)[0].at == BEGAN + 6 * M


def test_of_runs_that_were_due_in_a_long_one_the_last_is_made_up_for() -> None:
    one = Schedule(expression="rate(1 minute)")
    last = {"schedule": BEGAN + M}
    assert due(one, BEGAN, last, BEGAN + 2 * M + 20 * S) == (
        Due(at=BEGAN + 2 * M, trigger="schedule"),
        0,
    )
    assert due(one, BEGAN, last, BEGAN + 5 * M) == (Due(at=BEGAN + 5 * M, trigger="schedule"), 3)
    # the expensive checks are not lost by it
    last = {"schedule": BEGAN + 4 * M, "schedule-slow": BEGAN}
    found, missed = due(TWO, BEGAN, last, BEGAN + 9 * M)
    assert (found.at, found.trigger, missed) == (BEGAN + 5 * M, "schedule-slow", 0)


def test_the_event_is_that_of_the_deployed_schedule() -> None:
    one = Due(at=BEGAN, trigger="schedule-slow", only=("a.slow",))
    assert one.event == {
        "trigger": "schedule-slow",
        "scheduled_at": "2026-11-30T14:31:20+00:00",
        "only": ["a.slow"],
    }
