"""An answer of a shape that no reader foresaw costs its own part, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState
from canary.observe import observe, refresh_failing
from tests.canary.observe.edge.conftest import FAILED
from tests.canary.support.moto_platform import ANSWERS, Recorder, environment

ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "web_acls": ("wafv2:GetWebACLForResource", {"WebACL": {"Name": "without an ARN"}}),
    "counters": ("cloudwatch:GetMetricData", {"MetricDataResults": ["text"]}),
    "rollouts": ("ecs:ListServiceDeployments", {"serviceDeployments": [{"status": "x"}]}),
    "scaling": ("application-autoscaling:DescribeScalableTargets", {"ScalableTargets": ["text"]}),
    "stores": ("rds:DescribeDBInstances", {"DBInstances": ["text"]}),
}
# not the network, whose reading may end at its time on a busy machine
OPTIONAL = ("counters", "web_acls", "rollouts", "scaling", "stores", "secrets", "logs")


def told(aws: str, action: str = "", answer: dict[str, Any] | None = None) -> PlatformState:
    answers = {**ANSWERS, **({action: answer} if answer else {})}
    recorder = Recorder(aws, answers=answers)
    state = observe(recorder, environment())
    return refresh_failing(recorder, environment(), state, ["api"], failed=FAILED)


SHARE = {"counters": {"counters", "stores"}}  # both ask for the counters of CloudWatch


@pytest.mark.parametrize("part", ODD)
def test_an_odd_answer_costs_its_own_part_alone(aws: str, part: str) -> None:
    action, answer = ODD[part]
    found, usual = told(aws, action, answer), told(aws)
    lost = SHARE.get(part, {part})
    assert set(found.unread) - set(usual.unread) == lost
    assert action in {u.action for u in found.unavailable}
    kept = set(OPTIONAL) - lost
    assert {k: getattr(found, k) for k in kept} == {k: getattr(usual, k) for k in kept}
