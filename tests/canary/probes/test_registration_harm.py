"""Registration leaves nothing behind when calls fail at random or the process dies at one."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from canary.model import Status
from tests.canary.support.servers.meddler import Decide, Meddling, meddling
from tests.canary.support.servers.mlflow import Mlflow, serving_mlflow
from tests.canary.support.servers.toolbox import Bench, FixedClock, environment

ROOT = Path(__file__).resolve().parents[3]
RUNS = int(os.environ.get("HOKUSAI_FLOWS", "40"))  # 1,000 by hand: docs/reliability.md
SEED = int(os.environ.get("HOKUSAI_SEED", "7"))
SHARE = 0.10  # of the calls that fail
OURS = "run_uuid in (select run_uuid from tags where key='canary_name')"
KEY = "k" * 32


@pytest.fixture
def mlflow(tmp_path: Path) -> Iterator[Mlflow]:
    with serving_mlflow(tmp_path) as server:
        yield server


def _left(mlflow: Mlflow) -> dict[str, int]:
    """Count what is alive in the registry's own tables and in its store."""
    files = [p for p in (mlflow.folder / "art").rglob("*") if p.is_file()]
    return {
        "models": mlflow.rows("registered_models"),
        "versions": mlflow.rows("model_versions"),
        "aliases": mlflow.rows("registered_model_aliases"),
        "runs": mlflow.rows("runs", f"lifecycle_stage='active' and {OURS}"),
        "files": len(files),
    }


def _next_run(mlflow: Mlflow) -> Bench:
    """Carry out a run an hour later, with nobody between: its janitor finds the orphans."""
    later = FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    one = Bench(environment(mlflow.url), {"valid": KEY}, run_id="next", clock=later)
    assert one.run("registration", base="", janitor_limit=100) is Status.PASS
    return one


def _at_random(seed: int, seen: Counter[Meddling]) -> Decide:
    dice = random.Random(seed)
    kinds = [m for m in Meddling if m is not Meddling.PASS]

    def decide(number: int, method: str, path: str) -> Meddling:
        what = dice.choice(kinds) if dice.random() < SHARE else Meddling.PASS
        seen[what] += 1
        return what

    return decide


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_after_runs_with_calls_that_fail_at_random_nothing_is_left(mlflow: Mlflow) -> None:
    seen: Counter[Meddling] = Counter()
    ended: Counter[str] = Counter()
    with meddling(mlflow.url, _at_random(SEED, seen)) as url:
        for number in range(RUNS):
            one = Bench(environment(url), {"valid": KEY}, run_id=f"random-{number}")
            ended[one.run("registration", base="", janitor_minutes=0.05).value] += 1
    assert ended["FAIL"] > RUNS // 3 and set(seen) == set(Meddling), (ended, seen)
    before = _left(mlflow)
    for _ in range(1 + sum(before.values()) // 100):
        _next_run(mlflow)
    print(f"{RUNS} flows: {dict(ended)}; calls: {dict(seen)}; left before the last run: {before}")
    assert not any(_left(mlflow).values())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_each_call_the_next_run_cleans_up(mlflow: Mlflow) -> None:
    _flow(mlflow, "first", kill_at=0)  # makes the experiment
    calls = _flow(mlflow, "whole", kill_at=0)
    orphans: Counter[str] = Counter()
    for number in range(1, calls + 1):
        assert _flow(mlflow, f"killed-{number}", kill_at=number) == number
        orphans.update(k for k, v in _left(mlflow).items() if v)
    assert calls > 20
    assert {"models", "versions", "runs", "files"} <= set(orphans)
    assert any(r.removed for r in _next_run(mlflow).residue)
    assert not any(_left(mlflow).values())


def _flow(mlflow: Mlflow, name: str, kill_at: int) -> int:
    """Carry a flow out in a process of its own, killed at a call; return how many it made.

    The call at which the process dies is still carried out: its answer finds nobody.
    """
    made: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def decide(number: int, method: str, path: str) -> Meddling:
        made.append(number)
        if number != kill_at:
            return Meddling.PASS
        started[0].kill()
        return Meddling.LOST

    with meddling(mlflow.url, decide) as url:
        command = [sys.executable, "-m", "tests.canary.support.one_flow", url, name]
        started.append(subprocess.Popen(command, cwd=ROOT))
        code = started[0].wait(60)
    assert code == (-signal.SIGKILL if kill_at else 0)
    return len(made)
