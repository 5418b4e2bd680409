"""A role that lacks one action: the diagnosis names the lack, and no wrong cause.

The twin enforces the policies of role sessions, an explicit Deny first, as IAM does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from canary.observe import PERMISSIONS
from tests.canary.support.live_twin import Report, Twin, broken
from tests.turns import in_turn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
FAULT, CAUSE = "auth-scaled-to-zero", "service-scaled-to-zero"
ROLE = "canary-with-a-lack"
# asked only of what this platform or this fault does not have (web ACLs, hosted zones, prefix
# lists, scaling): tests/canary/observe/ takes these rights away
ON_DEMAND = (
    *("wafv2:", "route53:"),
    *("ec2:GetManagedPrefixListEntries", "application-autoscaling:DescribeScalingActivities"),
)
ACTIONS = sorted({p.action for p in PERMISSIONS if not p.action.startswith(ON_DEMAND)})


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin on which auth is scaled to zero, and a role that may do everything."""
    made = Twin(tmp_path_factory.mktemp("denied"))
    try:
        made.store()
        made.plant(FAULT)
        made.settle()
        entry = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": [entry]}
        made.shell(
            f"aws iam create-role --role-name {ROLE}"
            f" --assume-role-policy-document '{json.dumps(trust)}'"
        )
        yield made
    finally:
        made.stop()


def _without(twin: Twin, action: str) -> dict[str, str]:
    """Return the environment of a process whose role lacks the action."""
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": action, "Resource": "*"}]}  # fmt: skip
    twin.shell(
        f"aws iam put-role-policy --role-name {ROLE} --policy-name p"
        f" --policy-document '{json.dumps(policy)}'"
    )
    session = json.loads(
        twin.shell(
            f"aws sts assume-role --role-arn arn:aws:iam::123456789012:role/{ROLE}"
            " --role-session-name canary --query Credentials --output json"
        )
    )
    return {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }


def _certain(report: Report) -> set[str]:
    return {d["cause"] for d in report["diagnoses"] if d["confidence"] == "CERTAIN"}


@pytest.mark.parametrize("action", in_turn(ACTIONS, 3))
def test_without_one_action_the_lack_is_named_and_nothing_wrong_is_certain(
    twin: Twin, action: str, tmp_path: Path
) -> None:
    report = twin.run("denied", twin.store(), _without(twin, action))
    named = {(d["cause"], d["resource"]) for d in report["diagnoses"]}
    assert ("canary-permission-denied", action) in named
    assert _certain(report) <= {CAUSE, "canary-permission-denied"}
    assert len(report["results"]) == len(twin.healthy["results"])
    assert broken(report)
