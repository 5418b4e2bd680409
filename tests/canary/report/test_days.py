"""The last day and month: strips, uptime, error budget, incidents, and what the public sees."""

from __future__ import annotations

import re

import msgspec
import pytest

from canary.model import Change, Comparison, Drift, Report, Severity, Status, Suite, Transition
from canary.report import html, index, refresh
from canary.report.archive import Archive, Bucket, CheckArchive, happened, update
from canary.report.page import days
from canary.report.stored import dump, load
from tests.canary.support import report_samples as samples
from tests.canary.support.report_past import month

END = "2026-11-22T09:30:00Z"


def hour(number: int, **counts: int) -> Bucket:
    return Bucket(start=f"2026-11-22T{number:02}:00:00+00:00", **counts)


def test_a_slot_is_whole_partly_failed_failed_not_judged_or_without_a_run() -> None:
    kept = (hour(4, passed=3), hour(5, passed=2, failed=1), hour(6, failed=2), hour(8, unknown=4),
            hour(9, passed=1, unknown=1))  # fmt: skip
    assert days.letters(kept, 6, "hour", END) == "PdF.?P"
    drawn = days.drawn("PdF.?P", "hour")
    assert drawn.startswith(
        '<svg role=img aria-label="last 6 hours: 2 passed, 1 partly failed, 1 failed, '
        '1 not judged, 1 without a run" viewBox="0 0 30 20"'
    )
    assert re.findall(r'<path class=(\w) stroke-width=(\d+) d="([^"]+)"', drawn) == [
        ("p", "8", "M0 16h4M25 16h4"), ("f", "14", "M5 13h4"), ("f", "20", "M10 10h4"),
        ("e", "11", "M20 14.5h4"),
    ]  # fmt: skip
    assert days.drawn("<b", "day").count("<path") == 0, "other letters are not drawn"


def test_each_suite_has_a_strip_of_24_hours_and_31_days() -> None:
    report = samples.healthy()
    archive = month(report, bad={30: ("auth.health",)})
    found = {s.name: s for s in days.strips(report, archive)}
    assert list(found) == [*Suite]
    assert {(len(s.day), len(s.month)) for s in found.values()} == {(24, 31)}
    assert found["infrastructure"].month.count("d") == 1 and "d" not in found["infrastructure"].day
    assert found["registration"].month == "P" * 31
    assert (found["registration"].day_share, found["registration"].month_share) == ("100 %",) * 2
    assert found["infrastructure"].month_share == "99.9 %"
    assert days.strips(report, Archive()) == ()


# --- uptime and error budget


def judged(passed: int, failed: int, unknown: int = 0) -> tuple[Report, Archive]:
    """Return a run of one critical check, with this month behind it, and one other that failed."""
    well = samples.healthy()
    (first, second, *_) = well.results
    critical = msgspec.structs.replace(first, check_id="a", severity=Severity.CRITICAL)
    other = msgspec.structs.replace(second, check_id="b", severity=Severity.LOW)
    bucket = Bucket(start=END, passed=passed, failed=failed, unknown=unknown)
    archive = Archive(
        checks={
            "a": CheckArchive(days=(bucket,)),
            "b": CheckArchive(days=(Bucket(start=END, failed=50),)),
            "removed": CheckArchive(days=(Bucket(start=END, failed=50),)),
        }
    )
    return msgspec.structs.replace(well, results=(critical, other)), archive


def told(report: Report, archive: Archive, slo: float = 99.9) -> dict[str, tuple[str, str]]:
    return {f.name: (f.value, f.note) for f in days.facts(report, archive, slo)}


@pytest.mark.parametrize(
    ("passed", "failed", "slo", "uptime", "budget"),
    [
        (1000, 0, 99.9, "100 %", "100 % left"),
        (19_999, 1, 99.9, "99.99 %", "95 % left"),
        (199_999, 1, 99.9, "99.99 %", "99 % left"),  # not rounded up to 100
        (9_990, 10, 99.9, "99.9 %", "spent"),
        (9_980, 20, 99.9, "99.8 %", "spent, 2.0 times"),
        (95, 5, 90.0, "95 %", "50 % left"),
    ],
)
def test_uptime_counts_critical_checks_against_the_goal(
    passed: int, failed: int, slo: float, uptime: str, budget: str
) -> None:
    found = told(*judged(passed, failed, unknown=70), slo=slo)
    note = f"{failed:,} of {passed + failed:,} critical checks failed"
    assert found["Uptime in 31 days"] == (uptime, note)
    assert found["Error budget"] == (budget, f"goal {slo:g} %")


