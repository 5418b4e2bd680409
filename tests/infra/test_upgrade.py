"""An environment of version 0.1.0 is deployed anew: what is replaced, what goes, what is left.

The old template is that of the commit which cut the version, for the shipped environment file
(`data/template-0.1.0.json.gz`, without the function's code).
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import msgspec
import pytest

from canary.alarms.plan import plan_alarms
from canary.model import Config, Profile
from emulator.aws.endpoint import Endpoint
from tests.emulator.support.emulated import aws
from tests.infra.conftest import synthesize
from tests.infra.support.words import ALARMS, Resources, deployable, described, names

__all__ = ["aws"]

pytestmark = pytest.mark.slow  # one more synthesis, and three deployments of 50 to 90 resources
STACK = "hokusai-canary-development"
OLD = Path(__file__).parent / "data" / "template-0.1.0.json.gz"
NAMES = ("AlarmName", "TopicName", "BucketName", "LogGroupName", "FunctionName", "QueueName",
         "RoleName", "Name", "DashboardName")  # fmt: skip
"""Properties that CloudFormation changes by a new resource alone (its "Replacement")."""
SUITES = {f"suite-{s}" for s in ("authentication", "endpoints", "infrastructure", "registration")}


@pytest.fixture(scope="module")
def old() -> Resources:
    found: Resources = json.loads(gzip.decompress(OLD.read_bytes()))["Resources"]
    return found


@pytest.fixture(scope="module")
def new(config: Config, code: str) -> Resources:
    where = msgspec.structs.replace(config.environment, profile=Profile.STANDARD)
    found: Resources = synthesize(msgspec.structs.replace(config, environment=where), code)[
        "Resources"
    ]
    return found


def test_alarms_go_and_come_and_the_others_are_changed_in_place(
    aws: Endpoint, old: Resources, new: Resources
) -> None:
    cloud, watch, s3 = (aws.client(s) for s in ("cloudformation", "cloudwatch", "s3"))
    cloud.create_stack(StackName=STACK, TemplateBody=deployable(old))
    assert set(described(aws, STACK)) == set(names(old, STACK).values())
    for name in ("critical-down", "registry-docs"):
        watch.set_alarm_state(AlarmName=f"{STACK}-{name}", StateValue="ALARM", StateReason="x")
    [bucket] = [b["Name"] for b in s3.list_buckets()["Buckets"]]
    s3.put_object(Bucket=bucket, Key="canary/latest/development.json", Body=b"the latest")

    cloud.update_stack(StackName=STACK, TemplateBody=deployable(new))
    states = described(aws, STACK)
    assert set(states) == set(names(new, STACK).values())
    assert "registry-docs" not in states, "deleted in ALARM: it sends no OK"
    assert states["critical-down"] == "ALARM", "changed in place, so it keeps its state"
    assert {states[name] for name in SUITES} == {"INSUFFICIENT_DATA"}
    kept = s3.get_object(Bucket=bucket, Key="canary/latest/development.json")
    assert kept["Body"].read() == b"the latest"

    cloud.update_stack(StackName=STACK, TemplateBody=deployable(old))
    assert set(described(aws, STACK)) == set(names(old, STACK).values())


def test_each_check_that_is_not_critical_loses_its_alarm_and_each_suite_gets_one(
    old: Resources, new: Resources, config: Config
) -> None:
    before, after = set(names(old, STACK).values()), set(names(new, STACK).values())
    tickets = {n for n in before if n.startswith("ticket-")}
    severe = {c.id.replace(".", "-") for c in config.checks if c.severity == "critical"}
    checks = {c.id.replace(".", "-") for c in config.checks} - severe
    assert after - before >= SUITES
    assert before - after >= tickets and len(tickets) == 4
    assert before - after - tickets <= checks
    assert severe <= before & after


def test_nothing_with_a_name_is_replaced(old: Resources, new: Resources) -> None:
    """CloudFormation makes the new resource first: the same name under another id cannot be."""
    for ident in old.keys() & new.keys():
        assert old[ident]["Type"] == new[ident]["Type"], ident
        was, now = (r[ident].get("Properties", {}) for r in (old, new))
        assert {n: was.get(n) for n in NAMES} == {n: now.get(n) for n in NAMES}, ident
    named = {n: i for i, n in names(old, STACK).items()}
    assert [n for i, n in names(new, STACK).items() if named.get(n, i) != i] == []


def test_nothing_but_alarms_goes(old: Resources, new: Resources) -> None:
    gone = {old[i]["Type"] for i in old.keys() - new.keys()}
    assert gone == set(ALARMS)


def test_full_keeps_every_alarm_of_before(old: Resources, config: Config) -> None:
    planned = plan_alarms(config, "function", config.environment.run.budget)
    now = {a.name.removeprefix(f"{STACK}-") for a in (*planned.alarms, *planned.composites)}
    assert set(names(old, STACK).values()) <= now
