"""Twenty runs in a row, a minute apart, before an MLflow that does not let go of its objects."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable

import pytest

from canary.model import RunLimits, Status
from tests.canary.support.relayed_flow import (
    CREATE,
    KEY,
    MODELS,
    NOTHING,
    RUNS,
    VERSIONS,
    Verdict,
    alive,
)  # fmt: skip
from tests.canary.support.servers.meddler import Bodyless, Instead, Meddling, meddling
from tests.canary.support.servers.mlflow import Mlflow
from tests.canary.support.servers.toolbox import Bench, FixedClock, environment

AMOUNT = 20
STAYS = Instead(403, '{"error_code":"PERMISSION_DENIED","message":"a model is kept for ever"}')
PROVED = (MODELS, VERSIONS, RUNS)
ONE_OF_EACH = {"models": 1, "versions": 1, "runs": 1, "files": 3}  # the files of one artifact
Rule = Callable[[int, str, str, int], Verdict]


class Row:
    """Runs one after the other through one relay, and counts what they ask and find."""

    def __init__(self, mlflow: Mlflow, rule: Rule, *, told: bool = False) -> None:
        self._mlflow, self._rule, self._told = mlflow, rule, told
        self.number = 0
        self.clock = FixedClock(dt.datetime.now(dt.UTC))
        self.asked: list[Counter[str]] = []
        self.runs: list[Bench] = []
        self.most = Counter[str]()

    def _decide(self, _: int, method: str, path: str) -> Verdict:
        end = next((e for e in (*PROVED, CREATE, "mlflow/runs/create") if path.endswith(e)), "")
        end = "artifact" if method == "DELETE" and not end else end
        self.asked[-1][end] += 1
        return self._rule(self.number, method, end, self.asked[-1][end])

    def carry_out(self) -> None:
        mlflow, start = self._mlflow, self.clock.at
        with meddling(mlflow.url, self._decide, lambda: self.clock.at.timestamp()) as url:
            where = environment(url, run=RunLimits(request_timeout=10))
            for self.number in range(1, AMOUNT + 1):
                self.clock.at = start + dt.timedelta(minutes=self.number)
                self.asked.append(Counter())
                before = self.runs[-1].residue if self.runs else []
                known = {r.name for r in before if not r.removed} if self._told else set()
                name = f"row-{self.number}"
                one = Bench(where, {"valid": KEY}, run_id=name, clock=self.clock)
                one.left_behind = frozenset(known)
                one.run("registration", base="")
                self.runs.append(one)
                moment = int(self.clock.at.timestamp() * 1000)
                made_now = f"where name like '%{name}-full'"
                mlflow.execute(f"update registered_models set creation_time={moment} {made_now}")
                found = alive(mlflow)
                self.most |= Counter({k: v for k, v in found.items() if k != "files"})

    def failed(self, step: str) -> list[int]:
        """Return the numbers of the runs in which a step failed."""
        return [
            number
            for number, one in enumerate(self.runs, 1)
            if any(s.name == step and s.status is Status.FAIL for s in one.steps)
        ]

    def statuses(self) -> list[bool]:
        """Return of each run whether every step passed."""
        return [all(s.status is Status.PASS for s in one.steps) for one in self.runs]


@pytest.fixture
def clean(mlflow: Mlflow) -> Mlflow:
    for table in ("model_version_tags", "model_versions", "registered_model_tags"):
        mlflow.execute(f"delete from {table}")
    for table in ("registered_model_aliases", "registered_models"):
        mlflow.execute(f"delete from {table}")
    mlflow.execute("update runs set lifecycle_stage='deleted'")
    for path in [p for p in (mlflow.folder / "art").rglob("*") if p.is_file()]:
        path.unlink()
    return mlflow


@pytest.mark.slow
def test_where_bodies_of_delete_are_dropped_nothing_is_left(clean: Mlflow) -> None:
    row = Row(clean, lambda n, method, end, nth: deleted(method, Bodyless()))
    row.carry_out()
    assert row.failed("model removal") == list(range(1, AMOUNT + 1))
    words = "Missing value for required parameter 'name'"
    assert all(words in r.reason("model removal") for r in row.runs)
    assert [r.status("artifact get") for r in row.runs] == [Status.PASS] * AMOUNT
    assert [r.residue for r in row.runs] == [[]] * AMOUNT
    assert (alive(clean), +row.most) == (NOTHING, Counter())


def deleted(method: str, verdict: Verdict) -> Verdict:
    return verdict if method == "DELETE" else Meddling.PASS


def every_real_removal(verdict: Verdict, first: int = 1, last: int = AMOUNT) -> Rule:
    """Change every removal but the proof's, which is the first of its kind in a run."""

    def rule(number: int, method: str, end: str, nth: int) -> Verdict:
        real = end == "artifact" or (end in PROVED and nth > 1)
        return verdict if real and first <= number <= last else Meddling.PASS

    return rule


@pytest.mark.slow
@pytest.mark.parametrize("told", [True, False])
def test_where_each_removal_is_refused_one_object_of_a_kind_is_left(
    clean: Mlflow, told: bool
) -> None:
    row = Row(clean, every_real_removal(STAYS), told=told)
    row.carry_out()
    assert alive(clean) == ONE_OF_EACH
    assert row.most == Counter({"models": 1, "versions": 1, "runs": 1})
    assert row.failed("orphaned models") == row.failed("orphaned runs") == list(range(2, 21))
    assert "a model is kept for ever" in row.runs[0].reason("delete model")
    assert all("a model is kept for ever" in r.reason("orphaned models") for r in row.runs[1:])
    assert all("a model is kept for ever" in r.reason("orphaned runs") for r in row.runs[1:])
    first, *later = row.asked
    assert (first[CREATE], first["mlflow/runs/create"]) == (1, 1)
    # the proof, its step, and one last attempt; then the proof and one attempt
    assert (first[MODELS], {a[MODELS] for a in later}) == (3, {2})
    assert {(a[CREATE], a["mlflow/runs/create"], a["artifact"]) for a in later} == {(0, 0, 1)}


@pytest.mark.slow
def test_where_each_removal_is_answered_and_has_no_effect_one_object_of_a_kind_is_left(
    clean: Mlflow,
) -> None:
    row = Row(clean, every_real_removal(Instead(200)))
    row.carry_out()
    assert alive(clean) == ONE_OF_EACH
    assert row.failed("residue") == [1]
    assert row.failed("orphaned models") == row.failed("orphaned runs") == list(range(2, 21))
    assert {a[MODELS] for a in row.asked[1:]} == {2}
    assert not any(r.removed for one in row.runs for r in one.residue)


@pytest.mark.slow
def test_where_removals_are_refused_for_a_while_nothing_is_left_in_the_end(clean: Mlflow) -> None:
    row = Row(clean, every_real_removal(STAYS, 3, 9))
    row.carry_out()
    assert (alive(clean), row.most) == (NOTHING, Counter({"models": 1, "versions": 1, "runs": 1}))
    assert row.statuses() == [number not in range(3, 10) for number in range(1, 21)]
    gone = [(n, r.kind) for n, one in enumerate(row.runs, 1) for r in one.residue if r.removed]
    assert gone == [(10, "registered model"), (10, "run")]
