"""How soon each profile tells and pages, replayed through its template: the figures beside prices.

`python -m pytest -m sweep tests/replayed/test_profiles.py -s` prints them.
"""

from __future__ import annotations

import statistics

import pytest

from canary.model import Profile
from tests.infra.conftest import code
from tests.replayed.profiles import (
    INCIDENTS,
    alarms_in,
    documented,
    false_pages,
    figures,
    rows_of,
)
from tests.replayed.table import Row, share

__all__ = ["code"]

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(7200)]
LATEST = {
    "registry down": (5, 6),
    "MLflow down": (5, 6),
    "registration alone": (9, 11),
    "2 of 3 runs down": (11, 15),
    "canary dead": (7, 8),
}
"""Scenario -> most minutes until the page in each profile: median, 95th percentile."""


@pytest.mark.parametrize("profile", list(Profile))
def test_each_profile_pages_what_is_critical_as_soon_as_the_others(
    profile: Profile, code: str
) -> None:
    rows, other = rows_of(*alarms_in(profile, code))
    found = figures(rows, other)
    print(f"\n{profile}\n" + "\n".join(f"{title}: {cell}" for title, cell in found.items()))
    for seen in rows.values():
        _is_paged_in_time(seen, *LATEST[seen.scenario])
    assert len(other.told) == INCIDENTS and other.pages == 0
    assert statistics.median(other.told) <= 9 and share(other.told, 0.95) <= 11
    assert {title: documented(title, profile) for title in found} == found


def _is_paged_in_time(seen: Row, median: float, late: float) -> None:
    assert len(seen.paged) == INCIDENTS and seen.pages == 1, seen
    assert statistics.median(seen.paged) <= median and share(seen.paged, 0.95) <= late, seen


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize(("probability", "most"), [(0.005, 0), (0.01, 2)])
def test_a_quarter_of_noise_pages_nobody_or_hardly(
    probability: float, most: int, profile: Profile, code: str
) -> None:
    pages = false_pages(*alarms_in(profile, code), probability)
    print(f"\n{profile}, {probability:.1%}: {pages}")
    assert len(pages) <= most
    assert not [name for name in pages if name.endswith("-heartbeat")]