def test_what_was_never_judged_has_no_uptime() -> None:
    assert "Uptime in 31 days" not in told(*judged(0, 0, unknown=9))
    assert "Uptime in 31 days" not in told(samples.healthy(), Archive())


def test_where_no_check_is_critical_all_count() -> None:
    report, archive = judged(100, 0)
    mild = tuple(msgspec.structs.replace(r, severity=Severity.LOW) for r in report.results)
    found = told(msgspec.structs.replace(report, results=mild), archive)
    assert found["Uptime in 31 days"] == ("66.66 %", "50 of 150 checks failed")


def test_the_registration_flow_has_its_time_and_its_usual_time() -> None:
    report = samples.healthy()
    flow = next(r for r in report.results if r.kind == "registration")
    value, note = told(report, month(report))["Registration flow"]
    assert value == f"{flow.duration_ms:.0f} ms" and note.endswith(" on average in 24 hours")
    assert told(samples.seed_day(), Archive())["Registration flow"] == ("does not pass", "")


# --- incidents and changes


def at(report: Report, minute: int) -> Report:
    moment = f"2026-11-22T10:{minute:02}:00Z"
    run = msgspec.structs.replace(report.run, id=str(minute), started_at=moment, finished_at=moment)
    return msgspec.structs.replace(report, run=run)


def test_an_incident_keeps_the_first_cause_that_was_named_while_it_lasted() -> None:
    seed, well = samples.seed_day(), samples.healthy()
    unexplained = msgspec.structs.replace(seed, diagnoses=())
    renamed = tuple(msgspec.structs.replace(d, summary="Another.") for d in seed.diagnoses)
    archive = Archive()
    for minute, report in enumerate(
        (unexplained, seed, msgspec.structs.replace(seed, diagnoses=renamed))
    ):
        archive = update(archive, at(report, minute))
        named = {i.cause for i in archive.incidents if i.check_id == "auth.health"}
        why = "probably Auth's new revision listens on another port than its target group probes"
        assert named == ({""} if minute == 0 else {why})
    assert told(at(seed, 2), archive)["Last incident"] == (
        "2 min, not over", f"22 Nov 2026 10:00 UTC: {happened(archive)[0].cause}"
    )  # fmt: skip
    archive = update(archive, at(well, 7))
    assert load(dump(archive), Archive) == archive
    assert told(at(well, 9), archive)["Last incident"][0] == "7 min"


def test_an_incident_without_a_cause_names_its_first_check_and_counts_the_others() -> None:
    report = samples.healthy()
    archive = month(report, bad={3: ("auth.health", "auth.tasks")})
    titles = {r.check_id: r.title for r in report.results}
    value, note = told(report, archive)["Last incident"]
    first = happened(archive)[0].checks[0]
    assert value == "1 h" and note.endswith(f": {titles[first]}, and 1 more check")
    assert told(report, Archive())["Last incident"] == ("none known", "")


def test_what_the_canary_could_not_judge_is_no_incident_of_the_platform() -> None:
    archive = update(Archive(), samples.could_not_tell())
    assert archive.incidents
    assert told(samples.could_not_tell(), archive)["Last incident"] == ("none known", "")


def test_an_archive_of_an_older_version_is_read() -> None:
    old = (
        b'{"incidents":[{"check_id":"a","status":"FAIL","began":"x","ended":""}],'
        b'"schema":"hokusai-canary/archive/1"}'
    )
    assert [i.cause for i in load(old, Archive).incidents] == [""]


