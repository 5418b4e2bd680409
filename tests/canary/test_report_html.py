"""The page: its order, its limits, what each state of the platform looks like, hostile text."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import msgspec
import pytest

from canary.model import Report, Result, Suite
from canary.report import html, json
from canary.report.archive import Archive, load, render, update
from canary.report.index import Index, add, dump, entry
from canary.report.index import load as load_index
from canary.report.index import render as render_index
from canary.report.matrix import matrix
from canary.report.text import ReportError
from canary.report.verdict import old_figures, scores
from canary.report.waterfall import waterfalls
from tests.canary import report_samples as samples
from tests.canary.report_hostile import SCRIPT, hostile
from tests.canary.report_parts import check
from tests.canary.test_report_forms import REPORTS, UNSEEN


class Page(HTMLParser):
    """What a browser would find: tags, ids, links, headings, and whether tags are balanced."""

    VOID = frozenset({"meta", "br", "img", "link", "hr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: list[str] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)


def sixty() -> Report:
    """Return a failing run of 60 checks, each failing one with evidence of full length."""
    seed = samples.seed_day()
    extra = [
        check(f"x.more-{n}", f"More of number {n}", "registry", "endpoints") for n in range(33)
    ]
    results = tuple(_long(r) for r in (*seed.results, *extra))
    kept = {r.check_id: samples.history(r) for r in results}
    return msgspec.structs.replace(seed, results=results, history=kept)


def _long(result: Result) -> Result:
    steps = tuple(
        msgspec.structs.replace(
            step,
            evidence=tuple(msgspec.structs.replace(e, excerpt="<p>" * 200) for e in step.evidence),
        )
        for step in result.steps
    )
    return msgspec.structs.replace(result, steps=steps)


def month(report: Report) -> Archive:
    """Return an archive of 31 days, a run an hour."""
    archive = Archive()
    for hour in range(31 * 24):
        moment = f"2026-10-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"
        run = msgspec.structs.replace(report.run, id=f"r{hour}", started_at=moment)
        archive = update(archive, msgspec.structs.replace(report, run=run))
    return archive


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_is_balanced_and_holds_no_script_and_no_remote_asset(name: str) -> None:
    written = html.render(REPORTS[name]())
    page = Page(written)
    assert page.crossed == [] and page.open == []
    assert not {"script", "img", "iframe", "link", "object", "form", "base"} & set(page.tags)
    assert not [a for a in page.attributes if a.startswith("on")]
    assert not [link for link in page.links if not link.startswith(("#", "https://"))]
    if name != "hostile":  # where every check is named alike
        assert len(page.ids) == len(set(page.ids))
    written.encode()


@pytest.mark.parametrize("name", REPORTS)
def test_every_link_within_a_page_has_its_place(name: str) -> None:
    if name == "hostile":
        pytest.skip("its check ids are noise; test_a_page_is_balanced looks at its links")
    page = Page(html.render(REPORTS[name]()))
    missing = {link[1:] for link in page.links if link.startswith("#")} - set(page.ids)
    assert missing == set()


def test_the_sections_come_in_the_order_of_a_readers_questions() -> None:
    page = Page(html.render(samples.seed_day()))
    wanted = ["changes", "causes", "failing", "matrix", "flow", "scores", "platform", "history"]
    assert [i for i in page.ids if i in (*wanted, "passed")] == [*wanted, "passed"]


def test_hostile_text_stays_text() -> None:
    written = html.render(hostile())
    assert SCRIPT not in written and "&lt;script&gt;" in written
    assert "1337" not in written  # 7 * 191: nothing of a target is ever evaluated
    assert not UNSEEN.search(written)
    assert "⟨U+202E⟩" in written
    assert len(written) < 400_000  # a megabyte is cut


def test_what_is_wrong_shows_expected_and_actual() -> None:
    written = html.render(samples.seed_day())
    assert '<td class="value expected">200</td><td class="value actual">502</td>' in written
    assert "502 text/html from the load balancer" in written


def test_a_page_of_60_checks_is_under_300_kb_with_a_month_of_history() -> None:
    report = sixty()
    assert len(report.results) == 60
    assert len(html.render(report, month(report)).encode()) < 300_000


def test_a_page_of_60_checks_renders_in_under_50_ms_of_cpu() -> None:
    report = sixty()
    html.render(report)  # templates are compiled once a process
    spent = []
    for _ in range(5):
        began = time.process_time()
        html.render(report)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.050


def test_the_page_is_the_same_whenever_it_is_rendered() -> None:
    assert html.render(samples.seed_day()) == html.render(samples.seed_day())


def test_the_matrix_has_a_column_a_principal_and_a_row_a_form_of_a_route() -> None:
    found = matrix(samples.seed_day())
    assert found is not None
    assert found.principals == (
        "valid", "nobody", "malformed", "unknown", "revoked", "expired", "other-service",
        "read-only",
    )  # fmt: skip
    assert [(route.name, len(route.rows), route.broken) for route in found.routes] == [
        ("GET registry.hokus.ai/api/mlflow/api/2.0/mlflow/experiments/search", 5, 13),
        ("GET auth.hokus.ai/api/v1/keys/validate", 5, 13),
    ]
    cell = found.routes[0].rows[0].cells[0][0]
    assert (cell.answer, cell.expected, cell.status) == ("404", "200", "FAIL")


def test_every_authentication_case_is_in_the_matrix_once() -> None:
    found = matrix(samples.healthy())
    assert found is not None
    rows = [row for route in found.routes for row in route.rows]
    assert sum(len(place) for row in rows for place in row.cells) == 26


def test_scores_and_old_figures_keep_their_order_when_read_back() -> None:
    read = json.load(json.render(samples.healthy()))
    assert [name for name, _ in scores(read)] == [*Suite, "overall"]
    figures, note = old_figures(read)
    assert figures[0][0] == "Infrastructure Health Score" and note == ""


def test_a_report_without_authentication_cases_has_no_matrix() -> None:
    assert matrix(msgspec.structs.replace(samples.healthy(), results=())) is None


def test_a_waterfall_places_each_phase_within_its_axis() -> None:
    (drawn,) = waterfalls(samples.healthy())
    assert drawn.bars[0].step.name == "make a local model"
    for bar in drawn.bars:
        for segment in bar.segments:
            assert segment.start >= 0 and segment.start + segment.width <= 1000.1
    assert drawn.bars[1].phases["wait"] == 14.0


def test_a_step_that_was_not_tried_says_why_and_has_no_bar() -> None:
    (drawn,) = waterfalls(samples.seed_day())
    assert drawn.bars[2].segments == ()
    assert "find the experiment failed" in html.render(samples.seed_day())


def test_a_platform_that_does_not_fit_is_said_to_be_unread() -> None:
    report = msgspec.structs.replace(samples.healthy(), platform={"services": 7})
    assert "The control plane was not read in this run." in html.render(report)


def test_the_archive_counts_days_and_hours_and_keeps_no_more_than_it_shows() -> None:
    archive = month(samples.healthy())
    kept = archive.checks["auth.health"]
    assert len(kept.hours) == 24 and len(kept.days) == 31
    assert {b.passed for b in kept.days} == {24}
    assert load(render(archive)) == archive
    assert len(render(archive)) < 200_000


def test_an_incident_lasts_from_the_first_failure_to_the_first_pass() -> None:
    archive = Archive()
    for minute, report in enumerate((samples.healthy(), samples.seed_day(), samples.healthy())):
        moment = f"2026-11-22T10:{minute:02}:00Z"
        run = msgspec.structs.replace(report.run, id=str(minute), started_at=moment)
        archive = update(archive, msgspec.structs.replace(report, run=run))
    assert len(archive.incidents) == 14
    assert archive.incidents[0].began == "2026-11-22T10:01:00Z"
    assert archive.incidents[0].ended == "2026-11-22T10:02:00Z"
    assert update(archive, report) is not archive  # another run id
    again = msgspec.structs.replace(report, run=msgspec.structs.replace(report.run, id="2"))
    assert update(archive, again) is archive
    assert "Incidents" in html.render(samples.healthy(), archive)


def test_a_broken_archive_is_refused() -> None:
    with pytest.raises(ReportError, match="not an archive"):
        load(b"{")
    with pytest.raises(ReportError, match="written by another version"):
        load(b'{"schema":"hokusai-canary/archive/9"}')


def test_the_index_keeps_the_newest_run_of_each_environment_worst_first() -> None:
    seed, well = samples.seed_day(), samples.healthy()
    later = msgspec.structs.replace(seed.run, finished_at="2026-11-22T10:01:00Z")
    index = add(Index(), entry(msgspec.structs.replace(seed, run=later)))
    index = add(index, entry(well))  # older: it changes nothing
    index = add(index, msgspec.structs.replace(entry(well), environment="staging"))
    assert load_index(dump(index)) == index
    written = render_index(index, "2026-11-22T10:02:00Z")
    assert re.findall(r'<a href="([^"]+)">(\w+)</a>', written)[0][1] == "development"
    assert Page(written).crossed == []


def test_a_silent_environment_is_not_called_healthy() -> None:
    index = add(Index(), entry(samples.healthy()))
    written = render_index(index, "2026-11-22T12:00:00Z")
    assert "silent for 1 h 59 min" in written
    assert '<span class="state PASS">' not in written


def test_an_index_with_a_hostile_environment_has_no_script_link() -> None:
    page = Page(render_index(add(Index(), entry(hostile())), "2026-11-22T10:02:00Z"))
    assert not [link for link in page.links if link.lower().startswith("javascript:")]
    assert "script" not in page.tags
