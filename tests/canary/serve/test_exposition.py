"""A run as metrics of Prometheus, read by Prometheus' own parser."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import msgspec
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

import canary
from canary.metrics.measure import measure
from canary.model import Report, Status
from canary.serve.exposition import exposed, snake
from canary.serve.status import Served
from tests.canary.support.report_samples import healthy, many, seed_day
from tests.house.documents import blocks

BEGAN = dt.datetime(2026, 11, 30, 14, 0, tzinfo=dt.UTC)
Read = dict[str, dict[tuple[tuple[str, str], ...], float]]


def read(served: Served, environment: str = "development") -> Read:
    found: Read = {}
    for family in text_string_to_metric_families(exposed(served, environment).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def labels(**values: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))


def of(report: Report, **more: Any) -> Read:
    return read(Served(began=BEGAN, report=report, **more), report.run.environment)


def test_before_the_first_run_there_are_the_counts_alone() -> None:
    found = read(Served(began=BEGAN))
    here = labels(environment="development")
    assert found == {
        "hokusai_canary_info": {labels(environment="development", version=canary.__version__): 1.0},
        "hokusai_canary_runs_total": {here: 0.0},
        "hokusai_canary_runs_failed_total": {here: 0.0},
        "hokusai_canary_runs_missed_total": {here: 0.0},
        "hokusai_canary_problems_total": {here: 0.0},
    }


def test_the_counts_of_the_process() -> None:
    found = read(Served(began=BEGAN, runs=7, failed=2, missed=3, problems=4))
    here = labels(environment="development")
    counts = [found[f"hokusai_canary_{n}_total"][here] for n in ("runs", "runs_failed")]
    counts += [found[f"hokusai_canary_{n}_total"][here] for n in ("runs_missed", "problems")]
    assert counts == [7.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("sample", [healthy, seed_day, many])
def test_every_check_has_one_status(sample: Any) -> None:
    report = sample()
    held = {
        dict(key)["check"]: dict(key)["status"]
        for key, value in of(report)["hokusai_canary_check_status"].items()
        if value == 1.0
    }
    assert held == {r.check_id: r.status.value for r in report.results}


def test_what_was_not_tried_has_no_duration() -> None:
    report = seed_day()
    timed = {
        dict(k)["check"]: v for k, v in of(report)["hokusai_canary_check_duration_seconds"].items()
    }
    assert timed == {
        r.check_id: pytest.approx(r.duration_ms / 1000)
        for r in report.results
        if r.status in (Status.PASS, Status.FAIL)
    }


def test_the_causes_stand_by_rank() -> None:
    report = seed_day()
    found = {
        dict(key)["rank"]: (dict(key)["cause"], dict(key)["confidence"], dict(key)["resource"])
        for key in of(report)["hokusai_canary_cause"]
    }
    assert found == {
        str(rank): (d.cause, d.confidence.name, d.resource)
        for rank, d in enumerate(report.diagnoses, start=1)
    }
    assert len(found) > 1
    assert "hokusai_canary_cause" not in of(healthy())


def test_the_values_are_those_of_cloudwatch_in_base_units() -> None:
    report, found = seed_day(), of(seed_day())
    run = report.run.environment
    points = {(p.metric, p.dimensions): p.value for p in measure(report)}
    here = (("Environment", run),)
    assert (
        found["hokusai_canary_critical_failed"][labels(environment=run)]
        == (points["CriticalFailed", here])
    )
    scores = {dict(k)["suite"]: v for k, v in found["hokusai_canary_score_ratio"].items()}
    assert scores == {
        dict(dimensions)["Suite"]: pytest.approx(value / 100)
        for (name, dimensions), value in points.items()
        if name == "Score"
    }
    duration = found["hokusai_canary_run_duration_seconds"][labels(environment=run)]
    assert duration == pytest.approx(report.run.duration_ms / 1000)
    ended = dt.datetime.fromisoformat(report.run.finished_at).timestamp()
    assert found["hokusai_canary_last_run_timestamp_seconds"][labels(environment=run)] == ended
    assert found["hokusai_canary_run_completed"][labels(environment=run)] == 1.0


def test_a_run_that_judged_no_critical_check_is_no_complete_one() -> None:
    report = seed_day()
    blind = tuple(msgspec.structs.replace(r, status=Status.ERROR) for r in report.results)
    found = of(msgspec.structs.replace(report, results=blind))
    assert found["hokusai_canary_run_completed"] == {
        labels(environment=report.run.environment): 0.0
    }


def test_hostile_texts_stay_in_their_label() -> None:
    report = seed_day()
    first, *others = report.diagnoses
    evil = 'a"} 1\nhokusai_canary_info 0\\'
    changed = msgspec.structs.replace(
        report, diagnoses=(msgspec.structs.replace(first, resource=evil), *others)
    )
    found = {dict(k)["rank"]: dict(k)["resource"] for k in of(changed)["hokusai_canary_cause"]}
    assert found["1"] == evil and found["2"] == others[0].resource


@pytest.mark.parametrize(
    ("name", "written"),
    [("RunCompleted", "run_completed"), ("Score", "score"), ("ChecksErrored", "checks_errored")],
)
def test_names(name: str, written: str) -> None:
    assert snake(name) == written


def test_the_rules_of_the_document() -> None:
    (block,) = (b for b in blocks("yaml") if "alert:" in b.text)
    rules = yaml.safe_load(block.text)["groups"][0]["rules"]
    used = {name for rule in rules for name in re.findall(r"hokusai_canary_\w+", rule["expr"])}
    assert used == {
        "hokusai_canary_critical_down",
        "hokusai_canary_last_run_timestamp_seconds",
        "hokusai_canary_run_completed",
        "hokusai_canary_info",
    }
    assert used <= of(seed_day()).keys()
    assert [rule["alert"] for rule in rules] == [
        *("CanaryCriticalDown", "CanaryHeartbeat", "CanaryBlind")
    ]
