"""How soon each profile tells and pages, replayed through its template: the figures beside prices.

`python -m pytest -m sweep tests/replayed/test_profiles.py -s` prints them.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping

import msgspec
import pytest

from canary.config import load
from canary.model import Config, Profile
from tests.infra.conftest import DEVELOPMENT, code, synthesize
from tests.replayed.clock import alarms
from tests.replayed.scenarios import BY_NAME, noise, one_check_down
from tests.replayed.table import Row, replayed, row, share, times
from tests.replayed.template import Template, alarms_of
from tests.replayed.told import QUARTER, SEED, together, written

__all__ = ["code"]

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(7200)]
INCIDENTS = 30
NOT_CRITICAL = "registry.docs"
LATEST = {
    "registry down": (5, 6),
    "MLflow down": (5, 6),
    "registration alone": (9, 11),
    "2 of 3 runs down": (11, 15),
    "canary dead": (7, 8),
}
"""Scenario -> most minutes until the page in each profile: median, 95th percentile."""
NOISE = {
    "false pages in a quarter, each check fails by itself in 0.5 % of its runs": 0.005,
    "the same, 1 %": 0.01,
}
COLUMN = {profile: n for n, profile in enumerate(("standard", "lean", "full"), start=2)}
"""The cells of docs/operations.md, split at `|`."""


def in_profile(profile: Profile) -> Config:
    config = load(str(DEVELOPMENT))
    where = msgspec.structs.replace(config.environment, profile=profile)
    return msgspec.structs.replace(config, environment=where)


def alarms_in(profile: Profile, code: str) -> tuple[Template, Config]:
    config = in_profile(profile)
    return alarms_of(synthesize(config, code)), config


def documented(title: str, profile: Profile) -> str:
    return written("operations.md", title).split("|")[COLUMN[profile.value]].strip()


@pytest.mark.parametrize("profile", list(Profile))
def test_each_profile_pages_what_is_critical_as_soon_as_the_others(
    profile: Profile, code: str
) -> None:
    found, config = alarms_in(profile, code)
    rows = {name: row(found, config, BY_NAME[name], INCIDENTS, SEED) for name in LATEST}
    other = row(found, config, one_check_down(NOT_CRITICAL), INCIDENTS, SEED)
    figures = _figures(rows, other)
    print(f"\n{profile}\n" + "\n".join(f"{title}: {cell}" for title, cell in figures.items()))
    for seen in rows.values():
        _is_paged_in_time(seen, *LATEST[seen.scenario])
    assert len(other.told) == INCIDENTS and other.pages == 0
    assert statistics.median(other.told) <= 9 and share(other.told, 0.95) <= 11
    assert {title: documented(title, profile) for title in figures} == figures


def _figures(rows: Mapping[str, Row], other: Row) -> dict[str, str]:
    """Return the cells of docs/operations.md for one profile."""
    hard = together([rows["registry down"], rows["MLflow down"]])
    alone, often, dead = (
        rows[name] for name in ("registration alone", "2 of 3 runs down", "canary dead")
    )
    return {
        "hard down (registry, MLflow): paged after": times(hard.paged, hard.incidents),
        "registration alone, every five minutes: paged after": times(alone.paged, INCIDENTS),
        "two of three runs down: told after": times(often.told, INCIDENTS),
        "two of three runs down: paged after": times(often.paged, INCIDENTS),
        "the canary is dead: paged after": times(dead.paged, INCIDENTS),
        "one check that is not critical down: ticket after": times(other.told, INCIDENTS),
        "tickets of the last incident": f"{other.tickets:g}",
    }


def _is_paged_in_time(seen: Row, median: float, late: float) -> None:
    assert len(seen.paged) == INCIDENTS and seen.pages == 1, seen
    assert statistics.median(seen.paged) <= median and share(seen.paged, 0.95) <= late, seen


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("title", NOISE)
def test_a_quarter_of_noise_pages_as_the_document_says(
    title: str, profile: Profile, code: str
) -> None:
    found, config = alarms_in(profile, code)
    pages = alarms(replayed(found, config, noise(NOISE[title]), QUARTER, SEED), "page")
    print(f"\n{profile}, {title}: {len(pages)} {[page.alarm for page in pages]}")
    assert str(len(pages)) == documented(title, profile)
