"""The parts of a page that are worked out: matrix, waterfall, archive, index, files of a run."""

from __future__ import annotations

import re

import msgspec
import pytest

from canary.model import Status, Suite
from canary.report import html, json
from canary.report.archive import Archive, Bucket, happened, update
from canary.report.index import Index, add, entry
from canary.report.index import render as render_index
from canary.report.matrix import matrix
from canary.report.pages import pages
from canary.report.plots import outcomes, past, spark, together
from canary.report.stored import dump, load
from canary.report.text import ReportError
from canary.report.verdict import old_figures, scores, verdict
from canary.report.waterfall import waterfalls
from tests.canary.report.test_html import Page
from tests.canary.support import report_samples as samples
from tests.canary.support.report_hostile import hostile
from tests.canary.support.report_past import month


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
    assert {b.passed for b in kept.days[1:-1]} == {24} and kept.days[-1].passed == 11
    assert load(dump(archive), Archive) == archive
    assert len(dump(archive)) < 200_000


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
    with pytest.raises(ReportError, match="not a stored Archive"):
        load(b"{", Archive)
    with pytest.raises(ReportError, match="written by another version"):
        load(b'{"schema":"hokusai-canary/archive/9"}', Archive)


def test_the_index_keeps_the_newest_run_of_each_environment_worst_first() -> None:
    seed, well = samples.seed_day(), samples.healthy()
    later = msgspec.structs.replace(seed.run, finished_at="2026-11-22T10:01:00Z")
    index = add(Index(), entry(msgspec.structs.replace(seed, run=later)))
    index = add(index, entry(well))  # older: it changes nothing
    index = add(index, msgspec.structs.replace(entry(well), environment="staging"))
    assert load(dump(index), Index) == index
    written = render_index(index, "2026-11-22T10:02:00Z")
    assert re.findall(r'<a href="([^"]+)">(\w+)</a>', written)[0][1] == "development"
    assert Page(written).crossed == []


def test_a_run_that_ran_out_of_time_says_what_it_saw() -> None:
    healthy = samples.healthy()
    late = msgspec.structs.replace(healthy.results[0], status=Status.SKIP, reason="no time left")
    run = msgspec.structs.replace(healthy.run, status=Status.ERROR)
    judged = verdict(
        msgspec.structs.replace(healthy, run=run, results=(late, *healthy.results[1:]))
    )
    assert judged.sentence.endswith("1 check not tried, 26 passed, none failed.")


def test_a_silent_environment_is_not_called_healthy() -> None:
    index = add(Index(), entry(samples.healthy()))
    written = render_index(index, "2026-11-22T12:00:00Z")
    assert "silent for 1 h 59 min" in written
    assert 'class="state ERROR"' in written and 'class="state PASS"' not in written


def test_an_environment_that_was_removed_is_shown_for_a_month_and_no_longer() -> None:
    index = add(Index(), entry(samples.healthy()))
    for day, left in (("2026-12-23", ["development", "staging"]), ("2026-12-24", ["staging"])):
        new = msgspec.structs.replace(
            entry(samples.healthy()), environment="staging", finished_at=f"{day}T09:00:00Z"
        )
        index = add(index, new)
        assert [e.environment for e in index.entries] == left


def test_an_environment_that_runs_every_hour_is_not_silent_between_two_runs() -> None:
    index = load(dump(add(Index(), entry(samples.healthy(), every_s=3600))), Index)
    assert "1 healthy" in render_index(index, "2026-11-22T12:00:00Z")
    written = render_index(index, "2026-11-22T13:02:00Z")
    assert "silent for 3 h" in written and "after three of its periods" in written
    usual = dump(add(Index(), entry(samples.healthy(), every_s=60)))
    assert "silent_after_s" not in usual  # a version without the word reads it, too


def test_an_index_with_a_hostile_environment_has_no_script_link() -> None:
    page = Page(render_index(add(Index(), entry(hostile())), "2026-11-22T10:02:00Z"))
    assert not [link for link in page.links if link.lower().startswith("javascript:")]
    assert page.tags.count("script") == 1, "ours"
    stored = msgspec.structs.replace(entry(samples.healthy()), page="JavaScript:window.pwned=1")
    written = dump(add(Index(), stored))
    assert Page(render_index(load(written, Index), "2026-11-22T10:02:00Z")).links == ["#main"]


