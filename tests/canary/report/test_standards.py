"""All sample pages against axe, with everything unfolded, and against a validator of HTML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from canary.report import html
from canary.report.index import Index, add, entry, public
from canary.report.index import render as render_index
from canary.report.page.public import render as render_public
from tests import pictures
from tests.canary.support import report_samples as samples
from tests.canary.support import web
from tests.canary.support.browser import ABSENT
from tests.canary.support.report_faults import FIVE, broken
from tests.canary.support.report_hostile import hostile
from tests.canary.support.report_past import month
from tests.canary.support.tab import DESKTOP, PHONE, Tab, tab

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("pages"),
    pytest.mark.skipif(ABSENT, reason="Chromium is not installed"),
]
NAMES = (
    "index", "public", "public page", "seed day", "healthy", "could not tell", "300 checks",
    "hostile", *FIVE,
)  # fmt: skip

# target-size (WCAG 2.2, 2.5.8: 24 px) is not among the rules that axe carries out by itself
_AXE = """
axe.run({rules: {'target-size': {enabled: true}}}).then((found) => found.violations.flatMap(
  (v) => v.nodes.map((n) => [v.id, n.html.slice(0, 160)])))
"""


def page(name: str) -> str:
    made = {
        "index": pictures.environments,
        "public": lambda: render_index(public(cards()), "2026-11-22T10:02:00Z"),
        "public page": lambda: render_public(samples.seed_day(), month(samples.seed_day())),
        "seed day": pictures.seed,
        "healthy": pictures.well,
        "could not tell": lambda: html.render(samples.could_not_tell(), silent_after_s=900),
        "300 checks": lambda: html.render(samples.many()),
        "hostile": lambda: html.render(hostile()),
    }
    return made[name]() if name in made else html.render(broken(name))


def cards() -> Index:
    seed = samples.seed_day()
    return add(Index(), entry(seed, archive=month(seed)))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("tab"), hung_s=600) as opened:
        yield opened


@pytest.fixture(scope="module")
def axe() -> str:
    return web.axe()


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(seen: Tab, axe: str, name: str) -> None:
    for size in (DESKTOP, PHONE):
        seen.show(page(name), size)
        seen.value("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        seen.value(f"{axe}; 0")
        assert seen.value(_AXE) == []


def test_the_validator_finds_nothing(tmp_path: Path) -> None:
    found = web.validated(tmp_path, {name.replace(" ", "-"): page(name) for name in NAMES})
    # the hostile run's checks have one id, which a configuration may not have
    assert [one for one in found if one[:2] != ("hostile", "no-dup-id")] == []


def test_the_validator_sees_a_fault(tmp_path: Path) -> None:
    broken_page = "<!doctype html><html lang=en><title>x</title><p><div>y</div></b>"
    assert {name for name, _, _ in web.validated(tmp_path, {"a": broken_page})} == {"a"}