def test_the_last_change_of_the_platform_is_told_with_its_author() -> None:
    new = Drift(resource="rule 105", attribute="action", before="a", after="b",
                at="2026-11-22T09:00:04Z", by="alice")  # fmt: skip
    report = msgspec.structs.replace(samples.healthy(), changes=(new, new))
    assert told(report, Archive())["Changes of the platform"] == (
        "the last 1 h ago", "rule 105: action by alice; 2 in all"
    )  # fmt: skip
    assert told(samples.healthy(), Archive())["Changes of the platform"] == ("none known", "")


# --- where they stand


def test_a_healthy_page_begins_with_the_strips_and_a_failing_one_ends_with_them() -> None:
    well, seed = samples.healthy(), samples.seed_day()
    page = html.render(well, month(well))
    assert page.index('id="changes"') < page.index('id="days"') < page.index('id="matrix"')
    broken = html.render(seed, month(seed))
    assert broken.index('id="failing"') < broken.index('id="days"') < broken.index('id="history"')
    assert 'id="days"' not in html.render(well), "the page of one run has no archive"
    for text in (page, broken):
        (nav,) = re.findall(r"<nav.*?</nav>", text, re.S)
        listed = re.findall(r'href="#(\w+)"', nav)
        assert listed == sorted(listed, key=lambda name: text.index(f'id="{name}"'))
        assert "days" in listed


def test_the_goal_of_the_environment_is_that_of_the_page_and_the_card() -> None:
    report = samples.healthy()
    archive = month(report)
    assert "goal 99.5 %" in html.render(report, archive, slo=99.5)
    card = index.entry(report, archive=archive, slo=99.5)
    assert ("Error budget", "goal 99.5 %") in [(f.name, f.note) for f in card.figures]


# --- the index


def indexed() -> index.Index:
    found = index.Index()
    for name, report in (("a", samples.seed_day()), ("b", samples.healthy()),
                         ("c", samples.could_not_tell())):  # fmt: skip
        run = msgspec.structs.replace(report.run, environment=name)
        report = msgspec.structs.replace(report, run=run)
        found = index.add(found, index.entry(report, archive=month(report)))
    return found


def test_each_card_has_strips_and_figures_and_few_bytes() -> None:
    known = indexed()
    assert load(dump(known), index.Index) == known
    assert len(dump(known)) < 3 * 4_000
    page = index.render(known, "2026-11-22T10:02:00Z")
    assert page.count('class="strips"') == 3 and page.count("Uptime in 31 days") == 3


def test_figures_alone_make_no_new_write_of_the_index() -> None:
    report = samples.healthy()
    before = index.entry(report, archive=month(report))
    after = index.entry(report, archive=month(report, bad={4: ("auth.health",)}))
    assert before.strips != after.strips and before.figures != after.figures
    assert not refresh.is_due(before, after)


def test_an_index_with_words_of_a_later_version_is_read() -> None:
    text = dump(indexed()).replace('"environment":', '"later":1,"environment":')
    assert load(text, index.Index) == indexed()


def test_the_public_page_has_no_cause_command_resource_person_or_link() -> None:
    seed = samples.seed_day()
    known = indexed()
    page = index.render(index.public(known), "2026-11-22T10:02:00Z")
    kept = [
        *(d.summary for d in seed.diagnoses),
        *(d.resource for d in seed.diagnoses),
        *(command for d in seed.diagnoses for command in (*d.remedy.fix, *d.remedy.inspect)),
        "arn:", "aws ", "target group", "Changes of the platform", "latest/",
    ]  # fmt: skip
    assert [text for text in kept if text in page] == []
    assert "Registration and sign-in fail." in page
    assert "All that is checked works." in page and "It is not known whether all works." in page
    assert page.count('class="strips"') == 3
    whole = index.render(known, "2026-11-22T10:02:00Z")
    assert seed.diagnoses[0].summary in whole.replace("&#39;", "'")


def test_a_comparison_without_drift_tells_nothing_of_the_platform() -> None:
    moved = Transition(check_id="a", change=Change.BROKE, before=Status.PASS, after=Status.FAIL,
                       since=END)  # fmt: skip
    report = msgspec.structs.replace(
        samples.healthy(), comparison=Comparison(previous="p", transitions=(moved,))
    )
    assert told(report, Archive())["Changes of the platform"] == ("none known", "")
