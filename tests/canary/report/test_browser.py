"""The pages as Chromium shows them: on a phone, in the dark, in print, and under attack."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from canary.report import html
from canary.report.index import Index, add, entry
from canary.report.index import render as render_index
from tests import pictures
from tests.canary.support import report_samples as samples
from tests.canary.support.browser import ABSENT, Seen, look, printed
from tests.canary.support.report_hostile import hostile

pytestmark = pytest.mark.skipif(ABSENT, reason="Chromium is not installed")

PAGES: dict[str, Callable[[], str]] = {
    "healthy": lambda: html.render(samples.healthy()),
    "seed_day": lambda: html.render(samples.seed_day()),
    "could_not_tell": lambda: html.render(samples.could_not_tell()),
    "many": lambda: html.render(samples.many()),
    "hostile": lambda: html.render(hostile()),
    # as two real runs were, with a month of history
    "real_healthy": pictures.well,
    "real_seed_day": pictures.seed,
}


def holds(seen: Seen) -> None:
    """State what must hold of every page, wherever it is shown."""
    assert seen.pwned is None and seen.scripts == 1
    assert seen.loaded == []
    assert seen.overflow <= 0
    assert seen.contrast >= 4.5, f"too faint: {seen.faint!r}"
    assert seen.levels[0] == 1 and seen.levels.count(1) == 1
    steps = [b - a for a, b in zip(seen.levels, seen.levels[1:], strict=False)]
    assert max(steps, default=0) <= 1, "a heading level is left out"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone_and_runs_nothing_of_others(name: str, tmp_path: Path) -> None:
    seen = look(tmp_path, PAGES[name](), width=360)
    assert seen.width == 360
    holds(seen)


OTHERS = ("could_not_tell", "healthy", "real_seed_day")


@pytest.mark.parametrize(
    "name", ["seed_day", *(pytest.param(n, marks=pytest.mark.slow) for n in OTHERS)]
)
def test_a_page_is_readable_in_the_dark(name: str, tmp_path: Path) -> None:
    light = look(tmp_path, PAGES[name]())
    dark = look(tmp_path, PAGES[name](), dark=True)
    holds(light)
    holds(dark)
    assert light.background != dark.background


def test_the_index_fits_a_phone(tmp_path: Path) -> None:
    index = add(Index(), entry(samples.seed_day()))
    seen = look(tmp_path, render_index(index, "2026-11-22T10:01:00Z"), width=360)
    holds(seen)
    assert seen.title == "Hokusai Canary: 1 failing"


def test_a_printed_report_is_a_few_pages(tmp_path: Path) -> None:
    for page, most in ((html.render(samples.seed_day()), 14), (pictures.seed(), 20)):
        document = printed(tmp_path, page)
        pages = len(re.findall(rb"/Type\s*/Page\b", document))
        assert document.startswith(b"%PDF-") and 3 <= pages <= most
