"""Any target group that AWS allows comes back from one fault just as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from canary.diagnose.targets import health_checks, targets
from canary.diagnose.targets import ports as wrong_ports
from canary.model import Result
from tests.canary.support import platforms as p
from tests.canary.support.aws_model import draw_targets as draw
from tests.canary.support.aws_model.account import NAMES, Account
from tests.canary.support.aws_model.drawn import Strategy
from tests.canary.support.aws_model.profiles import PROFILES, holds
from tests.canary.support.aws_model.proof import remedy, restores

Json = dict[str, Any]


def down() -> tuple[Result, ...]:
    url = f"https://auth.{NAMES.domain}/health"
    return (
        p.failed("auth.health", "auth", p.page(url, 503)),
        p.control("target_group", "auth"),
    )


def changes(group: Json) -> Strategy:
    """Draw another value of one setting, and why the targets fail it."""
    kind = "GrpcCode" if group["ProtocolVersion"] == "GRPC" else "HttpCode"
    others = st.one_of(
        st.tuples(st.just("HealthCheckPath"), st.just("/nowhere"), st.just("ResponseCodeMismatch")),
        st.tuples(st.just("HealthCheckPort"), st.just("9999"), st.just("FailedHealthChecks")),
        st.tuples(st.just("Matcher"), st.just({kind: "99"}), st.just("ResponseCodeMismatch")),
        st.tuples(
            st.just("HealthCheckProtocol"),
            st.just("HTTP" if group["HealthCheckProtocol"] == "HTTPS" else "HTTPS"),
            st.just("FailedHealthChecks"),
        ),
    )
    return others.map(lambda found: (group, found))


CAUSES = {"HealthCheckPort": "port-mismatch", "HealthCheckProtocol": "target-protocol-mismatch"}


@pytest.mark.parametrize("many", PROFILES)
def test_a_health_check_of_which_one_setting_changed(many: bool) -> None:
    def check(drawn: tuple[Json, tuple[str, Any, str]]) -> None:
        group, (member, value, reason) = drawn
        well = draw.account(group)
        broken = well.copy()
        broken.do("elbv2", "ModifyTargetGroup", TargetGroupArn=draw.AUTH, **{member: value})
        draw.unhealthy(broken, f"Target.{reason}")
        cause = CAUSES.get(member, "health-check-mismatch")
        restores(remedy(health_checks.health_check, cause, broken, well, *down()), broken, well)

    holds(check, draw.groups().flatmap(changes), many=many)


def removed(broken: Account) -> None:
    target = {"Id": draw.ADDRESS, "Port": draw.PORT}
    broken.do("elbv2", "DeregisterTargets", TargetGroupArn=draw.AUTH, Targets=[target])


@pytest.mark.parametrize("many", PROFILES)
def test_a_group_without_its_target(many: bool) -> None:
    def check(group: Json) -> None:
        well = draw.account(group)
        broken = well.copy()
        removed(broken)
        restores(remedy(targets.empty, "target-group-empty", broken, well, *down()), broken, well)

    holds(check, draw.groups(), many=many, examples=20)


PORTS = st.integers(1, 65535).filter(lambda n: n != draw.PORT)


@pytest.mark.parametrize("many", PROFILES)
def test_a_target_on_another_port(many: bool) -> None:
    def check(group: Json, port: int) -> None:
        well = draw.account(group)
        broken = well.copy()
        removed(broken)
        reason = "Target.FailedHealthChecks"
        broken.held["targets"][draw.AUTH] = [draw.target(draw.ADDRESS, port, "unhealthy", reason)]
        restores(remedy(wrong_ports.ports, "port-mismatch", broken, well, *down()), broken, well)

    holds(check, draw.groups(), PORTS, many=many, examples=20)


ADDRESSES = st.ip_addresses(v=4).map(str).filter(lambda a: a not in p.ADDRESSES.values())


@pytest.mark.parametrize("many", PROFILES)
def test_a_target_that_belongs_to_no_task(many: bool) -> None:
    def check(group: Json, address: str, port: int, beside: bool) -> None:
        well = draw.account(group)
        broken = well.copy()
        if not beside:
            removed(broken)
        broken.held["targets"][draw.AUTH].append(draw.target(address, port, "unhealthy"))
        found = remedy(targets.foreign_targets, "targets-unhealthy", broken, well, *down())
        restores(found, broken, well)

    holds(check, draw.groups(), ADDRESSES, PORTS, st.booleans(), many=many, examples=20)
