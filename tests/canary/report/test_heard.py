"""What is heard of a page: a state is its word, once; the mark that the style draws is silent."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from canary.model import Report, Status
from canary.report import html
from canary.report.index import Index, add, entry
from canary.report.index import render as render_index
from canary.report.page import assets
from tests.canary.support import report_samples as samples
from tests.canary.support.accessible import Heard, heard
from tests.canary.support.browser import ABSENT
from tests.canary.support.report_past import month

BROWSER = pytest.mark.skipif(ABSENT, reason="Chromium is not installed")
MARKS = "✓✕"


def folded_out(page: str) -> str:
    """Return the page with nothing folded: what is folded is not heard."""
    return re.sub(r"<details(?! open)([^>]*?)( open)?>", r"<details open\1>", page)


def rows(page: list[Heard]) -> list[list[str]]:
    return [node.words for node in page if node.role == "row"]


def four_states() -> Report:
    """Return a run in which one case of the matrix failed, one broke and one was not tried."""
    report = samples.healthy()
    found = list(report.results)
    at = next(n for n, r in enumerate(found) if r.kind == "access" and len(r.steps) > 2)
    states = [Status.FAIL, Status.ERROR, Status.SKIP]
    steps = [
        msgspec.structs.replace(step, status=state)
        for step, state in zip(found[at].steps, states, strict=False)
    ]
    steps += found[at].steps[len(steps) :]
    found[at] = msgspec.structs.replace(found[at], steps=tuple(steps))
    return msgspec.structs.replace(report, results=tuple(found))


@pytest.mark.parametrize(
    ("status", "quiet", "loud"),
    [
        (Status.PASS, "<i>passed</i>", "<b class=PASS>passed</b>"),
        (Status.FAIL, "<i class=FAIL>failed</i>", "<b class=FAIL>failed</b>"),
        (Status.ERROR, "<i class=ERROR>could not tell</i>", "<b class=ERROR>could not tell</b>"),
        (Status.SKIP, "<i class=SKIP>not tried</i>", "<b class=SKIP>not tried</b>"),
    ],
)
def test_a_state_is_one_element_with_its_word(status: Status, quiet: str, loud: str) -> None:
    template = html.environment().from_string(
        '{% import "macros.html.j2" as m with context %}'
        "{{ m.state(status, true) }}\n{{ m.state(status) }}"
    )
    assert template.render(status=status).split("\n") == [quiet, loud]


def test_each_cell_of_the_matrix_says_its_state_before_its_answer() -> None:
    page = html.render(four_states())
    matrix = page.partition('<table class="matrix">')[2].partition("</table>")[0]
    cells = re.findall(r"<p>(.*?)(?=<p>|<td>|<tr|</tbody>)", matrix, re.S)
    said = [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]
    assert len(said) > 10
    assert all(re.match(r"(passed|failed|could not tell|not tried) \S", s) for s in said)
    assert [sum(s.startswith(w) for s in said) for w in ("failed", "could not", "not tried")] == [
        1, 1, 1,
    ]  # fmt: skip


@BROWSER
def test_chromium_reads_each_state_as_one_word_and_no_mark(tmp_path: Path) -> None:
    found = heard(tmp_path, folded_out(html.render(four_states())))
    words = found[0].words
    assert found[0].role == "RootWebArea" and not [w for w in words if set(w) & set(MARKS)]
    read = rows(found)
    assert ["no header", "passed", "401"] in read
    for word in ("failed", "could not tell", "not tried"):
        assert sum(row.count(word) for row in read) == 1


@BROWSER
def test_chromium_reads_a_history_with_its_headers_and_each_figure_once(tmp_path: Path) -> None:
    report = samples.healthy()
    found = heard(tmp_path, folded_out(html.render(report, month(report))))
    headers = [" ".join(n.words) for n in found if n.role == "columnheader"]
    assert headers[-5:] == [
        "check",
        "last runs",
        "latency of passes : the last one",
        "last day : availability over the last 24 hours, and latency on average",
        "last month : availability over the last 31 days, and latency on average",
    ]
    title = report.results[0].title
    row = next(r for r in rows(found) if title in r and "passed" in r and len(r) > 5)
    assert row == [
        "passed", title, "last 60 runs: 59 passed, 1 failed", "latency at most 86 ms", "28 ms",
        "latency at most 43 ms", "100 % · 32 ms", "latency at most 33 ms", "100 % · 32 ms",
    ]  # fmt: skip
    assert len([n for n in found if n.role == "rowheader" and title in n.words]) == 1


@BROWSER
def test_chromium_reads_the_states_of_the_index(tmp_path: Path) -> None:
    index = add(Index(), entry(samples.seed_day()))
    page = render_index(index, "2026-11-22T10:01:00Z")
    # without its script, which knows that this index is old
    found = heard(tmp_path, page.replace(f"<script>{assets.script()}</script>", ""))
    assert "failing" in found[0].words
    assert not [w for w in found[0].words if set(w) & set(MARKS)]
