"""The mutes that hold in a run: shown in every form of a report, whether a check fails or not."""

from __future__ import annotations

import html
import json
import re

import msgspec
import pytest

from canary.cli.options import render
from canary.model import MuteInForce, Report
from canary.report.summary import MOST_MUTES, mute_lines, summary
from canary.report.verdict import verdict
from tests.canary.support import made
from tests.canary.support import report_samples as samples

TYPED = MuteInForce(
    what="registry.*", until="2026-11-22T13:00+00:00", reason="a load test", by="alice"
)
WRITTEN = MuteInForce(what="suite registration", until="2026-12-01", reason="MLflow moves")
LINES = [
    "Muted: registry.* until 22 Nov 2026 13:00 UTC by alice: a load test",
    "Muted: suite registration until 2026-12-01: MLflow moves",
]


def muted(report: Report, *mutes: MuteInForce) -> Report:
    return msgspec.structs.replace(report, mutes=mutes)


def shown(text: str) -> str:
    """Return a form's text without its marks and ends of lines."""
    plain = re.sub(r"<[^>]+>", " ", text).replace("\\", "")
    return " ".join(html.unescape(plain).split())


@pytest.mark.parametrize("sample", [samples.healthy, samples.seed_day, samples.could_not_tell])
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_form_of_a_report_shows_the_mutes_that_hold(sample: object, form: str) -> None:
    assert callable(sample)
    found = shown(render(muted(sample(), TYPED, WRITTEN), form))
    assert [line in found for line in LINES] == [True, True]
    assert "Muted: " not in shown(render(sample(), form))


def test_the_json_and_the_summary_have_every_mute() -> None:
    report = muted(
        made.report(made.result("F", muted="until then"), made.result("P", "a.b")), TYPED
    )
    assert json.loads(render(report, "json"))["mutes"] == [msgspec.to_builtins(TYPED)]
    found = summary(report)
    assert found["muted"] == ["api.it"]
    assert found["mutes"] == ["registry.* until 2026-11-22T13:00+00:00 by alice: a load test"]


def test_of_many_mutes_the_first_have_a_line_and_the_rest_are_counted() -> None:
    many = tuple(msgspec.structs.replace(WRITTEN, what=f"api.n{n}") for n in range(MOST_MUTES + 2))
    lines = mute_lines(muted(made.report(), *many))
    assert len(lines) == MOST_MUTES + 1 and lines[-1] == "And 2 more mutes."
    assert mute_lines(muted(made.report(), *many[:MOST_MUTES]))[-1] == (
        "Muted: api.n4 until 2026-12-01: MLflow moves"
    )


def test_what_somebody_typed_is_one_line_of_text() -> None:
    typed = msgspec.structs.replace(
        TYPED, reason="<script>alert(1)</script>\n# Fixed " + "x" * 400, by="a\x1b[31m" + "b" * 400
    )
    report = muted(samples.healthy(), typed)
    (line,) = mute_lines(report)
    assert "\n" not in line and "\x1b" not in line and len(line) < 400
    assert "<script>alert" not in render(report, "html")
    assert any(line == detail for detail in verdict(report).details)
