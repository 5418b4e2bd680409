"""The deployed role holds nothing to spare: with any one statement removed, something is visible.

A run tells by its summary, its log, or by writing no log at all.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.infra.support.deployed import STACK, Deployed
from tests.infra.support.described import of_type
from tests.sandbox.support import classic as names
from tests.turns import in_turn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
# What the twin cannot show, since there an AWS service acts in the function's place.
ELSEWHERE = {
    "Interfaces": "Lambda makes the network interfaces; the twin has none",
    "NoInterfaces": "a Deny: the canary's code makes no network interface",
    "Lost": "Lambda sends lost events to the queue: tests/emulator/lambda_host/test_async.py",
}
# What is asked only after a task died; here one check fails and every task lives.
AFTER_A_CRASH = ["logs:GetLogEvents"]  # denied: tests/canary/observe/test_logs.py
# What is read after a failure only where the fault or the platform gives a reason to: each is taken
# away in tests/canary/diagnose/test_denied_readings.py or in tests/canary/observe.
ON_DEMAND = (
    *("wafv2:", "route53:", "rds:", "elasticache:", "ec2:GetManagedPrefixListEntries"),
    *("ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"),
)
PARTS = 3  # of the statements, by turns
MOST_RUNS = 4  # a check that comes and goes is told of when it failed three times in a row
DENY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{names.ARTIFACT_BUCKET}/*",
        }
    ],
}


@dataclass(frozen=True, kw_only=True)
class Role:
    """The function's role as it was deployed."""

    deployed: Deployed
    name: str
    policy: str
    document: dict[str, Any]

    def put(self, without: tuple[str, ...] = ()) -> None:
        """Write the policy, without some statements."""
        document = copy.deepcopy(self.document)
        document["Statement"] = [s for s in document["Statement"] if s["Sid"] not in without]
        self.deployed.client("iam").put_role_policy(
            RoleName=self.name, PolicyName=self.policy, PolicyDocument=json.dumps(document)
        )

    def forget(self) -> None:
        """Take the latest report away, as before a first run: S3 must say that it is missing."""
        bucket = self.deployed.outputs["ReportBucket"]
        key = "canary/latest/development.json"
        self.deployed.client("s3").delete_object(Bucket=bucket, Key=key)

    def untold(self) -> None:
        """Forget what was told: what fails again within ten minutes is told no second time."""
        s3, bucket = self.deployed.client("s3"), self.deployed.outputs["ReportBucket"]
        for prefix in ("canary/notified/", "canary/claims/"):
            found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
            for kept in found:
                s3.delete_object(Bucket=bucket, Key=kept["Key"])

    def broken(self, broken: bool) -> None:
        """Let the platform fail one critical check, or none."""
        s3 = self.deployed.client("s3")
        if broken:
            s3.put_bucket_policy(Bucket=names.ARTIFACT_BUCKET, Policy=json.dumps(DENY))
        else:
            s3.delete_bucket_policy(Bucket=names.ARTIFACT_BUCKET)


def asked(statement: dict[str, Any]) -> bool:
    """Tell whether a run on the broken platform uses what the statement allows."""
    action = statement["Action"]
    actions = [action] if isinstance(action, str) else action
    on_demand = all(a.startswith(ON_DEMAND) for a in actions)
    return statement["Sid"] not in ELSEWHERE and actions != AFTER_A_CRASH and not on_demand


def visible(answer: dict[str, Any], log: list[dict[str, Any]]) -> list[str]:
    """Return what of a run on the broken platform shows that a permission is missing."""
    found = [] if log else ["no log"]
    found += [str(answer["errorType"])] if "FunctionError" in answer else []
    found += [str(line["problem"]) for line in log if line.get("message") == "publishing"]
    named = [d["cause"] for d in answer.get("diagnoses", [])]
    found += [c for c in named if c.startswith("canary-")]
    found += [str(note) for note in answer.get("notes", [])]
    return found + [f"failed: {c}" for c in answer.get("failed", []) if c != "registration.model"]


def well(role: Role) -> bool:
    """Tell whether the healthy platform passes; on a busy machine a check may lack time once."""
    return any(role.deployed.invoke()[0]["status"] == "PASS" for _ in range(MOST_RUNS))


@pytest.fixture(scope="module")
def role(deployed: Deployed) -> Iterator[Role]:
    deployed.schedule(State="DISABLED")
    name = deployed.client("lambda").get_function(FunctionName=STACK)["Configuration"]["Role"]
    name = name.rpartition("/")[2]
    [policy] = [p for p in of_type("AWS::IAM::Policy", deployed) if p["Roles"] == [name]]
    made = Role(
        deployed=deployed, name=name, policy=policy["PolicyName"], document=policy["PolicyDocument"]
    )
    yield made
    made.put()
    made.broken(False)


def test_with_all_statements_nothing_is_missing(role: Role) -> None:
    assert well(role)
    role.broken(True)
    answer, log = role.deployed.invoke()
    assert (answer["failed"], visible(answer, log)) == (["registration.model"], [])


@pytest.mark.parametrize("part", in_turn("123", PARTS))
def test_with_any_one_statement_removed_something_is_visible(role: Role, part: str) -> None:
    shown: dict[str, list[str]] = {}
    every = [s["Sid"] for s in role.document["Statement"] if asked(s)]
    for sid in every[int(part) - 1 :: PARTS]:
        role.put()
        role.deployed.configure()  # a warm function remembers its secrets
        role.broken(False)
        assert well(role), sid
        if sid == "ReportList":
            role.forget()
        role.untold()
        role.put(without=(sid,))
        role.deployed.configure()  # a warm function remembers its secrets
        role.broken(True)
        shown[sid] = []
        for _ in range(MOST_RUNS):
            shown[sid] = shown[sid] or visible(*role.deployed.invoke())
    print(json.dumps(shown, indent=1))
    assert [sid for sid, told in shown.items() if not told] == []
