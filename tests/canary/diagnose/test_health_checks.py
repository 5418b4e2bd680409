"""A health check gets back what it had, and nothing else of it is changed."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState, TargetHealth
from canary.diagnose import diagnose
from canary.model import Remedy
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
    results = [
        p.failed("auth.health", "auth", p.page(f"https://auth.{NAMES.domain}/health", 503)),
        p.control("target_group", "auth"),
    ]
    return diagnose(results, state, p.environment(NAMES), before, p.NOW).diagnoses[0].remedy


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


@pytest.mark.parametrize(
    ("code", "refused"), [(401, True), (403, True), (404, False), (500, False)]
)
def test_a_health_check_that_is_refused_for_lack_of_a_key_is_told_so(
    code: int, refused: bool
) -> None:
    sick = TargetHealth(
        id=p.ADDRESSES["auth"], port=8000, state="unhealthy", reason=CODES,
        description=f"Health checks failed with these codes: [{code}]",
    )  # fmt: skip
    path = p.environment(NAMES).services["auth"].health_path
    found = remedy(checked(targets=(sick,), health_path=path), None)
    name = next(g.name for g in p.healthy().target_groups if g.arn == ARN)
    told = f"The health check of {name} asks {path} without a key and is refused: have it ask a"
    assert (told in found.decision) is refused
    assert ("answers its health check badly" in found.decision) is not refused
