"""How often the pages of the latest run are written while nothing changes, in each profile."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from canary.adapters.store.folder import FolderStore
from canary.model import Profile, Report, Status
from canary.publish import publish_latest_pages
from canary.report.archive import Archive
from canary.report.stored import load
from tests.canary.support.report_samples import healthy

BEGAN = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
ARCHIVE, PAGE = "archive/development.json", "latest/development.html"
INDEX = ["badges/development.svg", "index.html", "index.json"]


class Counting(FolderStore):
    """A store that knows what was written."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.written: list[str] = []

    def write(self, name: str, data: bytes) -> None:
        self.written.append(name)
        super().write(name, data)


def at(minute: int, failing: str = "", reused: str | None = None) -> Report:
    """Return the healthy run of a minute, in which one check may fail, one be of an earlier run."""
    report, when = healthy(), (BEGAN + dt.timedelta(minutes=minute)).isoformat()
    run = msgspec.structs.replace(
        report.run, id=f"run-{minute:02d}", started_at=when, finished_at=when
    )
    results = tuple(
        msgspec.structs.replace(
            r,
            status=Status.FAIL if r.check_id == failing else r.status,
            reused=r.check_id == reused,
        )
        for r in report.results
    )
    return msgspec.structs.replace(report, run=run, results=results)


def written(store: Counting, profile: Profile, report: Report) -> list[str]:
    store.written.clear()
    assert publish_latest_pages(store, report, 60, profile) == ()
    return sorted(store.written)


@pytest.mark.parametrize(
    ("profile", "between", "after_five"),
    [
        (Profile.FULL, [ARCHIVE, PAGE], [ARCHIVE, *INDEX, PAGE]),
        (Profile.STANDARD, [ARCHIVE, PAGE], [ARCHIVE, *INDEX, PAGE]),
        (Profile.LEAN, [], [ARCHIVE, *INDEX, PAGE]),
    ],
)
def test_what_says_the_same_is_written_again_after_five_minutes(
    tmp_path: Path, profile: Profile, between: list[str], after_five: list[str]
) -> None:
    store = Counting(tmp_path)
    found = [written(store, profile, at(minute)) for minute in range(11)]
    whole = sorted(after_five)
    assert found == [whole, *[sorted(between)] * 4] * 2 + [whole]


def test_a_change_is_written_at_once_in_lean(tmp_path: Path) -> None:
    store = Counting(tmp_path)
    check = at(0).results[0].check_id
    written(store, Profile.LEAN, at(0))
    assert len(written(store, Profile.LEAN, at(1, failing=check))) == 5
    assert written(store, Profile.LEAN, at(2, failing=check)) == []
    assert len(written(store, Profile.LEAN, at(3))) == 5
    (incident,) = load(store.read(ARCHIVE) or b"", Archive).incidents
    assert (incident.check_id, incident.began, incident.ended) == (
        check, at(1).run.started_at, at(3).run.started_at,
    )  # fmt: skip


@pytest.mark.parametrize(("profile", "counted"), [(Profile.LEAN, 2), (Profile.STANDARD, 0)])
def test_a_check_of_every_five_minutes_is_in_the_plots_of_lean(
    tmp_path: Path, profile: Profile, counted: int
) -> None:
    """Its own runs and the written ones might never be the same."""
    store, rare = Counting(tmp_path), at(0).results[0].check_id
    for minute in range(6):
        written(store, profile, at(minute, reused=rare))
    kept = load(store.read(ARCHIVE) or b"", Archive).checks
    hours = kept[rare].hours if rare in kept else ()
    assert sum(bucket.passed for bucket in hours) == counted
