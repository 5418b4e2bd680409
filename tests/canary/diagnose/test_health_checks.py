"""A health check gets back what it had, and nothing else of it is changed."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState, TargetHealth
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis, Remedy
from tests.canary.support import commands
from tests.canary.support import platforms as p
from tests.canary.support.platform_faults import NAMES

ARN = NAMES.group("auth")
CODES = "Target.ResponseCodeMismatch"


def checked(reason: str = "", **fields: Any) -> PlatformState:
    """Return a platform in which the auth service's group has these settings."""
    target = TargetHealth(id=p.ADDRESSES["auth"], port=8000, state="unhealthy", reason=reason)
    targets = {"targets": (target,)} if reason else {}
    return p.change(p.healthy(), "target_groups", ARN, **targets, **fields)


def remedy(state: PlatformState, before: PlatformState | None) -> Remedy:
    return first(state, before).remedy


def first(state: PlatformState, before: PlatformState | None) -> Diagnosis:
    results = [
        p.failed("auth.health", "auth", p.page(f"https://auth.{NAMES.domain}/health", 503)),
        p.control("target_group", "auth"),
    ]
    return diagnose(results, state, p.environment(NAMES), before, p.NOW).diagnoses[0]


@pytest.mark.parametrize(
    ("own", "fault", "reason"),
    [
        ({"health_path": "/ready"}, {"health_path": "/x"}, CODES),
        ({"health_port": "9000"}, {"health_port": "1"}, "Target.FailedHealthChecks"),
        ({"protocol": "HTTPS"}, {"health_protocol": "HTTPS"}, "Target.FailedHealthChecks"),
        ({"health_matcher": "204"}, {"health_matcher": "500"}, CODES),
        ({"matcher_kind": "GrpcCode", "health_matcher": "12"}, {"health_matcher": "0"}, CODES),
    ],
    ids=["path", "port", "protocol", "codes", "codes of gRPC"],
)
def test_what_was_there_while_all_was_well_comes_back(
    own: dict[str, Any], fault: dict[str, Any], reason: str
) -> None:
    """The environment's path, the traffic port, the group's protocol and 200 are not asked."""
    other = {"health_path": "/own", "health_port": "7000"} | own
    found = remedy(checked(reason, **other | fault), checked(**other))
    ((name, value),) = [
        (k, v) for k, v in commands.parameters(found.fix[0]).items() if k != "TargetGroupArn"
    ]
    before = {
        "HealthCheckPath": other["health_path"], "HealthCheckPort": other["health_port"],
        "HealthCheckProtocol": "HTTP",
        "Matcher": {own.get("matcher_kind", "HttpCode"): own.get("health_matcher")},
    }  # fmt: skip
    assert value == before[name]


def test_without_a_baseline_only_what_does_not_fit_is_set() -> None:
    found = remedy(checked(CODES, health_path="/x", health_interval_s=7), None)
    assert commands.parameters(found.fix[0]) == {
        "TargetGroupArn": ARN,
        "HealthCheckPath": "/health",
    }


def test_codes_of_grpc_are_never_replaced_by_200() -> None:
    grpc = {"matcher_kind": "GrpcCode", "health_matcher": "0"}
    found = remedy(checked(CODES, health_path="/x", **grpc), None)
    assert "Matcher" not in commands.parameters(found.fix[0])


def refusing(codes: str) -> PlatformState:
    """Return a platform whose auth service answers its health check with these codes."""
    sick = TargetHealth(
        id=p.ADDRESSES["auth"], port=8000, state="unhealthy", reason=CODES,
        description=f"Health checks failed with these codes: [{codes}]",
    )  # fmt: skip
    return checked(targets=(sick,), health_path=PATH)


PATH = p.environment(NAMES).services["auth"].health_path
NAME = next(g.name for g in p.healthy().target_groups if g.arn == ARN)
REFUSED = f"The health check of {NAME} asks {PATH} without a key and is refused: have it ask a"


@pytest.mark.parametrize(
    ("codes", "cause"),
    [
        ("401", "health-check-mismatch"),
        ("403", "health-check-mismatch"),
        ("401,403", "health-check-mismatch"),
        ("404", "targets-unhealthy"),
        ("401,500", "targets-unhealthy"),
        ("500", "targets-unhealthy"),
    ],
)
def test_a_health_check_that_is_refused_for_lack_of_a_key_does_not_fit(
    codes: str, cause: str
) -> None:
    found = first(refusing(codes), None)
    assert (found.cause, found.resource, found.confidence) == (cause, ARN, Confidence.LIKELY)
    assert found.remedy.fix == ()
    assert found.remedy.decision.startswith(REFUSED) is (cause == "health-check-mismatch")
    assert any(f"codes: [{codes}]" in e.seen for e in found.evidence)


def test_a_path_that_needed_no_key_while_all_was_well_is_the_applications() -> None:
    found = first(refusing("401"), checked(health_path=PATH))
    assert (found.cause, found.confidence) == ("targets-unhealthy", Confidence.LIKELY)
    assert found.remedy.decision.startswith(REFUSED)


def test_a_wrong_path_is_told_as_such_though_it_is_refused() -> None:
    state = p.change(refusing("401"), "target_groups", ARN, health_path="/other")
    found = first(state, None)
    assert (found.cause, found.confidence) == ("health-check-mismatch", Confidence.CERTAIN)
    assert commands.parameters(found.remedy.fix[0])["HealthCheckPath"] == PATH
