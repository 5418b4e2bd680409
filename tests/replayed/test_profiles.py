"""How soon each profile tells and pages, replayed through its template: the figures beside prices.

`python -m pytest -m sweep tests/replayed/test_profiles.py -s` prints them.
"""

from __future__ import annotations

import statistics

import msgspec
import pytest

from canary.config import load
from canary.model import Config, Profile
from tests.infra.conftest import DEVELOPMENT, code, synthesize
from tests.replayed.scenarios import BY_NAME, one_check_down
from tests.replayed.table import Row, lines, row, share
from tests.replayed.template import alarms_of

__all__ = ["code"]

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(3600)]
INCIDENTS = 30
NOT_CRITICAL = "registry.docs"
LATEST = {
    "registry down": (5.5, 6.5),
    "MLflow down": (5.5, 6.5),
    "registration alone": (9, 11),
    "2 of 3 runs down": (11, 15),
    "canary dead": (6, 7),
}
"""Scenario -> most minutes until the page in each profile: median, 95th percentile."""


def in_profile(profile: Profile) -> Config:
    config = load(str(DEVELOPMENT))
    where = msgspec.structs.replace(config.environment, profile=profile)
    return msgspec.structs.replace(config, environment=where)


@pytest.mark.parametrize("profile", list(Profile))
def test_each_profile_pages_what_is_critical_as_soon_as_the_others(
    profile: Profile, code: str
) -> None:
    config = in_profile(profile)
    found = alarms_of(synthesize(config, code))
    rows = [row(found, config, BY_NAME[name], INCIDENTS, seed=1) for name in LATEST]
    other = row(found, config, one_check_down(NOT_CRITICAL), INCIDENTS, seed=1)
    print(f"\n{profile}\n{lines([*rows, other])}")
    for seen in rows:
        _is_paged_in_time(seen, *LATEST[seen.scenario])
    assert len(other.told) == INCIDENTS and other.pages == 0
    assert statistics.median(other.told) <= 9 and share(other.told, 0.95) <= 11


def _is_paged_in_time(seen: Row, median: float, late: float) -> None:
    assert len(seen.paged) == INCIDENTS and seen.pages <= 1.1, seen
    assert statistics.median(seen.paged) <= median and share(seen.paged, 0.95) <= late, seen
