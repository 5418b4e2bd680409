"""`rehearse`: what a person reads of it, and that its figures are those of the replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from canary.rehearsal import patterns, recorded
from canary.rehearsal.patterns import RealIncident
from canary.rehearsal.replay import Minute
from canary.report import json as canonical
from tests.canary.cli.test_commands import call
from tests.canary.support.report_samples import healthy, seed_day


def figures(*arguments: str) -> list[dict[str, Any]]:
    done = call("rehearse", "--format", "json", *arguments)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_every_pattern_has_a_row_and_nobody_is_woken_for_nothing() -> None:
    rows = {row["pattern"]: row for row in figures("--days", "1")}
    assert set(rows) == set(patterns.BY_NAME)
    assert {name: row["false_pages"] for name, row in rows.items()} == dict.fromkeys(rows, 0)
    for name in ("noise", "noise-0.1", "noise-1", "bursts", "deploys"):
        assert rows[name]["pages_per_month"] == 0


@pytest.mark.parametrize(
    ("pattern", "within"), [("outage", 6), ("flapping", 6), ("two-of-three", 15), ("silence", 7)]
)
def test_what_is_wrong_is_paged_in_time_and_once(pattern: str, within: int) -> None:
    (row,) = figures("--pattern", pattern, "--days", "2")
    assert row["incidents"] == 2 and row["unnoticed"] == 0
    assert row["paged_after"] <= within and row["duplicates"] == 0
    assert 0 <= row["cleared_after"] <= 15


def test_one_bad_target_of_three_is_noticed_within_fifteen_minutes() -> None:
    (row,) = figures("--pattern", "one-of-three", "--days", "5")
    assert row["incidents"] == 5 and row["unnoticed"] == 0
    assert row["noticed_after"] <= 15


def test_the_table_fits_eighty_columns() -> None:
    done = call("rehearse", "--pattern", "silence", "--days", "1")
    lines = done.stdout.splitlines()
    assert done.exit_code == 0 and max(map(len, lines)) <= 88
    assert any(line.startswith("silence") for line in lines)
    assert max(len(line) for line in lines[:3]) <= 80


def test_the_same_seed_makes_the_same_figures() -> None:
    arguments = ("--pattern", "one-of-three", "--days", "1", "--seed", "3")
    assert figures(*arguments) == figures(*arguments)


def test_a_report_is_replayed_from_its_history(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(canonical.render(seed_day()))
    (row,) = figures("--history", str(path))
    assert row["pattern"] == "history" and row["days"] > 0


def test_the_runs_of_a_folder_are_replayed(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    report = healthy()
    (runs / "20991122t120000-abcdef.json").write_text(canonical.render(report))
    (runs / "20991122t120100-abcdef.json").write_text("{half")
    done = call("rehearse", "--history", str(tmp_path))
    assert done.exit_code == 0 and "1 runs from" in done.stderr
    assert "20991122t120100-abcdef.json" in done.stderr


def test_a_gap_between_scheduled_runs_is_silence_and_between_others_is_not() -> None:
    import msgspec

    def at(minute: int, trigger: str) -> Any:
        run = msgspec.structs.replace(
            healthy().run, started_at=f"2026-11-22T12:{minute:02}:03+00:00", trigger=trigger
        )
        return msgspec.structs.replace(healthy(), run=run)

    scheduled = recorded.outcomes([at(1, "schedule"), at(2, "schedule"), at(5, "schedule")])
    assert [o.completed for o in scheduled] == [True, True, False, False, True]
    by_hand = recorded.outcomes([at(1, "command line"), at(5, "command line")])
    assert [o.completed for o in by_hand] == [True, True]


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("PPPP", ()),
        ("PFFPFP", ()),
        ("PFFFFPPPP", ((1, 5),)),
        ("PFFF", ((1, 4),)),
        ("FFFPFPPPFFF", ((0, 5), (8, 11))),
    ],
)
def test_an_incident_is_three_bad_runs_and_ends_with_three_good_ones(
    letters: str, expected: tuple[tuple[int, int], ...]
) -> None:
    found = [Minute(failed=frozenset("a" if x == "F" else "")) for x in letters]
    real = tuple(RealIncident(start=a, end=b) for a, b in expected)
    assert recorded.incidents(found, frozenset("a")) == real
