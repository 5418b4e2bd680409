"""When the run that made an object has ended, whatever the clocks say."""

from __future__ import annotations

import msgspec
import pytest

from canary.model import RunLimits
from canary.probes.registration.age import clocks_differ_s, has_ended, needed_s
from tests.canary.support import platforms as p
from tests.canary.support.servers.toolbox import Bench, environment


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
    ("left_s", "clock_off_s", "needed"),
    [(10.0, 0.0, 22), (10.1, 0.0, 23), (10.0, 2.5, 25), (0.0, 0.0, 12)],
)
def test_an_object_may_be_needed_until_the_clean_up_has_ended_and_five_seconds_more(
    left_s: float, clock_off_s: float, needed: int
) -> None:
    where = environment("http://127.0.0.1:9", run=RunLimits(cleanup_reserve=7))
    context = msgspec.structs.replace(
        Bench(where).context(), remaining=lambda cleanup: 99.0 if cleanup else left_s
    )
    assert needed_s(context, clock_off_s) == needed


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
