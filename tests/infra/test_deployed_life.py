"""The deployed zip under its role: runs by schedule, a fault pages once, silence is heard.

Minutes take six seconds here. The checks' cadences stay in real time, so the schedule, else as
deployed, asks for every check in every run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.infra.support.deployed import COMPRESSED, LOG_GROUP, MINUTE_S, Deployed, until
from tests.sandbox.support import classic as names

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FAULT = "artifact-bucket-denied"  # one critical check fails and nothing else
EXPECTED = {"registration-model", "ticket-registration", "critical-down", "page"}


@pytest.fixture(scope="module")
def living(deployed: Deployed) -> Iterator[Deployed]:
    """The deployed stack, asking for every check in every run."""
    before = deployed.schedule()
    # without its scheduled moment a run's points count for its end: on a busy machine a run lasts
    # minutes of six seconds, and points of its begin would come too late for an alarm of one period
    event = {**json.loads(before["Target"]["Input"]), "trigger": "compressed", "scheduled_at": ""}
    target = {**before["Target"], "Input": json.dumps(event)}
    deployed.schedule(Target=target, State="ENABLED")  # other tests of this stack stop it
    yield deployed
    # a run each few seconds would only slow the rest of the session down
    deployed.schedule(Target=before["Target"], State="DISABLED")


def test_runs_come_by_schedule_and_their_metrics_arrive(living: Deployed) -> None:
    until(lambda: len(living.runs()) >= 2, 60, "two scheduled runs")
    found = living.client("cloudwatch").list_metrics(Namespace="HokusaiCanary")["Metrics"]
    metrics = {m["MetricName"] for m in found}
    assert {"RunCompleted", "RunDuration", "CheckFailed", "Score", "StateLost"} <= metrics
    assert living.runs()[0]["status"] == "PASS"
    kept = living.client("s3").list_objects_v2(Bucket=living.outputs["ReportBucket"])
    assert any(o["Key"] == "canary/latest/development.json" for o in kept["Contents"])
    assert "RunCompleted" in {line["detail-type"] for line in living.log(f"{LOG_GROUP}/events")}


def test_a_fault_raises_exactly_its_alarms_and_pages_once(living: Deployed) -> None:
    # tests of this stack before these killed runs: what rings of them must end first
    until(lambda: living.states()["registration-model"] == "OK", 60, "the check's alarm is OK")
    until(lambda: not living.ringing(), 30 * MINUTE_S, "no alarm rings before the fault")
    living.heard("page"), living.heard("ticket")
    living.twin.plant(FAULT)
    until(lambda: living.ringing() >= EXPECTED, 30 * MINUTE_S, "the fault's alarms ring")
    assert living.ringing() == EXPECTED
    assert living.hears("page") == [("page", "ALARM")]
    assert living.runs()[-1]["failed"] == ["registration.model"]
    tickets = {name for name, state in living.heard("ticket") if state == "ALARM"}
    assert tickets <= COMPRESSED  # the page tells of it


def test_healing_clears_them_and_is_told_once(living: Deployed) -> None:
    living.client("s3").delete_bucket_policy(Bucket=names.ARTIFACT_BUCKET)
    # ten runs that pass, and on a busy machine a run lasts longer than a minute of six seconds
    until(lambda: not living.ringing(), 45 * MINUTE_S, "no alarm rings after the healing")
    assert living.hears("page") == [("page", "OK")]


def test_a_schedule_that_stops_raises_the_heartbeat_alone(living: Deployed) -> None:
    living.schedule(State="DISABLED")
    until(lambda: living.ringing(), 30 * MINUTE_S, "silence is heard")
    assert living.ringing() == {"heartbeat"}
    assert living.hears("page") == [("heartbeat", "ALARM")]
    living.schedule(State="ENABLED")
    until(lambda: not living.ringing(), 30 * MINUTE_S, "the heartbeat is back")


def test_nothing_was_denied_to_the_function(living: Deployed) -> None:
    assert not [line for line in living.log() if "AccessDenied" in str(line)]
    assert not [line["problem"] for line in living.log() if line.get("message") == "publishing"]
