"""JSON, Markdown and badge: what they say, and hostile text in each."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from xml.etree import ElementTree

import msgspec
import pytest
from markdown_it import MarkdownIt

from canary.model import Report, Result
from canary.report import badge, json, markdown
from canary.report.text import ReportError, clip, duration, percent, visible
from canary.report.verdict import verdict
from tests import pictures
from tests.canary.support import report_samples as samples
from tests.canary.support.report_hostile import PAYLOADS, hostile

REPORTS = {
    "healthy": samples.healthy,
    "seed_day": samples.seed_day,
    "could_not_tell": samples.could_not_tell,
    "many": samples.many,
    "hostile": hostile,
}
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Tags(HTMLParser):
    """Which tags a rendering of the Markdown has, how wide its rows are, its text outside code."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()
        self.rows: list[int] = []
        self.plain = ""
        self.in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] += 1
        self.in_code = self.in_code or tag == "code"
        if tag == "tr":
            self.rows.append(0)
        elif tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self.in_code = self.in_code and tag != "code"

    def handle_data(self, data: str) -> None:
        if not self.in_code:
            self.plain += data


def with_results(*results: Result) -> Report:
    return msgspec.structs.replace(samples.healthy(), results=results)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_read_back_is_the_same_report(name: str) -> None:
    written = json.render(REPORTS[name]())
    assert json.render(json.load(written)) == written
    assert written.startswith('{"schema":"hokusai-canary/report/1","run":{"id":')


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a report: Input data was truncated"),
        (b"[1]", "not a report: a JSON list, not an object"),
        (b"{}", "not a report of this canary: schema is 'None'"),
        (
            b'{"schema":"hokusai-canary/report/0"}',
            "written by another version: schema 'hokusai-canary/report/0'",
        ),
        (b'{"schema":"hokusai-canary/report/1"}', "that does not fit it: Object missing required"),
        (b"\xff\xfe", "not a report: "),
    ],
)
def test_what_is_no_report_of_this_version_is_refused_with_the_reason(
    data: bytes, message: str
) -> None:
    with pytest.raises(ReportError) as caught:
        json.load(data)
    assert message in str(caught.value)


def test_a_half_written_report_is_refused() -> None:
    with pytest.raises(ReportError, match="not a report"):
        json.load(json.render(samples.healthy())[:2000])


@pytest.mark.parametrize(
    ("report", "word", "sentence"),
    [
        (samples.healthy(), "healthy", "development is healthy: all 27 checks pass."),
        (
            samples.seed_day(),
            "failing",
            "development: registration and sign-in fail: probably Auth's new revision listens on "
            "another port than its target group probes; 1 more cause.",
        ),
        (
            samples.could_not_tell(),
            "could not tell",
            "The canary could not tell whether development is healthy: 13 checks could not be "
            "judged, 14 passed, none failed.",
        ),
        (
            with_results(),
            "could not tell",
            "The canary could not tell whether development is healthy: no check was judged.",
        ),
    ],
)
def test_the_verdict_is_one_sentence(report: Report, word: str, sentence: str) -> None:
    judged = verdict(report)
    assert (judged.word, judged.sentence) == (word, sentence)


def test_failures_without_a_cause_are_said_to_be_not_proven() -> None:
    report = msgspec.structs.replace(samples.seed_day(), diagnoses=())
    judged = verdict(report)
    assert judged.sentence == "development: registration and sign-in fail; no cause is proven."
    assert judged.title == "Registration and sign-in fail; no cause is proven."
    assert judged.details[0] == "14 of 27 checks failing."


def test_markdown_shows_the_cause_its_evidence_and_its_commands() -> None:
    written = markdown.render(samples.seed_day())
    assert written.startswith("# ❌ development: registration and sign\\-in fail: probably")
    assert "```sh\naws ecs describe-services --cluster hokusai-development" in written
    assert "| `auth.health` | Auth answers its health check | critical |" in written


def test_markdown_of_hostile_text_renders_to_text_only() -> None:
    written = markdown.render(hostile())
    assert not UNSEEN.search(written)
    page = Tags()
    page.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(written))
    assert set(page.count) <= {
        "h1", "h2", "ul", "li", "p", "code", "pre", "strong", "details", "summary",
        "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert not [row for row in page.rows if row not in (6, 4, 2)]
    assert page.count["tr"] > 20
    assert not re.search("@(?!\u2060)", re.sub("`.*?`", "", page.plain))


def test_markdown_folds_what_goes_on_failing_and_many_changes() -> None:
    written = markdown.render(pictures.real("seed-day"))
    opened = written.partition("<details>")[0]
    assert opened.count("- **broke**") == 6 and opened.count("- **changed**") == 4
    assert "<details><summary>36 further changes</summary>" in written
    assert "<summary>13 checks still failing</summary>" in markdown.render(samples.seed_day())


def test_markdown_of_300_checks_stays_within_a_job_summary() -> None:
    assert len(markdown.render(samples.many()).encode()) < 200_000


def test_a_code_span_holds_any_run_of_backticks() -> None:
    assert markdown.code("a `` b`") == "``` a `` b` ```"
    assert markdown.block("```\nx") == "````\n```\nx\n````"
    assert markdown.code("200|204") == "`200|204`"
    assert markdown.code("200|204", cell=True) == "`200\\|204`"
    assert markdown.prose("$x$") == "\\$x\\$"  # GitHub would set mathematics


@pytest.mark.parametrize("name", REPORTS)
def test_a_badge_is_well_formed_and_says_the_state_in_words(name: str) -> None:
    written = badge.render(REPORTS[name]())
    ElementTree.fromstring(written.encode())
    assert not UNSEEN.search(written)


def test_badges_name_the_state() -> None:
    assert ">healthy<" in badge.render(samples.healthy())
    assert ">14 failing<" in badge.render(samples.seed_day())
    assert ">could not tell<" in badge.render(samples.could_not_tell())


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_is_visible_and_can_be_written(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not UNSEEN.search(shown)


def test_lengths_durations_and_percentages_are_for_people() -> None:
    assert clip("x" * 12, 10) == "xxxxxxxxxx … (+2 characters)"
    assert [duration(s) for s in (0, 59, 3725, 90_000)] == ["0 s", "59 s", "1 h 2 min", "1 d 1 h"]
    assert [percent(p) for p in (100.0, 99.97, 63.636, 0.0)] == ["100 %", "99.9 %", "63.6 %", "0 %"]
