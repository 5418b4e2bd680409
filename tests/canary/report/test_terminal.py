"""The terminal's summary: it fits the screen, says what to type, and shows hostile text as text."""

from __future__ import annotations

import re

import pytest

from canary.report import terminal
from canary.report.verdict import verdict
from tests import pictures
from tests.canary.report.test_forms import REPORTS, UNSEEN
from tests.canary.support import report_samples as samples
from tests.canary.support.report_hostile import hostile


@pytest.mark.parametrize("name", ["healthy", "seed_day", "could_not_tell", "many"])
def test_the_terminal_summary_fits_a_screen(name: str) -> None:
    written = terminal.render(REPORTS[name](), width=140)
    assert len(written.splitlines()) <= 50
    assert "\x1b" not in written


@pytest.mark.parametrize(("width", "height"), [(80, 21), (120, 37), (60, 15), (200, 57)])
@pytest.mark.parametrize("name", ["healthy", "seed_day", "could_not_tell", "many", "real"])
def test_the_summary_is_cut_to_the_screen(name: str, width: int, height: int) -> None:
    report = pictures.real("seed-day") if name == "real" else REPORTS[name]()
    written = terminal.render(report, width=width, height=height)
    rows = sum(max(1, -(-len(row) // width)) for row in written.splitlines())
    assert rows <= height
    assert verdict(report).sentence.split()[0] in written
    if report.diagnoses and height > 20:  # a screen of 80 by 24 has room for what to type
        assert any(row.startswith("aws ") for row in written.splitlines())


def test_the_terminal_gets_no_escape_of_a_target_and_no_markup() -> None:
    plain = terminal.render(hostile())
    assert not UNSEEN.search(plain)
    coloured = terminal.render(hostile(), colour=True)
    assert set(re.findall("\x1b.", coloured)) == {"\x1b["}
    assert "\x1b]" not in coloured and "\x1b[2J" not in coloured


def test_a_command_is_on_one_line_of_the_terminal() -> None:
    written = terminal.render(samples.seed_day(), width=80)
    assert any(
        row.startswith("aws elbv2 describe-rules") and row.endswith("us-east-1")
        for row in written.splitlines()
    )


def test_the_terminal_says_what_to_type_or_what_to_decide() -> None:
    rows = terminal.render(samples.seed_day(), width=140).splitlines()
    for diagnosis in samples.seed_day().diagnoses:
        fix, decision = diagnosis.remedy.fix, diagnosis.remedy.decision
        assert fix[0] in rows if fix else any(decision[:80] in row for row in rows)
    assert any(row.strip().startswith("fix") for row in rows)
