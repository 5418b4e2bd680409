"""A change that nobody announced is followed: told where it breaks something, else to nobody."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from canary.adapters.store.packing import unpack
from tests.infra.support.deployed import Deployed, deploy_to, until
from tests.sandbox.support.twin import RunningTwin

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


WITHIN_S = 180
"""Seconds after the last step of a change within which what it broke is told."""


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A twin with a canary that follows changes, and whose schedule rests."""
    folder = tmp_path_factory.mktemp("following")
    twin = RunningTwin(folder / "state.json")
    try:
        deployed = deploy_to(twin, folder / "cdk.out", follow=True)
        deployed.schedule(State="DISABLED")
        _record(deployed)
        yield deployed
    finally:
        twin.stop()


def _record(deployed: Deployed) -> None:
    """Let a trail record write calls, which then reach the bus."""
    deployed.client("s3").create_bucket(Bucket="the-trail")
    trail = deployed.client("cloudtrail")
    trail.create_trail(Name="the-trail", S3BucketName="the-trail")
    trail.start_logging(Name="the-trail")


def told(deployed: Deployed) -> list[str]:
    """Return what the platform's people were told, as the store keeps it: an incident each."""
    s3, bucket = deployed.client("s3"), deployed.outputs["ReportBucket"]
    kept = s3.get_object(Bucket=bucket, Key="canary/notified/development.json")["Body"].read()
    found = json.loads(unpack(kept))["incidents"]
    return [str(one["headline"]) for one in found if one["audience"] == "platform"]


def followed(deployed: Deployed) -> dict[str, str]:
    """Return the status of the runs that followed a change, by the event's name."""
    s3, bucket = deployed.client("s3"), deployed.outputs["ReportBucket"]
    found: dict[str, str] = {}
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="canary/runs/").get("Contents", [])
    for key in (o["Key"] for o in listed if o["Key"].endswith(".json")):
        report: Any = json.loads(unpack(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
        for one in report["followed"]:
            if one["service"] == "registry":
                found[one["event"]] = report["run"]["status"]
    return found


def test_a_deployment_that_goes_well_is_followed_and_told_to_nobody(quiet: Deployed) -> None:
    quiet.invoke()
    service = next(s for s in quiet.client("ecs").list_services(cluster="hokusai-development")[
        "serviceArns"
    ] if "api" in s or "registry" in s)  # fmt: skip
    quiet.client("ecs").update_service(
        cluster="hokusai-development", service=service, forceNewDeployment=True
    )
    until(lambda: "SERVICE_DEPLOYMENT_COMPLETED" in followed(quiet), 200, "the end is followed")
    assert "FAIL" not in followed(quiet).values()
    assert told(quiet) == []


def test_what_a_change_breaks_is_told_by_the_run_that_follows_it(quiet: Deployed) -> None:
    """The schedule rests: nobody but the run that follows the change looks at the platform."""
    quiet.invoke()
    assert told(quiet) == []
    quiet.twin.plant("auth-blocked")
    last_step = time.monotonic()
    until(lambda: told(quiet), WITHIN_S, "what the change broke is told")
    assert time.monotonic() - last_step <= WITHIN_S
    (headline,) = told(quiet)
    assert "security group" in headline
