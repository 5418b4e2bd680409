"""What is seen without scrolling, on a desk and on a phone: the verdict, the cause and its fix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from canary.report import html
from tests import pictures
from tests.canary.support.browser import ABSENT
from tests.canary.support.report_faults import FIVE, broken
from tests.canary.support.tab import DESKTOP, PHONE, Tab, tab

pytestmark = pytest.mark.skipif(ABSENT, reason="Chromium is not installed")

# each part's top and bottom, from the top of the window
_PARTS = """
Object.fromEntries(Object.entries({
  verdict: 'h1', changes: '#changes', cause: '#cause-1 h3',
  fix: '#cause-1 .commands.changes pre, #cause-1 .decision',
}).map(([name, place]) => {
  const {top, bottom} = document.querySelector(place).getBoundingClientRect();
  return [name, [top, bottom]];
}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("tab")) as opened:
        yield opened


def holds(seen: Tab, size: tuple[int, int]) -> None:
    parts: dict[str, Any] = seen.value(_PARTS)
    assert list(parts) == ["verdict", "changes", "cause", "fix"]
    ends = [bottom for _, bottom in parts.values()]
    assert all(top < bottom for top, bottom in parts.values()) and ends == sorted(ends)
    assert ends[-1] <= size[1], parts
    assert seen.value("document.documentElement.scrollWidth") == size[0]


@pytest.mark.parametrize("name", [*FIVE, "seed day"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_screen_shows_verdict_cause_and_fix(
    seen: Tab, name: str, size: tuple[int, int]
) -> None:
    page = pictures.seed() if name == "seed day" else html.render(broken(name))
    for dark in (False, True):
        seen.show(page, size, dark=dark)
        holds(seen, size)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_screen_of_a_healthy_day_shows_strips_and_figures(
    seen: Tab, size: tuple[int, int]
) -> None:
    for dark in (False, True):
        seen.show(pictures.well(), size, dark=dark)
        ends = seen.value("""
          [...document.querySelectorAll('.days .strips, .days .figures')].map(
            (part) => part.getBoundingClientRect().bottom)
        """)
        assert len(ends) == 2 and ends == sorted(ends) and ends[-1] <= size[1], ends
        assert seen.value("document.documentElement.scrollWidth") == size[0]


def test_a_fix_is_selected_whole_by_one_click_and_looks_unlike_inspect(seen: Tab) -> None:
    seen.show(html.render(broken("auth-wrong-port")))
    style = "getComputedStyle(document.querySelector('{}')).{}"
    assert seen.value(style.format("#cause-1 pre", "userSelect")) == "all"
    borders = [
        seen.value(style.format(f"{place} .commands", "borderLeftWidth"))
        for place in ("#cause-1", "#why-1")
    ]
    assert borders == ["4px", "0px"]
    assert "changes the platform" in seen.value("document.querySelector('#cause-1').innerText")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_column_heads_stand_above_their_cells(seen: Tab, size: tuple[int, int]) -> None:
    seen.show(pictures.seed(), size)
    apart = seen.value("""
      [...document.querySelectorAll('table:not(.matrix, .waterfall)')].flatMap((table) => {
        const row = [...table.querySelectorAll('tbody tr')].find((r) => ![...r.cells].some(
          (c) => c.colSpan > 1));
        const head = table.tHead.rows[0];
        const stacked = row && getComputedStyle(row).display === 'block';
        if (!row || stacked || !table.checkVisibility()) return [];
        const left = (cell) => cell.getBoundingClientRect().left
          + parseFloat(getComputedStyle(cell).paddingLeft);
        return [...row.cells].map((cell, n) => [table.className, head.cells[n].textContent,
          Math.round(left(cell) - left(head.cells[n]))]).filter(([, , by]) => by !== 0);
      })
    """)
    assert apart == []
