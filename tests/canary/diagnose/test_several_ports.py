"""A container with several ports: each target group has that of its own load balancer entry."""

from __future__ import annotations

import pytest

from canary.control_plane.state import BalancerEntry, PlatformState, TargetHealth
from canary.diagnose import diagnose
from canary.model import Diagnosis
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

OWN, NAMES = p.ADDRESSES["auth"], faults.NAMES
HTTP, METRICS = NAMES.ports["auth"], 9090


def platform(port: int, entry: int | None) -> PlatformState:
    """Return a platform whose auth container maps two ports; the unhealthy target is on `port`."""
    state = p.healthy(NAMES)
    group, ecs = NAMES.group("auth"), NAMES.of("auth")
    entries = () if entry is None else (BalancerEntry(target_group=group, port=entry),)
    service = next(s for s in state.ecs_services if s.name == ecs)
    definition = next(d for d in state.task_definitions if d.arn == service.task_definition)
    containers = tuple(
        p.replace(c, ports=(METRICS, *c.ports)) if n == 0 else c
        for n, c in enumerate(definition.containers)
    )
    state = p.change(state, "task_definitions", definition.arn, containers=containers)
    state = p.change(state, "ecs_services", service.arn, balancer_entries=entries)
    target = TargetHealth(id=OWN, port=port, state="unhealthy", reason="Target.Timeout",
                          description="Request timed out")  # fmt: skip
    return p.change(state, "target_groups", group, targets=(target,))


def causes(state: PlatformState) -> dict[str, Diagnosis]:
    check = p.control("target_group", "auth")
    found = diagnose([check], state, p.environment(NAMES), p.healthy(NAMES), p.NOW).diagnoses
    return {d.cause: d for d in found}


def test_a_target_on_the_port_of_its_entry_is_right() -> None:
    found = causes(platform(HTTP, HTTP))
    assert "port-mismatch" not in found and "security-group-blocked" not in found
    fixes = [line for d in found.values() for line in d.remedy.fix]
    assert not any(str(METRICS) in line for line in fixes)


def test_a_target_on_another_port_gets_that_of_its_entry() -> None:
    found = causes(platform(METRICS, HTTP))["port-mismatch"]
    out, back = found.remedy.fix
    assert "deregister-targets" in out and f'"Port":{METRICS}' in out
    assert "register-targets" in back and f'"Port":{HTTP}' in back


@pytest.mark.parametrize("entry", [None, 7777])
def test_without_an_entry_that_a_container_maps_the_first_port_counts(entry: int | None) -> None:
    assert "port-mismatch" in causes(platform(HTTP, entry))
