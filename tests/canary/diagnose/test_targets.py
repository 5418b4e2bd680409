"""Wrongly registered targets: another port, another service's task, an unknown address."""

from __future__ import annotations

import pytest

from canary.control_plane.state import TargetHealth
from canary.diagnose import diagnose
from canary.model import Diagnosis
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

OWN = p.ADDRESSES["auth"]


def one(address: str, port: int) -> str:
    """Return a target as a command has it."""
    return f'{{"Id":"{address}","Port":{port}}}'


def only(*targets: TargetHealth) -> Diagnosis:
    """Return the only diagnosis of an auth group with these targets."""
    state = p.change(p.healthy(), "target_groups", faults.NAMES.group("auth"), targets=targets)
    check = p.control("target_group", "auth")
    verdict = diagnose([check], state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    (found,) = verdict.diagnoses
    assert verdict.unexplained == ()
    return found


def unhealthy(address: str, port: int = 8000) -> TargetHealth:
    return TargetHealth(id=address, port=port, state="unhealthy", reason="Target.Timeout",
                        description="Request timed out")  # fmt: skip


def healthy(address: str, port: int = 8000) -> TargetHealth:
    return TargetHealth(id=address, port=port, state="healthy")


def test_a_task_on_another_port_is_no_matter_of_the_security_group() -> None:
    found = only(unhealthy(OWN, 9000))
    assert found.cause == "port-mismatch"
    out, back = found.remedy.fix
    assert "deregister-targets" in out and one(OWN, 9000) in out
    assert "register-targets" in back and one(OWN, 8000) in back


@pytest.mark.parametrize(
    "foreign", [unhealthy(p.ADDRESSES["registry"], 8001), unhealthy("10.0.9.9")]
)
def test_another_address_beside_the_task_is_a_stranger(foreign: TargetHealth) -> None:
    found = only(healthy(OWN), foreign)
    assert found.cause == "targets-unhealthy"
    (out,) = found.remedy.fix
    assert one(foreign.id, foreign.port) in out and OWN not in out


def test_where_only_a_stranger_is_registered_the_task_is_put_back() -> None:
    found = only(unhealthy("10.0.9.9"))
    assert found.cause == "targets-unhealthy"
    out, back = found.remedy.fix
    assert one("10.0.9.9", 8000) in out
    assert "register-targets" in back and one(OWN, 8000) in back
