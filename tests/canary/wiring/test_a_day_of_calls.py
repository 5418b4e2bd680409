"""A whole day of healthy runs against the bucket: every call counted, none scaled from a few.

1,440 runs a minute apart are published, with the clock of their reports and not that of the
machine: what is written each minute, each five minutes, each hour and at the change of a day. The
calls to the platform and to AWS's control plane are the same in each run; those of ten are counted
on the wire (tests/infra/test_counted_bill.py).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from canary.adapters.store.open_store import open_store
from canary.comparison.baselines import remembered
from canary.config import load
from canary.deployment.cost import GETS, puts, stored
from canary.model import Config, Profile, Report
from canary.pipeline import new_run_id
from canary.publish import Published, publish_report
from canary.wiring.notify import Channels, notifier
from canary.wiring.run import Runtime, make_runtime, previous, stored_mutes
from tests.canary.support import worlds
from tests.pictures import real

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(3600)]
DAY = 1_440
BEGIN = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
WITHIN = 0.10


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Counter[str]]]:
    """A bucket, and its calls so far by method, with the bytes written by kind of object."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="reports")
        counted = Counter[str]()

        def called(model: Any, params: dict[str, Any], **_: Any) -> None:
            counted[model.http["method"]] += 1

        def written(params: dict[str, Any], **_: Any) -> None:
            kind = "reports" if params["Key"].startswith(("runs/", "latest/d")) else "others"
            kind = "others" if params["Key"].endswith(".html") else kind
            counted[kind] += len(params["Body"])

        client.meta.events.register("before-call.s3.*", called)
        client.meta.events.register("provide-client-params.s3.PutObject", written)
        yield client, counted


def of(profile: Profile) -> Runtime:
    made = make_runtime(worlds.config(name="development"), "s3://reports")
    where = msgspec.structs.replace(made.config.environment, profile=profile)
    config = msgspec.structs.replace(made.config, environment=where)
    return msgspec.structs.replace(made, config=config)


def at(healthy: Report, minute: int, before: Report | None) -> Report:
    """Return the run of a minute, which goes on with the run before."""
    moment = (BEGIN + dt.timedelta(minutes=minute)).isoformat()
    run = msgspec.structs.replace(
        healthy.run, id=new_run_id(moment), started_at=moment, finished_at=moment
    )
    return remembered(msgspec.structs.replace(healthy, run=run), before)


@pytest.mark.parametrize("profile", [Profile.FULL, Profile.LEAN])
def test_the_plan_has_the_calls_of_a_day(
    bucket: tuple[Any, Counter[str]], profile: Profile
) -> None:
    (client, counted), healthy = bucket, real("healthy")
    runtime = of(profile)
    runtime = msgspec.structs.replace(runtime, store=open_store("s3://reports", lambda: client))
    notify = notifier(runtime, Channels(ticket="arn:aws:sns:us-east-1:123456789012:ticket"))
    for minute in range(DAY):
        done = Published()
        report = at(healthy, minute, previous(runtime).report)
        assert stored_mutes(runtime, BEGIN).mutes == ()  # as each run begins
        publish_report(runtime, report, done, latest=True, notify=notify)
        assert done.latest and done.problems == [], (minute, done.problems)
    print(profile.value, dict(counted), "a run:", {k: n / DAY for k, n in counted.items()})
    planned = stored(_planned(len(healthy.results), profile), 60)
    assert counted["PUT"] == pytest.approx(DAY * puts(profile, 60), rel=WITHIN), dict(counted)
    assert counted["GET"] + counted["HEAD"] == pytest.approx(DAY * GETS, rel=WITHIN), dict(counted)
    assert counted["reports"] == pytest.approx(DAY * 2 * planned.report, rel=0.5)
    assert counted["others"] <= DAY * planned.pages * (1 + WITHIN), "a month's page is larger"


def _planned(count: int, profile: Profile) -> Config:
    config = load("development", authoring=False)
    where = msgspec.structs.replace(config.environment, profile=profile)
    return Config(environment=where, checks=config.checks[:count])