def test_a_run_leaves_its_page_badge_archive_and_the_index() -> None:
    first = pages(samples.healthy())
    assert sorted(first.files) == [
        "archive/development.json", "badges/development.svg", "index.html", "index.json",
        "latest/development.html",
    ]  # fmt: skip
    run = msgspec.structs.replace(samples.seed_day().run, id="next")
    second = pages(
        msgspec.structs.replace(samples.seed_day(), run=run),
        first.files["archive/development.json"].encode(),
        first.files["index.json"].encode(),
    )
    assert "50 %" in second.files["latest/development.html"]  # one of two runs of a day
    assert 'href="latest/development.html"' in second.files["index.html"]
    assert 'data-silent="900"' in second.files["latest/development.html"]
    assert second.notes == ()


def test_the_page_of_a_run_by_hand_is_never_called_late() -> None:
    well = samples.healthy()
    run = msgspec.structs.replace(well.run, trigger="command line")
    made = pages(msgspec.structs.replace(well, run=run))
    assert "data-silent" not in made.files["latest/development.html"]
    assert 'class="age" data-at=' in made.files["latest/development.html"]


def test_a_broken_archive_and_index_are_begun_anew_with_a_note() -> None:
    found = pages(samples.healthy(), b"{", b"[]")
    assert [note.partition(":")[0] for note in found.notes] == [
        "started anew, because it was not a stored Archive",
        "started anew, because it was not a stored Index",
    ]


def test_a_plot_of_the_past_leaves_hours_without_a_run_empty_and_breaks_its_line_there() -> None:
    kept = tuple(
        Bucket(start=f"2026-11-22T{hour:02}:00:00+00:00", passed=4, failed=hour == 7, latency_ms=20)
        for hour in (5, 6, 7, 9)
    )
    drawn = past(kept, 24, "hour", "2026-11-22T09:30:00Z")
    assert drawn == (
        '<svg role=img aria-label="latency at most 20 ms">'
        '<path d="M95 10h9M115 10h4"/>'  # 5 and 6, then 9 in the last slot
        '<path class=p d="M105 4h4v16h-4z"/><path class=f d="M105 0h4v4h-4z"/>'
        '<path d="M97 23h10M117 23h0"/></svg>'  # the line begins twice
        "<p>94.1 % · 20 ms</p>"
    )
    long_ago = past(kept, 24, "hour", "2026-12-22T09:30:00Z")
    assert long_ago == "<svg aria-hidden=true></svg><p>not judged</p>"


def test_a_line_of_latency_has_one_step_for_equal_ones_and_ends_at_the_last_run() -> None:
    slower = [100.0, 100.0, 100.0, 50.0, 0.0, 100.0]
    assert spark(slower) == (
        '<svg role=img aria-label="latency at most 100 ms">'
        '<path d="M2 2h46l24 8 23 8 23-16"/></svg>'
    )
    assert spark([7.0]) == "", "one run is no line"
    assert spark([0.0, 0.0]) == '<svg aria-hidden=true><path d="M2 18h116"/></svg>'


def test_the_last_runs_are_drawn_and_told_by_their_states() -> None:
    assert outcomes("P" * 3 + "FF" + "S" + "E" + "P") == (
        '<svg role=img aria-label="last 8 runs: 4 passed, 2 failed, 1 could not tell, 1 skipped">'
        '<path d="M156 16h8M177 16h2"/><path class=f d="M165 10h5"/>'
        '<path class=s d="M171 18.5h2"/><path class=e d="M174 13h2"/></svg>'
    )


def test_many_checks_are_one_row_of_a_suite() -> None:
    one = month(samples.healthy()).checks["auth.health"]
    both = together([one, one])
    assert [b.passed for b in both.days] == [2 * b.passed for b in one.days]
    assert [b.latency_ms for b in both.hours] == pytest.approx([b.latency_ms for b in one.hours])


def test_incidents_of_the_same_runs_are_told_together() -> None:
    archive = month(samples.healthy(), bad={5: ("auth.health", "auth.tasks"), 50: ("auth.tasks",)})
    assert [(i.checks, bool(i.ended)) for i in happened(archive)] == [
        (("auth.tasks", "auth.health"), True),
        (("auth.tasks",), True),
    ]
