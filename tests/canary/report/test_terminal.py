"""The terminal's summary: it fits the screen, says what to type, and shows hostile text as text."""

from __future__ import annotations

import re

import msgspec
import pytest

from canary.model import Remedy, Report
from canary.report import markdown, terminal
from canary.report.verdict import verdict
from tests import pictures
from tests.canary.report.test_forms import REPORTS, UNSEEN
from tests.canary.support import report_samples as samples
from tests.canary.support.report_hostile import hostile


@pytest.mark.parametrize("name", ["healthy", "seed_day", "could_not_tell", "many"])
def test_the_terminal_summary_fits_a_screen(name: str) -> None:
    written = terminal.render(REPORTS[name](), width=140, height=50)
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


LAST = "Type this command, then the value, which the terminal does not show; then deploy auth anew."
NAME = "arn:aws:secretsmanager:us-east-1:123456789012:secret:" + "long-name/" * 30


def deciding(text: str) -> Report:
    """Return a report that leaves this to a person."""
    seed = samples.seed_day()
    remedy = Remedy(summary="Do it.", decision=text, decision_command="read x")
    (first, *_) = seed.diagnoses
    causes = (msgspec.structs.replace(first, remedy=remedy),)
    return msgspec.structs.replace(seed, diagnoses=causes)


def decides(text: str, width: int = 80, height: int = 500) -> str:
    """Return what the summary says that a person decides, its lines joined."""
    written = terminal.render(deciding(text), width=width, height=height)
    assert "read x" in written.splitlines()
    return re.sub(r"\s+", " ", written.partition("  decide: ")[2].partition("read x")[0]).strip()


def test_a_decision_is_told_whole() -> None:
    text = f"Only the owner knows {'that the value is here and there, ' * 10} so ask. {LAST}"
    assert len(text) > 400
    assert decides(text, width=200) == re.sub(r"\s+", " ", text)


def test_of_a_long_decision_the_end_is_told() -> None:
    text = f"{'The beginning is long. ' * 60}{LAST}"
    told = decides(text)
    assert told.startswith("The beginning is long. The")
    assert told.endswith(f"characters) {LAST}") and len(told) < 1_200
    assert f"characters\\) {LAST}\n" in markdown.render(deciding(text))
    endless = decides("y" * 1_500 + ". " + "z" * 3_000)
    assert len(endless.replace(" ", "")) < 2_100 and "z" * 50 in endless


def test_a_small_screen_shows_the_end_of_a_decision_and_its_command() -> None:
    told = decides(f"{NAME} is gone for good: only its owner knows the value. {LAST}", height=20)
    assert told.startswith("arn:aws:secretsmanager") and told.endswith(f"characters) {LAST}")
    assert NAME not in told.replace(" ", "")


def test_one_sentence_without_end_is_cut() -> None:
    told = decides("w" * 1_500)
    assert told.endswith("(+500 characters)") and told.count("w") == 1_000


def test_what_does_not_fit_is_counted_and_named_with_the_command_that_shows_it() -> None:
    seed = samples.seed_day()
    rows = terminal.render(seed, width=80, height=38).splitlines()
    assert rows[-2] == (
        "Not shown: 4 observations, 4 commands, 9 checks, 1 cut row. The whole report:"
    )
    assert rows[-1] == f"python -m canary show {seed.run.id} --environment development | less"
    read_again = terminal.render(seed, width=80, height=38, again="'a file.json'").splitlines()
    assert read_again[-1] == "python -m canary show 'a file.json' | less"
    assert "Not shown" not in terminal.render(samples.healthy(), width=80, height=37)
    small = re.sub(r"\s+", " ", terminal.render(seed, width=60, height=15))
    assert "Not shown: 2 causes, 6 commands, 14 checks. The whole report:" in small


def test_text_for_a_file_or_a_pipe_is_whole() -> None:
    report = samples.seed_day()
    written = terminal.render(report)
    rows = written.splitlines()
    assert "Not shown" not in written and "…" not in written
    for diagnosis in report.diagnoses:
        remedy = diagnosis.remedy
        for command in (*remedy.inspect, *remedy.fix, *remedy.undo, *remedy.verify):
            assert command in rows
    failing = [r.check_id for r in report.results if r.status == "FAIL"]
    assert len(failing) == 14
    assert all(any(row.startswith(f"✕ {check} ") for row in rows) for check in failing)
    assert any("404 text/html from the target: MLflow's own page" in row for row in rows)
