"""A group whose protocol version refuses HTTP/1.1 is named; its group of before is the way back."""

from __future__ import annotations

import json
import shlex

import pytest

from canary.control_plane.baselines import NO_BASELINES, Baseline, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.state import PlatformState, TargetGroup, TargetHealth
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
OLD, NEW = NAMES.group("registry"), NAMES.elb("targetgroup", "registry-grpc/1")
RULE = str(NAMES.priorities[1])


def told(state: PlatformState, before: PlatformState | None, status: int = 464) -> Diagnosis | None:
    seen = p.answer(faults.PROXY, status, "", answered_by="balancer", content_type="")
    results = [p.failed("registry.proxy", "registry", seen)]
    known = NO_BASELINES
    if before:
        well = Baseline(reference=reference(before), state=before, at=p.ago(3))
        known = Baselines(of={"registry.proxy": well}, incident=well)
    found = diagnose(results, state, p.environment(NAMES), before, p.NOW, known).diagnoses
    return next((d for d in found if d.cause == "target-protocol-mismatch"), None)


def with_version(version: str) -> PlatformState:
    return p.change(p.healthy(), "target_groups", OLD, protocol_version=version)


def moved(*, alive: bool = True, targets: bool = True) -> PlatformState:
    """Return a platform whose API was attached to a new group of gRPC, to which its rule leads."""
    state = p.healthy()
    old = next(g for g in state.target_groups if g.arn == OLD)
    new: TargetGroup = p.replace(old, arn=NEW, name="registry-grpc", protocol_version="GRPC")
    left = tuple(g for g in state.target_groups if alive or g.arn != OLD)
    state = p.replace(state, target_groups=(*left, new))
    if not targets:
        gone = TargetHealth(id=p.ADDRESSES["registry"], port=8001, state="draining")
        state = p.change(state, "target_groups", OLD, targets=(gone,) if alive else ())
    state = faults.service(state, "registry", target_groups=(OLD, NEW))
    forward = faults.Action(type="forward", forwards=(faults.Forward(target_group=NEW),))
    return faults.with_rule(state, int(RULE), forward)


@pytest.mark.parametrize("version", ["GRPC", "HTTP2"])
def test_without_a_baseline_the_balancer_s_own_answer_shows_it(version: str) -> None:
    found = told(with_version(version), None)
    assert found is not None
    assert (found.confidence, found.resource) == (Confidence.CERTAIN, OLD)
    assert found.summary == (
        f"{NAMES.of('registry')}-tg has the protocol version {version}, and takes no request of"
        " HTTP/1.1."
    )
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        "Create a target group of protocol version HTTP1, attach it to the ECS service and let"
        " the rules forward to it."
    )


@pytest.mark.parametrize("version", ["", "HTTP1"])
def test_a_group_of_http_1_is_not_accused(version: str) -> None:
    assert told(with_version(version), None) is None


def test_another_answer_does_not_accuse_the_version() -> None:
    assert told(with_version("GRPC"), None, 403) is None


def test_a_group_of_another_service_is_not_accused() -> None:
    grpc = p.change(p.healthy(), "target_groups", NAMES.group("mlflow"), protocol_version="GRPC")
    assert told(grpc, None) is None


def test_a_version_that_was_so_while_all_was_well_names_no_cause() -> None:
    found = told(with_version("GRPC"), with_version("GRPC"))
    assert found is not None and found.confidence is Confidence.POSSIBLE
    assert found.remedy.fix == ()


def test_the_group_of_before_comes_back_if_it_still_has_targets() -> None:
    found = told(moved(), p.healthy())
    assert found is not None and found.resource == NEW
    (command,) = found.remedy.fix
    words = shlex.split(command)
    assert words[2] == "modify-rule"
    assert json.loads(words[words.index("--actions") + 1]) == [
        {"Type": "forward", "TargetGroupArn": OLD}
    ]
    assert found.evidence[0].expected == f"before: {NAMES.of('registry')}-tg with HTTP1"


@pytest.mark.parametrize("alive", [True, False])
def test_a_group_of_before_without_targets_is_a_decision(alive: bool) -> None:
    found = told(moved(alive=alive, targets=False), p.healthy())
    assert found is not None
    assert found.remedy.fix == ()
    assert "protocol version HTTP1" in found.remedy.decision
