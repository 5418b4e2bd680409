"""The Lambda handler against moto and a platform of which nothing answers."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from canary import handler as function
from canary.adapters.store.packing import unpack
from canary.handler import handler, lateness, request_of
from canary.model import Report, Schedule
from canary.plan import PlanError
from canary.report import json as canonical
from tests.canary.support import worlds

BUCKET = "canary-reports"
STORE = f"s3://{BUCKET}/canary"
NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
ENVIRONMENT = """
name = "nothing-answers"
account = "123456789012"
region = "us-east-1"
cluster = "hokusai-development"

[services.auth]
url = "{url}"
ecs_service = "hokusai-auth-development"
load_balancer = "hokusai-auth-development"
target_groups = ["tg"]

[services.registry]
url = "{url}"
ecs_service = "hokusai-api-development"
load_balancer = "hokusai-registry-development"
target_groups = ["tg"]

[services.mlflow]
ecs_service = "hokusai-mlflow-development"
load_balancer = "hokusai-registry-development"
target_groups = ["tg"]
"""
UNWATCHED = ENVIRONMENT.replace('cluster = "hokusai-development"', 'cluster = ""')
"""Nobody asks AWS there, so that silence is the platform's and not the canary's own."""
PRINCIPALS = ("valid", "read-only", "revoked", "expired", "other-service", "admin")

FUTURE = "2099-01-01T00:00:00+00:00"


class Context:
    """A Lambda context with a time-out."""

    def __init__(self, seconds: float = 60.0) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    secrets = [f'[principals.{p}]\nsecret = "canary/{p}"\n' for p in PRINCIPALS]
    generated = [f'[principals.{p}]\ngenerated = "{p}"\n' for p in ("unknown", "malformed")]
    path = tmp_path / "nothing-answers.toml"
    path.write_text(ENVIRONMENT.format(url="https://127.0.0.1:1") + "\n".join(secrets + generated))
    return path


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, file: Path, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("CANARY_ENVIRONMENT", str(file))
    monkeypatch.setenv("CANARY_STORE", STORE)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # Python reads TMPDIR once
    function._runtime.cache_clear()
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def latest(client: Any) -> Report:
    body = client.get_object(Bucket=BUCKET, Key="canary/latest/nothing-answers.json")["Body"].read()
    return canonical.load(unpack(body))


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_platform_of_which_nothing_answers_is_reported_and_nothing_is_raised(
    aws: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = handler({}, Context())
    assert summary["status"] == "FAIL" and "auth.https-redirect" in summary["failed"]
    report = latest(aws)
    assert report.run.id == summary["run_id"]
    assert summary["report"] == f"{STORE}/runs/{report.run.id}.json"
    assert len(json.dumps(summary)) < 20_000
    written = lines(capsys.readouterr().out)
    emf = [d for d in written if "_aws" in d]
    assert any(d.get("RunCompleted") == [1.0] for d in emf)
    finished = next(d for d in written if d.get("message") == "run finished")
    assert finished["run_id"] == report.run.id and finished["status"] == "FAIL"


def test_every_check_has_one_result_and_the_next_run_is_compared(aws: Any) -> None:
    first = handler({}, Context())
    handler({"trigger": "invoke"}, Context())
    report = latest(aws)
    assert report.comparison.previous == first["run_id"]
    assert len({r.check_id for r in report.results}) == len(report.results) > 50
    assert {t.change.value for t in report.comparison.transitions} == {"STILL_FAILING"}


def test_a_selection_runs_alone_and_leaves_the_latest_report(aws: Any) -> None:
    handler({}, Context())
    before = latest(aws).run.id
    handler({"only": ["auth.https-redirect"]}, Context())
    assert latest(aws).run.id == before


def test_a_run_with_little_time_ends_in_it_and_says_what_it_left_out(aws: Any) -> None:
    began = time.monotonic()
    handler({}, Context(4.0))
    assert time.monotonic() - began < 4.0
    assert latest(aws).results


def test_a_report_that_cannot_be_stored_is_in_the_log_and_the_next_run_says_so(
    aws: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANARY_STORE", "s3://no-such-bucket/canary")
    lost = handler({}, Context())
    parts = [
        d
        for d in lines(capsys.readouterr().out)
        if d.get("message") == "report that could not be stored"
    ]
    assert canonical.load("".join(p["text"] for p in parts)).run.id == lost["run_id"]
    monkeypatch.setenv("CANARY_STORE", STORE)
    summary = handler({}, Context())
    assert any(lost["run_id"] in note for note in summary["notes"])


def test_a_half_written_or_older_report_is_a_note_and_no_error(aws: Any) -> None:
    for body in (
        b'{"schema": "hokusai-canary/report/1", "run"',
        b'{"schema": "hokusai-canary/report/0"}',
    ):
        aws.put_object(Bucket=BUCKET, Key="canary/latest/nothing-answers.json", Body=body)
        summary = handler({}, Context())
        assert any("previous report could not be read" in n for n in summary["notes"])


def test_a_latest_report_from_the_future_is_told_and_silences_nothing(aws: Any) -> None:
    """A writer whose clock is wrong must not keep every later report out until its day comes."""
    first = handler({}, Context())
    future = latest(aws)
    run = msgspec.structs.replace(future.run, id=f"2099{future.run.id[4:]}", started_at=FUTURE)
    body = canonical.render(msgspec.structs.replace(future, run=run)).encode()
    aws.put_object(Bucket=BUCKET, Key="canary/latest/nothing-answers.json", Body=body)
    second = handler({}, Context())
    assert f"the latest report is from the future ({FUTURE}): it is not used" in second["notes"]
    assert latest(aws).run.id == second["run_id"] != first["run_id"]
    third = handler({}, Context())
    assert latest(aws).comparison.previous == second["run_id"]
    assert not any("future" in note for note in third["notes"])


@pytest.mark.parametrize(
    ("age", "trigger", "stale"),
    [
        (30, "schedule", False),
        (110, "schedule", False),
        (200, "schedule", True),
        (900, "schedule-slow", False),
    ],
)
def test_a_run_older_than_its_period_ends(age: int, trigger: str, stale: bool) -> None:
    where = worlds.environment(schedule=Schedule(slow_expression="rate(1 hour)"))
    planned = (NOW - dt.timedelta(seconds=age)).isoformat()
    asked = request_of({"trigger": trigger, "scheduled_at": planned}, where)
    assert bool(lateness(asked, where, NOW)) is stale


def test_a_stale_run_says_so_and_touches_nothing(aws: Any) -> None:
    old = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).isoformat()
    summary = handler({"trigger": "schedule", "scheduled_at": old}, Context())
    assert summary["status"] == "STALE" and "ago" in summary["reason"]
    assert "Contents" not in aws.list_objects_v2(Bucket=BUCKET)


def test_a_placeholder_that_nobody_filled_in_is_no_schedule() -> None:
    where = worlds.environment()
    asked = request_of({"scheduled_at": "<aws.scheduler.scheduled-time>"}, where)
    assert lateness(asked, where, NOW) == ""


def test_the_scheduled_run_leaves_slow_checks_to_their_schedule() -> None:
    where = worlds.environment(
        schedule=Schedule(slow_expression="rate(1 hour)", slow_checks=("api.slow",))
    )
    assert request_of({"trigger": "schedule"}, where).selection.without == ("api.slow",)
    slow = request_of({"trigger": "schedule-slow", "only": ["api.slow"]}, where)
    assert slow.selection.without == () and slow.reuse_rest


@pytest.mark.parametrize(
    ("trigger", "aside"), [("gate", True), ("schedule", False), ("schedule-slow", False)]
)
def test_a_pipelines_run_fills_no_window(trigger: str, aside: bool) -> None:
    assert request_of({"trigger": trigger}, worlds.environment()).aside is aside


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"only": "auth.https-redirect"}, "only: must be a list of texts"),
        ({"suites": 7}, "suites: must be a list of texts"),
        ({"only": [None]}, "only: must be a list of texts"),
        ({"only": ["auth.nothing"]}, "no such check or suite here: auth.nothing"),
        ({"suites": ["<script>" * 900]}, "no such check or suite here: <script>"),
        (["auth.https-redirect"], "the event must be an object"),
    ],
)
def test_an_event_that_asks_for_what_does_not_exist_is_refused_with_the_reason(
    aws: Any, event: Any, says: str
) -> None:
    answer = handler(event, Context())
    assert (answer["run_id"], answer["status"]) == ("", "REFUSED")
    assert answer["reason"].startswith(says) and len(answer["reason"]) < 500
    assert "Contents" not in aws.list_objects_v2(Bucket=BUCKET)


def test_a_schedule_s_own_wrong_event_is_an_error_of_the_function(aws: Any) -> None:
    with pytest.raises(PlanError):
        handler({"trigger": "schedule-slow", "only": ["auth.nothing"]}, Context())


def test_nothing_asks_for_nothing_and_a_long_word_is_cut() -> None:
    asked = request_of({"only": None, "suites": [], "trigger": "x\n" * 10**6}, worlds.environment())
    assert asked.selection.narrow is False
    assert len(asked.trigger) < 200 and "\n" not in asked.trigger


def test_importing_the_handler_loads_nothing_that_a_healthy_run_needs_not() -> None:
    code = "import canary.handler, sys; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for package in ("jinja2", "click", "rich", "mlflow", "aws_cdk", "moto", "canary.diagnose"):
        assert f"'{package}'" not in done.stdout
