"""Run ids sort by time: it is they that decide which of two runs is the latest."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from canary.pipeline import new_run_id

moments = st.datetimes(
    min_value=dt.datetime(2020, 1, 1),
    max_value=dt.datetime(2099, 1, 1),
    timezones=st.just(dt.UTC),
)


@given(one=moments, milliseconds=st.integers(min_value=1, max_value=100_000))
def test_a_run_that_begins_a_millisecond_later_has_the_greater_id(
    one: dt.datetime, milliseconds: int
) -> None:
    later = one + dt.timedelta(milliseconds=milliseconds)
    assert new_run_id(one.isoformat()) < new_run_id(later.isoformat())


def test_ids_of_one_moment_differ_and_an_earlier_versions_id_sorts_first() -> None:
    made = {new_run_id("2026-11-22T12:00:00.250000+00:00") for _ in range(50)}
    assert len(made) == 50
    assert all(m.startswith("20261122t120000250-") for m in made)
    assert min(made) > "20261122t120000-ffffff"
    assert max(made) < new_run_id("2026-11-22T12:00:01+00:00")
