"""Changes that people make to a healthy platform give no finding, while they last and after."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.canary.support.live_twin import ROOT, Twin
from tests.worlds.changes import Change, described_anew, renewed, rolled, scaled, tagged
from tests.worlds.traffic_changes import green, shifted


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = Twin(tmp_path_factory.mktemp("changes"))
    try:
        made.store()
        yield made
    finally:
        made.stop()


def edited(twin: Twin) -> None:
    """Tag rules, a service and a group, and describe a rule of the group in other words."""
    tagged(twin)
    described_anew(twin)


SHORT: tuple[tuple[str, Change], ...] = (
    ("scale out", scaled(1)),
    ("a new revision", rolled()),
    ("scale in", scaled(0)),
    ("a certificate renewed", renewed),
    ("harmless edits", edited),
)
BLUE_GREEN: tuple[tuple[str, Change], ...] = (
    ("a second group", green),
    ("a tenth on green", shifted(10)),
    ("half on green", shifted(50)),
    ("all on green", shifted(100)),
    ("all on blue again", shifted(0)),
)
LONG: tuple[tuple[str, Change], ...] = (
    ("scale out", scaled(2, everything=True)),
    ("scale in", scaled(0, everything=True)),
    ("new revisions", rolled(everything=True)),
    ("harmless edits", edited),
    *BLUE_GREEN,
    ("a certificate renewed", renewed),
    ("scale out", scaled(1, everything=True)),
    ("new revisions of two tasks each", rolled(everything=True)),
    ("scale in", scaled(0, everything=True)),
)


def _quiet(twin: Twin, changes: tuple[tuple[str, Change], ...], runs: int) -> None:
    """Carry runs out one after the other, make a change after each few, and find nothing."""
    store, left = twin.store(), list(changes)
    variables = {
        **twin.environment,
        "CANARY_ENVIRONMENT": twin.state["environment_file"],
        "CANARY_STORE": str(store),
    }
    command = [sys.executable, "-m", "tests.canary.support.many_runs", str(runs), str(store)]
    found, since, told = list[dict[str, Any]](), "before any change", 0
    every = max(1, (runs - 1) // len(changes))
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        for told, line in enumerate(running.stdout, 1):
            run = json.loads(line)
            del run["not_passed"]  # on a busy machine a check may be left out, and says so
            if any(run.values()):
                found.append({"run": told, "since": since, **run})
            if left and told % every == 0:
                since, change = left.pop(0)
                change(twin)
    assert (found, told, left) == ([], runs, [])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_healthy_platform_may_be_changed_without_a_finding(twin: Twin) -> None:
    _quiet(twin, SHORT, runs=11)


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_two_hundred_runs_beside_every_kind_of_change_find_nothing(twin: Twin) -> None:
    _quiet(twin, LONG, runs=200)
