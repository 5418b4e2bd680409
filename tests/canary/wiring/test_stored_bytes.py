"""What a healthy run reads and writes in the bucket: a fifth at most of what it once did.

Counted are the bodies of PutObject and GetObject as they travel, by key, without the heads. The run
is a real one against the sandbox (`tests/canary/data/runs/healthy.json.gz`, 70 checks); so are its
figures, while its past is made.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from canary.adapters.store.open_store import open_store
from canary.adapters.store.protocol import latest_name, run_name
from canary.comparison.states import state_of
from canary.config import load
from canary.deployment.cost import stored
from canary.model import Config, Profile, Report
from canary.publish import Published, publish_report
from canary.report import json as canonical
from canary.report.archive import Archive, update
from canary.report.stored import dump
from canary.wiring.run import Runtime, make_runtime, previous
from tests.canary.support import worlds
from tests.canary.support.report_past import month
from tests.pictures import real

PAGE_BEFORE = {"young": 149_689, "month": 186_919}
"""Bytes of the page of these very runs, as the code of commit 5d3dd9b rendered it: the last one
before the pages were made smaller."""
PAGE_NOW = {"young": 90_000, "month": 105_000}
ALLOWED = 0.2
"""Share of the bytes of before that a run may cost at most."""


def run(past: str) -> tuple[Report, Report, Archive]:
    """Return the run before, this run, and what the archive held before it."""
    report = real("healthy")
    state = state_of(report)
    assert state is not None
    dice = random.Random(15)
    history = {
        name: msgspec.structs.replace(
            kept,
            outcomes="P" * 60,
            latency_ms=tuple(
                round(kept.latency_ms[-1] * dice.lognormvariate(0, 0.3), 1) for _ in range(60)
            ),
        )
        for name, kept in report.history.items()
        if kept.latency_ms
    }
    report = msgspec.structs.replace(
        report,
        history=report.history | history if past == "month" else report.history,
        platform_state=state.reference,
        state_kept_at=report.comparison.previous_at,
    )
    run_before = msgspec.structs.replace(
        report.run,
        id=report.comparison.previous,
        started_at=report.comparison.previous_at,
        finished_at=report.comparison.previous_at,
    )
    before = msgspec.structs.replace(report, run=run_before)
    return before, report, month(before) if past == "month" else update(Archive(), before)


def cost_of_before(past: str) -> int:
    """Return the bytes of the reports and the page of such a run of an earlier version.

    It wrote the whole report twice and plain, as the run's and as the latest one; and it read the
    latest one twice, to compare with it and to know that it may replace it. Archive and index were
    plain, too (a month's archive 350 KB, read and written): they are left out on this side alone.
    """
    before, report, _ = run(past)
    reports = 2 * len(canonical.render(report)) + 2 * len(canonical.render(before))
    return reports + PAGE_BEFORE[past]


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Runtime, Counter[str]]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    where = worlds.config(name="development")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="reports")
        made = make_runtime(where, "s3://reports")
        store = open_store("s3://reports", lambda: client)
        yield msgspec.structs.replace(made, store=store), counting(client)


def counting(client: Any) -> Counter[str]:
    """Return the bytes of bodies that a client sends and receives from now on."""
    counted = Counter[str]()

    def sent(params: dict[str, Any], **_: Any) -> None:
        counted[f"write {params['Key']}"] += len(params["Body"])

    def received(parsed: dict[str, Any], context: Any, **_: Any) -> None:
        counted[f"read {context['asked']}"] += parsed.get("ContentLength", 0)

    def asked(params: dict[str, Any], context: Any, **_: Any) -> None:
        context["asked"] = params["Key"]

    events = client.meta.events
    events.register("provide-client-params.s3.PutObject", sent)
    events.register("provide-client-params.s3.GetObject", asked)
    events.register("after-call.s3.GetObject", received)
    return counted


def publish(runtime: Runtime, report: Report) -> None:
    done = Published()
    publish_report(runtime, report, done, latest=True)
    assert done.latest and done.problems == []


@pytest.mark.parametrize("past", ["young", "month"])
def test_a_healthy_run_costs_a_fifth_of_the_bytes_that_it_cost_before(
    runtime: tuple[Runtime, Counter[str]], past: str
) -> None:
    (process, counted), (before, report, archive) = runtime, run(past)
    publish(process, before)
    index = sum(
        counted[f"write {f}"] for f in ("index.json", "index.html", "badges/development.svg")
    )
    process.store.write("archive/development.json", dump(archive).encode())
    counted.clear()

    assert previous(process).report is not None
    publish(process, report)

    name, latest = run_name(report.run.id), latest_name("development")
    assert set(counted) == {
        f"read {latest}", f"write {name}", f"write {latest}", "write latest/development.html",
        "read archive/development.json", "write archive/development.json", "read index.json",
    }, "index and badge would say what they say already"  # fmt: skip
    assert counted[f"write {name}"] == counted[f"write {latest}"] < 30_000
    assert counted["write latest/development.html"] <= PAGE_NOW[past]
    assert counted["read archive/development.json"] <= 20_000, "packed as the reports are"
    assert counted.total() <= ALLOWED * cost_of_before(past), dict(counted)
    if past == "month":
        pages = sum(
            counted[f"write {f}"] for f in ("latest/development.html", "archive/development.json")
        )
        planned = stored(_of(len(report.results)), 60)
        assert planned.report == pytest.approx(counted[f"write {name}"], rel=0.03)
        # index and badge are written again in one run of five
        assert planned.pages == pytest.approx(pages + index / 5, rel=0.03)


def _of(count: int) -> Config:
    """Return an environment in profile full with so many checks."""
    config = load("development", authoring=False)
    where = msgspec.structs.replace(config.environment, profile=Profile.FULL)
    return Config(environment=where, checks=config.checks[:count])
