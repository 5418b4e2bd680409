"""Blue/green, draining targets, whole services, deployments that refuse: told as what they are."""

from __future__ import annotations

import json
import shlex

import pytest

from canary.control_plane.state import PlatformState, TargetHealth
from canary.diagnose import diagnose
from canary.model import Confidence
from tests.canary.diagnose.other_worlds.scenes import (
    NAMES,
    commands,
    judged,
    revised,
    said,
    to,
)
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
BLUE, GREEN = NAMES.group("registry"), NAMES.elb("targetgroup", "green/1")
OWN = next(g for g in p.healthy().target_groups if g.arn == BLUE).targets
STRANGER = (TargetHealth(id="10.9.9.9", port=8001, state="healthy"),)
known_or_not = pytest.mark.parametrize("known", [True, False], ids=["with a past", "without"])


def on_green(targets: tuple[TargetHealth, ...], *rest: str) -> PlatformState:
    """Return the platform whose API is reached by rules to a second group; the first is empty."""
    state = p.healthy()
    blue = next(g for g in state.target_groups if g.arn == BLUE)
    green = p.replace(blue, arn=GREEN, name="green", targets=targets)
    state = p.replace(state, target_groups=(*state.target_groups, green))
    state = p.change(state, "target_groups", BLUE, targets=())
    for priority in (*map(str, NAMES.priorities[1:]), *rest):
        state = faults._rules(state, lambda rules, at=priority: [
            p.replace(r, action=to(GREEN)) if r.priority == at else r for r in rules
        ])  # fmt: skip
    return state


BROKEN = p.failed(
    "registry.models", "registry", p.answer(f"{faults.REGISTRY}/api/v1/models", 500, "{}")
)


@known_or_not
@pytest.mark.parametrize("rest", [(), ("default",)], ids=["two rules", "all rules"])
def test_a_second_group_with_the_services_own_tasks_is_right(
    known: bool, rest: tuple[str, ...]
) -> None:
    """An error of the application never leads its rules back to an empty group."""
    found = judged(on_green(OWN, *rest), p.healthy() if known else None, BROKEN)
    assert said(found) == [("targets-unhealthy", POSSIBLE)]
    assert commands(found) == ""


def test_a_second_group_of_strangers_is_wrong() -> None:
    found = judged(on_green(STRANGER), p.healthy(), BROKEN)
    assert said(found)[0] == ("rule-wrong-target", CERTAIN)


def test_targets_that_drain_are_not_counted() -> None:
    sick = TargetHealth(
        id=OWN[0].id, port=8001, state="unhealthy", reason="Target.Timeout",
        description="Request timed out",
    )  # fmt: skip
    leaving = tuple(TargetHealth(id=f"10.0.1.9{n}", port=8001, state="draining") for n in (1, 2))
    state = p.change(p.healthy(), "target_groups", BLUE, targets=(sick, *leaving))
    found = judged(state, p.healthy(), *faults.by_id("api-blocked").failures())
    assert said(found) == [("targets-unhealthy", LIKELY)]
    assert found[0].summary.startswith(f"1 of 1 targets of {NAMES.of('registry')}-tg")


def in_groups(*groups: str) -> PlatformState:
    """Return the platform whose auth tasks have public addresses, in these groups."""
    network = {"subnets": ["subnet-private"], "securityGroups": [*groups],
               "assignPublicIp": "ENABLED"}  # fmt: skip
    return faults.service(
        p.healthy(), "auth", public_address="ENABLED", security_groups=groups,
        config={"networkConfiguration": {"awsvpcConfiguration": network}},
    )  # fmt: skip


def test_tasks_with_public_addresses_keep_them_with_their_groups() -> None:
    results = faults.by_id("auth-blocked").failures()
    (found,) = judged(in_groups("sg-mlflow"), in_groups("sg-auth"), *results)
    assert (found.cause, found.confidence) == ("security-group-blocked", CERTAIN)
    (command,) = found.remedy.fix
    words = shlex.split(command)
    written = json.loads(words[words.index("--network-configuration") + 1])
    assert written == {
        "awsvpcConfiguration": {
            "subnets": ["subnet-private"], "securityGroups": ["sg-auth"],
            "assignPublicIp": "ENABLED",
        }
    }  # fmt: skip


# --- a refusal of no known kind


def refused(status: int) -> p.Result:
    seen = p.answer(f"{faults.REGISTRY}/api/v1/models", status, '{"detail":"no"}', method="POST")
    return p.failed("registry.create", "registry", seen)


@pytest.mark.parametrize("status", [400, 409, 415, 422])
def test_a_changed_revision_is_looked_at_where_requests_are_refused(status: int) -> None:
    (found,) = judged(revised(p.healthy(), "registry"), p.healthy(), refused(status))
    assert (found.cause, found.confidence) == ("route-failing", POSSIBLE)
    assert found.summary == "registry refuses requests, and its revision has changed."
    assert NAMES.revision("registry", 7) in found.remedy.fix[0]
    assert any("repo/registry:8" in e.seen for e in found.evidence)


def test_without_a_change_a_refusal_of_no_known_kind_stays_unexplained() -> None:
    verdict = diagnose([refused(422)], p.healthy(), p.environment(NAMES), p.healthy(), p.NOW)
    assert (verdict.diagnoses, len(verdict.unexplained)) == ((), 1)
