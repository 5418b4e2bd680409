"""Runs with mutes in their store: from typing one to the results, the metrics and its end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import StoreError
from canary.comparison.previous import Previous
from canary.metrics.measure import measure
from canary.model import Config, Report, Severity, StoredMute
from canary.mutes.kept import encode, mutes_name
from canary.pipeline import run_once
from canary.plan import Selection
from canary.runner import RunRequest
from canary.runner.muted import NONE_HOLDS, UNREAD
from canary.wiring.run import make_ports, make_runtime, stored_mutes
from tests.canary.support import worlds
from tests.canary.support.servers.toolbox import FixedClock

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
NAME = mutes_name("test")


def moment(minutes: float) -> str:
    return (NOW + dt.timedelta(minutes=minutes)).isoformat()


def mute(**changes: Any) -> StoredMute:
    given = {"pattern": "api.*", "since": moment(-5), "until": moment(55), "reason": "load test"}
    return StoredMute(**{**given, "by": "alice", **changes})


def ran(
    folder: Path, config: Config, before: Report | None = None, at: float = 0, note: str = ""
) -> Report:
    """Carry one scheduled run out `at` minutes after NOW."""
    ports = worlds.ports(
        config.environment,
        previous=lambda: Previous(report=before, note=note),
        mutes=make_ports(make_runtime(config, str(folder))).mutes,
        clock=FixedClock(NOW + dt.timedelta(minutes=at)),
    )
    asked = RunRequest(selection=Selection(due_only=True), reuse_rest=True, budget_s=20)
    return run_once(ports, config, asked)


def failed(report: Report) -> dict[str, float]:
    """Return the metric of each check, and how many critical ones fail."""
    return {
        dict(p.dimensions).get("Check", p.metric): p.value
        for p in measure(report)
        if p.metric in ("CheckFailed", "CriticalFailed")
    }


def test_a_stored_mute_silences_from_the_next_run_on_and_ends_without_a_deployment(
    tmp_path: Path,
) -> None:
    config = worlds.config(
        worlds.check("api.one", "fails", severity=Severity.CRITICAL), worlds.check("web.two")
    )
    first = ran(tmp_path, config)
    assert failed(first) == {"CriticalFailed": 1.0, "api.one": 1.0, "web.two": 0.0}
    FolderStore(tmp_path).write(NAME, encode((mute(),)))
    second = ran(tmp_path, config, first, at=1)
    assert [r.muted for r in second.results] == [
        "until 2026-11-30T12:55+00:00 by alice: load test",
        "",
    ]
    assert failed(second) == {"CriticalFailed": 0.0, "api.one": 0.0, "web.two": 0.0}
    assert [m.what for m in second.mutes] == ["api.*"]
    third = ran(tmp_path, config, second, at=55)
    assert failed(third) == {"CriticalFailed": 1.0, "api.one": 1.0, "web.two": 0.0}
    assert third.mutes == () and third.run.notes == ()


def test_a_result_that_is_reused_has_the_mute_of_this_run(tmp_path: Path) -> None:
    config = worlds.config(worlds.check("api.slow", every=86_400))
    first = ran(tmp_path, config)
    FolderStore(tmp_path).write(NAME, encode((mute(),)))
    second = ran(tmp_path, config, first, at=1)
    third = ran(tmp_path, config, second, at=60)
    assert [(r.results[0].reused, bool(r.results[0].muted)) for r in (first, second, third)] == [
        (False, False),
        (True, True),
        (True, False),
    ]


def test_what_needs_a_muted_check_runs(tmp_path: Path) -> None:
    FolderStore(tmp_path).write(NAME, encode((mute(pattern="", check="api.one"),)))
    config = worlds.config(
        worlds.check("api.one", "fails"), worlds.check("api.two", needs=("api.one",))
    )
    assert [r.status.value for r in ran(tmp_path, config).results] == ["FAIL", "PASS"]


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (
            encode((mute(until=moment(60 * 24 * 30)),)),
            ("a stored mute does not hold: api.*: it lasts longer than 24 hours",),
        ),
        (
            encode(tuple(mute(since=moment(60 * n)) for n in range(1, 9))),
            (
                *("a stored mute does not hold: api.*: it begins in the future",) * 3,
                "a stored mute does not hold: and 5 more",
            ),
        ),
    ],
)
def test_a_forged_file_silences_nothing_and_is_told_in_few_notes(
    tmp_path: Path, data: bytes, notes: tuple[str, ...]
) -> None:
    FolderStore(tmp_path).write(NAME, data)
    report = ran(tmp_path, worlds.config(worlds.check("api.one", "fails")))
    assert report.results[0].muted == "" and report.mutes == ()
    assert report.run.notes == notes


def test_a_damaged_file_silences_nothing_and_ends_no_run(tmp_path: Path) -> None:
    FolderStore(tmp_path).write(NAME, b"{half")
    report = ran(tmp_path, worlds.config(worlds.check("api.one", "fails")))
    (note,) = report.run.notes
    assert note.startswith("the stored mutes could not be read, none holds: the mutes cannot be")
    assert report.results[0].muted == ""


class Refusing(FolderStore):
    """A store that lets nobody read."""

    def read(self, name: str) -> bytes | None:
        raise StoreError("AccessDenied")


def test_a_store_that_refuses_is_a_note(tmp_path: Path) -> None:
    runtime = make_runtime(worlds.config(worlds.check()), str(tmp_path))
    runtime = msgspec.structs.replace(runtime, store=Refusing(tmp_path))
    assert stored_mutes(runtime, NOW).notes == (
        "the stored mutes could not be read, none holds: AccessDenied",
    )


def test_a_store_that_just_failed_is_not_waited_for_again(tmp_path: Path) -> None:
    FolderStore(tmp_path).write(NAME, encode((mute(),)))
    config = worlds.config(worlds.check("api.one", "fails"))
    report = ran(tmp_path, config, note="the previous report could not be read: TimeoutError")
    assert report.results[0].muted == "" and report.mutes == ()
    assert UNREAD in report.run.notes


def test_a_bug_in_the_mutes_costs_the_mutes_alone() -> None:
    def broken(_now: dt.datetime) -> Any:
        raise RuntimeError("a bug")

    config = worlds.config(worlds.check("api.one", "fails"))
    report = run_once(worlds.ports(config.environment, mutes=broken), config, RunRequest())
    assert [(r.status.value, r.muted) for r in report.results] == [("FAIL", "")]
    assert f"{NONE_HOLDS}: RuntimeError: a bug" in report.run.notes
