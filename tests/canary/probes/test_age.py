"""When the run that made an object has ended, whatever the clocks say."""

from __future__ import annotations

import pytest

from canary.probes.registration.age import clocks_differ_s, has_ended
from tests.canary.support import platforms as p


@pytest.mark.parametrize(
    ("date", "differ_s"),
    [
        ("Sun, 22 Nov 2026 12:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 11:59:00 GMT", 60),
        ("yesterday", 0),
        ("", 0),
    ],
)
def test_a_clock_differs_by_the_date_of_an_answer(date: str, differ_s: float) -> None:
    assert clocks_differ_s(p.NOW, date) == differ_s


@pytest.mark.parametrize(
    ("age_s", "tag", "clock_off_s", "ended"),
    [
        (60, "60", 0, False),
        (60.1, "60", 0, True),
        (65, "60", 10, False),  # each side adds by how much its clock differs
        (70.1, "60", 10, True),
        (100, "5000", 0, False),
        (100.1, "5000", 0, True),  # the limit holds for every tag
        (100, "", 0, False),
        (100.1, None, 50, True),
        (99, "1234567", 0, False),
        (99, "6 0", 0, False),
    ],
)
def test_a_run_has_ended_after_the_time_that_it_told_or_after_the_limit(
    age_s: float, tag: object, clock_off_s: float, ended: bool
) -> None:
    assert has_ended(age_s, tag, limit_s=100, clock_off_s=clock_off_s) is ended
