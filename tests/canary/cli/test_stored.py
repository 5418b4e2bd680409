"""Commands that read what runs left in a store: changes, and the states that reports name."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import changes_name, latest_name, run_name, state_name
from canary.comparison.changes import Changes, added
from canary.comparison.states import StoredState, encode
from canary.control_plane.state import PlatformState
from canary.model import CheckHistory, Drift, Severity
from canary.report import json as canonical
from tests.canary.cli.test_commands import call
from tests.canary.support import made
from tests.canary.support import platforms as p

NAME = "development"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def changes(store: FolderStore, *options: str) -> Result:
    return call("changes", "-e", NAME, "--store", store.place, *options)


def drifted(number: int) -> Drift:
    at = f"2026-11-22T10:{number:02}:00+00:00"
    return Drift(resource=f"rule {number}", attribute="action", before="a", after="", at=at)


def test_changes_are_told_newest_first_with_their_time(store: FolderStore) -> None:
    store.write(
        changes_name(NAME), added(Changes(), (p.replace(drifted(2), by="alice"), drifted(1)))
    )
    done = changes(store)
    assert (done.exit_code, done.stdout.splitlines()) == (0, [
        "22 Nov 2026 10:02 UTC  rule 2: action: a -> -  (by alice)",
        "22 Nov 2026 10:01 UTC  rule 1: action: a -> -  (nobody was asked who made it)",
    ])  # fmt: skip
    assert done.stderr == f"Read from {store.place}\n"


def test_the_last_changes_as_json_have_every_field(store: FolderStore) -> None:
    store.write(changes_name(NAME), added(Changes(), (drifted(2), drifted(1))))
    done = changes(store, "--last", "1", "--format", "json")
    assert json.loads(done.stdout) == [msgspec.to_builtins(drifted(2))]
    assert changes(store, "--last", "0").exit_code == 2


def test_where_nothing_ever_changed_it_is_said(store: FolderStore) -> None:
    done = changes(store)
    assert (done.exit_code, done.stdout) == (0, "no change is known\n")


def test_a_history_that_cannot_be_read_is_wrong_usage_and_no_traceback(store: FolderStore) -> None:
    store.write(changes_name(NAME), b"{half")
    done = changes(store)
    assert done.exit_code == 2 and "no history of changes" in done.stderr


def stored(store: FolderStore, run_id: str, platform: PlatformState) -> None:
    """Leave a run in the store whose report names its state."""
    state = StoredState(platform=platform)
    store.write(state_name(state.reference), encode(state))
    report = made.report(made.result("P"), platform_state=state.reference)
    run = msgspec.structs.replace(report.run, id=run_id, environment=NAME)
    data = canonical.render(msgspec.structs.replace(report, run=run)).encode()
    store.write(run_name(run_id), data)
    store.write(latest_name(NAME), data)


def test_a_report_that_names_its_state_is_shown_with_it(store: FolderStore) -> None:
    stored(store, "one", p.healthy())
    done = call("show", "latest", "-e", NAME, "--store", store.place, "--format", "json")
    assert canonical.load(done.stdout).platform["read_at"] == p.healthy().read_at
    (store_file,) = (Path(store.place) / "state").glob("*.json")
    store_file.unlink()
    done = call("show", "latest", "-e", NAME, "--store", store.place, "--format", "json")
    assert done.exit_code == 0 and canonical.load(done.stdout).platform is None
    assert "the control plane of run one: it is not in the store" in done.stderr


@pytest.mark.parametrize("command", ["show", "compare"])
@pytest.mark.parametrize("path", ["gone.json", "out/gone", "s3://bucket/gone"])
def test_a_file_that_is_not_there_is_told_so_and_looked_for_nowhere(
    command: str, path: str
) -> None:
    done = call(command, path, *(["two"] if command == "compare" else []), "-e", NAME)
    assert (done.exit_code, done.stderr) == (2, f"{path}: no such file\n")


def test_a_comparison_begins_with_what_is_wrong_now_and_ends_with_what_is_well(
    store: FolderStore,
) -> None:
    rows = {"one": "PFPF", "two": "FPFF"}  # of the checks a to d
    for name, outcomes in rows.items():
        results = [
            made.result(o, f"web.{c}", severity=Severity.LOW if c == "a" else Severity.CRITICAL)
            for c, o in zip("abcd", outcomes, strict=True)
        ]
        history = {
            r.check_id: CheckHistory(last_status=r.status, last_run_at="2026-11-22T09:00:00Z")
            for r in results
        }
        state = p.healthy()
        if name == "two":
            state = p.change(state, "security_groups", "sg-auth", ingress=())
        report = made.report(*results, history=history, platform=msgspec.to_builtins(state))
        run = msgspec.structs.replace(report.run, id=name, started_at="2026-11-22T10:00:00Z")
        text = canonical.render(msgspec.structs.replace(report, run=run)).encode()
        store.write(f"runs/{name}.json", text)
    done = call("compare", "one", "two", "-e", NAME, "--store", store.place)
    first = [line.split()[:2] for line in done.stdout.splitlines()]
    assert [word for word, _ in first] == ["BROKE", "BROKE", "STILL_FAILING", "DRIFT", "FIXED"]
    assert [name for _, name in first if name.startswith("web")] == [
        "web.c", "web.a", "web.d", "web.b",
    ]  # fmt: skip


def test_two_reports_that_name_their_states_are_compared(store: FolderStore) -> None:
    stored(store, "one", p.healthy())
    ill = p.change(p.healthy(), "security_groups", "sg-auth", ingress=())
    stored(store, "two", p.change(ill, "target_groups", p.Names().group("auth"), targets=()))
    done = call("compare", "one", "two", "-e", NAME, "--store", store.place)
    assert [line for line in done.stdout.splitlines() if line.startswith("DRIFT")] == [
        "DRIFT          security group auth-tasks (sg-auth): in tcp 8000-8000 sg-lb-auth: "
        "allowed -> -"
    ]
