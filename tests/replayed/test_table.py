"""The promises of docs/reliability.md, replayed through the synthesized template."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from canary.alarms.plan import plan_alarms
from canary.config import load
from canary.model import Severity
from canary.rehearsal.replay import noise as random_failures
from canary.rehearsal.replay import rehearse
from tests.infra.conftest import DEVELOPMENT, synthesize
from tests.replayed.clock import alarms
from tests.replayed.rehearsed import rehearsed
from tests.replayed.scenarios import BY_NAME, noise
from tests.replayed.table import replayed, row, share
from tests.replayed.template import Template, alarms_of
from tests.replayed.told import INCIDENTS, QUARTER, ROWS, cells, written

pytestmark = pytest.mark.timeout(7200)
CONFIG = load(str(DEVELOPMENT))
LATEST = {
    "auth down": (5, 6),
    "registry down": (5, 6),
    "MLflow down": (5, 6),
    "registry down, store lost": (5, 6),
    "canary dead": (7, 8),
    "registration alone": (9, 11),
    "one of three targets": (12, 20),
    "2 of 3 runs down": (11, 15),
    "1 of 2 runs down": (14, 16),
    "slow degradation": (35, 60),
}
"""Scenario -> most minutes until the page: median, 95th percentile."""
HELD = {
    "registry down, deployment announced 5 minutes before": (13, 15),
    "registry down, deployment announced for 70 minutes": (5, 7.5),
}
"""The same, of a deployment that is announced and never ends: it delays one page, and no more."""
QUICK = ("registry down", "2 of 3 runs down")
HARD = ("auth down", "registry down", "MLflow down")
FEW = 4
"""Incidents of a quick row: it costs seconds, and CI runs it; the whole table is a sweep."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("code")
    (folder / "handler.py").write_text("def handler(event, context): return event\n")
    template: dict[str, Any] = synthesize(CONFIG, str(folder))
    return alarms_of(template)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_few_incidents_are_paged_in_time_and_once(found: Template, name: str) -> None:
    seen = row(found, CONFIG, BY_NAME[name], FEW, seed=1)
    assert len(seen.paged) == FEW and seen.pages == 1
    assert max(seen.paged) <= LATEST[name][1] and max(seen.cleared) <= 25


@pytest.mark.slow
def test_few_skips_are_told(found: Template) -> None:
    one = row(found, CONFIG, BY_NAME["one critical skipped"], FEW, seed=1)
    assert (len(one.told), one.pages) == (FEW, 0) and statistics.median(one.told) <= 5


@pytest.mark.slow
def test_the_replay_and_the_rehearsal_agree_on_a_hard_outage_within_a_minute(
    found: Template,
) -> None:
    assert abs(difference(found, FEW)) <= 1


@pytest.mark.sweep
@pytest.mark.parametrize("name", HARD)
def test_they_agree_on_every_hard_outage_within_a_minute(found: Template, name: str) -> None:
    assert abs(difference(found, INCIDENTS, name)) <= 1


def difference(found: Template, many: int, name: str = "registry down") -> float:
    """Return by how many minutes the median page of the replay is later than the rehearsal's."""
    seen = row(found, CONFIG, BY_NAME[name], many, seed=1)
    own = rehearsed(CONFIG, BY_NAME[name], INCIDENTS)
    assert len(seen.paged) == many and len(own) == INCIDENTS
    return statistics.median(seen.paged) - statistics.median(own)


@pytest.mark.sweep
@pytest.mark.parametrize("name", HELD)
def test_a_deployment_that_is_announced_for_ever_delays_a_page_and_no_more(
    found: Template, name: str
) -> None:
    seen = row(found, CONFIG, BY_NAME[name], INCIDENTS, seed=1)
    median, late = HELD[name]
    assert len(seen.paged) == INCIDENTS and seen.pages == 1
    assert statistics.median(seen.paged) <= median and share(seen.paged, 0.95) <= late


@pytest.mark.sweep
@pytest.mark.parametrize("name", LATEST)
def test_an_incident_is_paged_in_time_and_once(found: Template, name: str) -> None:
    seen = row(found, CONFIG, BY_NAME[name], INCIDENTS, seed=1)
    median, late = LATEST[name]
    assert len(seen.paged) == INCIDENTS and seen.pages == 1
    assert statistics.median(seen.paged) <= median and share(seen.paged, 0.95) <= late
    assert max(seen.cleared, default=0) <= 25


@pytest.mark.sweep
@pytest.mark.parametrize("title", ROWS)
def test_the_document_says_what_is_replayed(found: Template, title: str) -> None:
    assert cells(found, CONFIG, title) == written("reliability.md", title)


@pytest.mark.sweep
def test_what_cannot_be_tried_is_told(found: Template) -> None:
    one = row(found, CONFIG, BY_NAME["one critical skipped"], INCIDENTS, seed=1)
    assert len(one.told) == INCIDENTS and one.pages == 0
    assert statistics.median(one.told) <= 5
    every = row(found, CONFIG, BY_NAME["all critical skipped"], INCIDENTS, seed=1)
    assert len(every.paged) == INCIDENTS and every.pages == 1 and max(every.paged) <= 8


@pytest.mark.sweep
def test_a_day_of_noise_pages_nobody_though_points_come_late(found: Template) -> None:
    seen = replayed(found, CONFIG, noise(0.005), 1440, seed=1)
    assert alarms(seen, "page") == []


@pytest.mark.sweep
@pytest.mark.parametrize(("p", "most"), [(0.001, 0), (0.005, 0), (0.01, 2)])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_quarter_of_noise_in_the_rehearsal_pages_as_the_curve_says(
    p: float, most: int, seed: int
) -> None:
    """Figures of docs/reliability.md: one page a quarter where each request fails by 1 %."""
    planned = plan_alarms(CONFIG, "fn", CONFIG.environment.run.budget)
    critical = frozenset(c.id for c in CONFIG.checks if c.severity is Severity.CRITICAL)
    failures = random_failures([c.id for c in CONFIG.checks], p, QUARTER, seed)
    assert len(rehearse(planned, failures, critical).pages()) <= most
